"""Proofs that take longer than a test may: each a case with claims, run by `make proof` against real processes."""
