"""Providers' dialects: our request into their words, their answers into ours; pure, not a word about HTTP connections."""
