"""Twin of proxy/simulator: pure parts as plain claims, the rest over real sockets."""
