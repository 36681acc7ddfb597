"""Claims about reading the lists of models that providers publish."""
