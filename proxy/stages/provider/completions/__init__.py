"""OpenAI's chat completion format, which several dialects speak: requests, chunks, whole answers and usage in it."""
