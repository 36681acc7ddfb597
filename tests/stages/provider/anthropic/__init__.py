"""Claims about Anthropic's dialect, by shapes that its public documentation shows."""
