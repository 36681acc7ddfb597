"""Claims about what an operator asks providers from the command line."""
