"""Twin of proxy/telemetry."""
