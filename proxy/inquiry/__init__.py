"""What an operator asks providers from the command line: which models they list, and whether they answer at all."""
