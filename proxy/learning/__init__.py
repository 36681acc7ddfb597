"""What experience teaches of models: whoever teaches it in, one table of lessons that ranking reads out."""
