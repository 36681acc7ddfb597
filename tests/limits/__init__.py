"""Twin of proxy/limits."""
