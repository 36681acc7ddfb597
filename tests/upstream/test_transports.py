"""Which of the two ways out a request takes, and that the one which few need is not loaded for the others."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.catalog import Transport
from proxy.ports import Upstream
from proxy.upstream.library import LibraryUpstream
from proxy.upstream.relay import RelayUpstream
from proxy.upstream.transports import Transports
from tests.contracts.raw_provider import plain, raw_provider
from tests.contracts.upstream_calls import asked, call, parts_of

ROOT = Path(__file__).parents[2]
# A line end without its other half is more than the relay forgives.
ODD = b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok"


@pytest.mark.parametrize(("transport", "answer"), [("relay", plain(b"ok")), ("library", ODD)])
async def test_a_request_takes_the_way_that_it_names(transport: Transport, answer: bytes) -> None:
    loaded: list[LibraryUpstream] = []

    def load() -> Upstream:
        loaded.append(LibraryUpstream())
        return loaded[-1]

    both = Transports(RelayUpstream(), load)
    async with raw_provider((answer,)) as provider:
        for _ in range(2):
            assert await parts_of(await both.open(replace(asked(provider.url), transport=transport))) == [b"ok"]
    await both.close()
    assert len(loaded) == (transport == "library")


async def test_the_library_goes_through_the_proxy_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_provider((plain(b"ok"),)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        upstream = LibraryUpstream(trust_env=True)
        assert await call(upstream, "http://far-away.test") == b"ok"
        await upstream.close()
    assert proxy.heard[0].head.startswith("post http://far-away.test/v1/x http/1.1\r\n")


def test_the_gateway_starts_without_the_library() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    loaded = "import sys, proxy.app, proxy.serving; sys.exit('httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
