"""The loop of these tests: the one that the gateway runs on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.steady import SteadyLoop


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Sockets and TLS are tried on it. What has no socket keeps Python's own, which can be watched, and so does what waits for
    less long than a busy machine may be away."""
    if item.path.name == "test_connection.py" or item.get_closest_marker("steady") is not None:
        return {"steady": SteadyLoop}
    return {"uvloop": uvloop.new_event_loop}
