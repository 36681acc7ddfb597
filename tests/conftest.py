"""Settings that hold for every test; no fixtures, for those live beside the tests that use them."""

from hypothesis import settings

# A busy machine must not turn a slow example into a failure: no test here asserts an absolute time.
settings.register_profile("signalbox", deadline=None)
settings.load_profile("signalbox")
