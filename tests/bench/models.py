"""The models that are called: a name in, what the mock provider makes of it out (mock.c reads the letters)."""

from typing import Final

SLOW_MS: Final = 5_000
PACED_CHUNKS: Final = 100
PACE_MS: Final = 20

MODELS: Final = {
    # An answer of 300 bytes, at once.
    "whole": "mock-b300",
    # An answer that takes its time, for callers who leave.
    "slow": f"mock-d{SLOW_MS}-b300",
    # 50 chunks of 20 bytes a second, as a model that writes fast.
    "paced": f"mock-c{PACED_CHUNKS}-i{PACE_MS}-b20",
    # As many as the socket takes.
    "flat": "mock-c500-b20",
    # For the time to the first chunk: 4 streams at 20 chunks a second.
    "first": "mock-d20-c20-i50-b20",
    # Streams that stay open: a chunk a second.
    "open": "mock-c600-i1000-b20",
    # A chunk every ten seconds, which the slowest can keep up with.
    "idle": "mock-c60-i10000-b20",
    # One call in twenty fails.
    "faulty": "mock-b300-f50000",
    "faulty-flat": "mock-c20-b20-f50000",
    # And for callers who leave in the middle.
    "faulty-paced": "mock-c5-i10-b20-f50000",
}
