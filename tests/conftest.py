"""Settings that hold for every test; no fixtures, for those live beside the tests that use them."""

import signal
import threading

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


# A shell that runs tests in its background ignores Ctrl-C for all that they start; what is told to end by it is to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
