"""Twins of proxy/counting/."""
