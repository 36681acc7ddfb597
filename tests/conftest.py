"""Settings that hold for every test; no fixtures, for those live beside the tests that use them."""

import pytest
from hypothesis import settings

from tests import run

# A busy machine must not turn a slow example into a failure: no test here asserts an absolute time.
settings.register_profile("signalbox", deadline=None)
settings.load_profile("signalbox")


def pytest_configure(config: pytest.Config) -> None:
    """A run begins in the process that is no worker of another."""
    if not hasattr(config, "workerinput"):
        run.begin()
