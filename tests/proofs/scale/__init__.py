"""Books of millions of calls: how they are made, what is asked of them, and what it costs beside small ones."""
