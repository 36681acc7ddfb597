"""Fixtures of the contract suites: one per port, with every implementation as a parameter."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from proxy.ports import Upstream
from tests.contracts.upstream_calls import UPSTREAMS


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Sockets are tried on the loop that the gateway runs on; nothing else differs from loop to loop."""
    if item.path.name.startswith("test_upstream"):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(params=UPSTREAMS)
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[Upstream]:
    """Each implementation of Upstream in turn, closed when the test is over."""
    made: Upstream = request.param()
    yield made
    await made.close()
