"""Every fault that a provider can make, asked of a real gateway: what must come of each, what did, and the table of both."""
