"""Settings that hold for every test; no fixtures, for those live beside the tests that use them."""

import asyncio
import signal
import threading
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, settings

from tests import run
from tests.steady import SteadyLoop

# A busy machine must not turn a slow example into a failure: no test here asserts an absolute time. And the same code gets the
# same examples each time, so that a change is not refused for what was there before it; `--hypothesis-profile=exploring` looks
# for others.
settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("signalbox", settings.get_profile("exploring"), derandomize=True)
settings.load_profile("signalbox")


def pytest_configure(config: pytest.Config) -> None:
    """A run begins in the process that is no worker of another."""
    if not hasattr(config, "workerinput"):
        run.begin()


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A test that waits is not to fail because the machine was away meanwhile."""
    return {"steady": SteadyLoop}


# A shell that runs tests in its background ignores Ctrl-C for all that they start; what is told to end by it is to hear it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
