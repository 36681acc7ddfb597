"""Claims about OpenAI's dialect: what we say to a provider and what we make of its answers."""
