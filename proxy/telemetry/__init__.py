"""Logs and metrics, all derived from the finished record of a call; ids, sizes and codes, never text."""
