"""What the Upstream port promises of encrypted connections: whom it believes, and what it tells a server of whom it wants."""

from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.ports import Upstream
from tests.contracts.raw_provider import Act, chunk, chunked_head, plain, raw_provider
from tests.contracts.upstream_calls import LINE, UPSTREAMS, asked, call, fault_of, soon
from tests.upstream.certificates import Certified, certified


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("known"))


@pytest.fixture(params=UPSTREAMS)
def trusting(request: pytest.FixtureRequest, known: Certified) -> Upstream:
    """Each implementation, told to trust the file."""
    make: Callable[..., Upstream] = request.param
    return make(ca_file=known.ca_file)


async def test_a_server_that_a_named_file_vouches_for_is_believed(trusting: Upstream, known: Certified) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), chunk(b"") + b"\r\n"), tls=known.server) as provider:
        assert await call(trusting, provider.url) == LINE
        assert await call(trusting, provider.url) == LINE
        await trusting.close()
    assert provider.connections == 1


async def test_a_server_that_nobody_vouches_for_is_a_connect_fault(upstream: Upstream, known: Certified) -> None:
    async with raw_provider((plain(b"ok"),), tls=known.server) as provider:
        assert (await fault_of(upstream, provider.url)).kind == "connect"
    assert provider.heard == []


async def test_a_certificate_for_another_name_is_a_connect_fault(tmp_path: Path) -> None:
    other = certified(tmp_path, "DNS:elsewhere.test")
    for make in UPSTREAMS:
        upstream = make(ca_file=other.ca_file)
        async with raw_provider((plain(b"ok"),), tls=other.server) as provider:
            assert (await fault_of(upstream, provider.url)).kind == "connect"
        assert provider.heard == []
        await upstream.close()


async def test_the_server_is_told_which_name_is_wanted(trusting: Upstream, known: Certified) -> None:
    told: list[str | None] = []
    known.server.sni_callback = lambda _, name, __: told.append(name)
    try:
        async with raw_provider((plain(b"ok"),), tls=known.server) as provider:
            assert await call(trusting, provider.url.replace("127.0.0.1", "localhost")) == b"ok"
            await trusting.close()
    finally:
        known.server.sni_callback = None
    assert told == ["localhost"]


async def test_close_ends_an_encrypted_exchange_at_once(trusting: Upstream, known: Certified) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE), tls=known.server) as provider:
        exchange = await trusting.open(asked(provider.url))
        assert await exchange.next_bytes() == LINE
        await exchange.close()
        await soon(provider.left)
        await trusting.close()


async def test_an_encrypted_body_cut_short_is_a_reset(trusting: Upstream, known: Certified) -> None:
    async with raw_provider((plain(LINE, length=500), Act.CLOSE), tls=known.server) as provider:
        assert (await fault_of(trusting, provider.url)).kind == "reset"
        await trusting.close()
