"""Twin of proxy/upstream: the pure parts as plain claims; what goes over sockets is in the contract suite."""
