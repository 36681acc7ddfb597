"""Fixtures of the contract suites: one per port, with every implementation as a parameter."""

from collections.abc import AsyncIterator

import pytest

from proxy.ports import Upstream
from tests.contracts.upstream_calls import UPSTREAMS


@pytest.fixture(params=UPSTREAMS)
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[Upstream]:
    """Each implementation of Upstream in turn, closed when the test is over."""
    made: Upstream = request.param()
    yield made
    await made.close()
