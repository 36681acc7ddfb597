"""The gateway as a process of its own, its providers as others, judged from outside."""
