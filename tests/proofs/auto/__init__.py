"""The proof of `auto`: whom it chooses on real prompts, that it stays within bounds, and what becomes of those who abuse it."""
