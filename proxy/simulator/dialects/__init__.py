"""The dialects a provider can speak, each a module of pure functions: a parsed body in, a Prompt; a Completion in, values."""
