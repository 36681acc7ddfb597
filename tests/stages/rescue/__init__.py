"""Claims about what callers hear: OpenAI's stream and our own."""
