"""Claims about providers' dialects; no mocks, no connection."""
