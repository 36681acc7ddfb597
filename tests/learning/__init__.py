"""Tests of what experience teaches."""
