"""What clients call: HTTP in, the pipeline and the ports behind; no business rule lives here."""
