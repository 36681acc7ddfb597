"""What runs beside the calls: small jobs on a schedule, kept going by one supervisor."""
