"""A provider on real HTTP that behaves as its model name asks, for demo and tests; imports nothing of ours."""
