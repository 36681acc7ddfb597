"""The durable state of the gateway in one SQL database; the only room that knows SQL."""
