"""Fixtures of the contract suites: one per port, with every implementation as a parameter."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from proxy.ports import Upstream
from tests.contracts.upstream_calls import UPSTREAMS
from tests.steady import SteadyLoop


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Sockets are tried on the loop that the gateway runs on, but where limits are shorter than a busy machine may be away;
    nothing else differs from loop to loop."""
    if item.path.name.startswith("test_upstream") and item.get_closest_marker("steady") is None:
        return {"uvloop": uvloop.new_event_loop}
    return {"steady": SteadyLoop}


@pytest.fixture(params=UPSTREAMS)
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[Upstream]:
    """Each implementation of Upstream in turn, closed when the test is over."""
    made: Upstream = request.param()
    yield made
    await made.close()
