"""A simulator listening in this process, flat out, and the real client that talks to it."""

from collections.abc import AsyncIterator

import pytest
from openai import AsyncOpenAI

from proxy.simulator.server import Options, running


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with running(Options(pace_tokens_per_s=0)) as address:
        yield address


@pytest.fixture
async def client(url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=60) as openai:
        yield openai
