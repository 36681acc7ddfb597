"""Twin of proxy/stages/health."""
