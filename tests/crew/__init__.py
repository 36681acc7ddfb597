"""The twin of proxy/crew."""
