"""What a call costs the gateway: CPU time of its process, next to a bare relay measured in the same run."""
