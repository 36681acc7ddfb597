"""What the relay does beyond the contract of its port: which connection it takes, where it connects to, and what it costs."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.ports import UpstreamError
from proxy.upstream import dial, relay
from proxy.upstream.connection import RelayExchange
from proxy.upstream.dial import Address, Resolve
from proxy.upstream.relay import RelayUpstream
from tests.contracts.raw_provider import Act, Pause, RawProvider, chunk, chunked_head, plain, raw_provider
from tests.contracts.upstream_calls import LINE, asked, call, fault_of, parts_of, soon
from tests.upstream.certificates import certified

OK = plain(b"ok")


@pytest.fixture
async def upstream() -> AsyncIterator[RelayUpstream]:
    made = RelayUpstream()
    yield made
    await made.close()


class Names:
    """What names resolve to, as told; counts the questions."""

    def __init__(self, provider: RawProvider, *hosts: str) -> None:
        self.url = provider.url.replace("127.0.0.1", "provider.test")
        self.hosts = list(hosts)
        self.questions = 0

    async def __call__(self, host: str, port: int) -> list[Address]:
        self.questions += 1
        return [Address(2, (address, port)) for address in self.hosts]


async def at_once(upstream: RelayUpstream, url: str, count: int) -> None:
    """Calls that need a connection each."""
    await asyncio.gather(*(call(upstream, url) for _ in range(count)))


# --- kept connections -------------------------------------------------------------------------------------------------


async def test_the_connection_used_last_is_used_first(upstream: RelayUpstream) -> None:
    async with raw_provider((Pause(0.02), OK), (Pause(0.05), OK), (OK,)) as provider:
        await at_once(upstream, provider.url, 2)
        last = provider.heard[1].connection
        for _ in range(3):
            await call(upstream, provider.url)
        assert [heard.connection for heard in provider.heard[2:]] == [last] * 3


async def test_a_connection_that_nobody_uses_is_closed(upstream: RelayUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "KEPT_SECONDS_MAX", 0.05)
    async with raw_provider((OK,)) as provider:
        await call(upstream, provider.url)
        await soon(provider.left)
        await call(upstream, provider.url)
        assert provider.connections == 2


async def test_no_more_connections_are_kept_than_the_bound(upstream: RelayUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "KEPT_CONNECTIONS_MAX", 1)
    async with raw_provider((Pause(0.05), OK)) as provider:
        await at_once(upstream, provider.url, 2)
        await soon(provider.left)
        await at_once(upstream, provider.url, 2)
        assert provider.connections == 3


async def test_a_connection_on_which_something_is_said_between_answers_is_used_no_more(upstream: RelayUpstream) -> None:
    async with raw_provider((OK, Pause(0.02), plain(b"unasked")), (OK,)) as provider:
        assert await call(upstream, provider.url) == b"ok"
        await soon(provider.left)
        assert await call(upstream, provider.url) == b"ok"
        assert provider.connections == 2


async def test_what_waits_unread_on_a_kept_connection_is_nobodys_answer(upstream: RelayUpstream) -> None:
    """The loop has had no turn to see it: only the kernel knows."""
    async with raw_provider((OK,)) as provider:
        await call(upstream, provider.url)
        (pool,) = upstream._pools.values()
        (kept,) = pool._kept
        assert kept.is_quiet
        kept.transport.pause_reading()
        provider.writers[0].write(plain(b"somebody else's"))
        await provider.writers[0].drain()
        assert not kept.is_quiet
        assert await call(upstream, provider.url) == b"ok"
        assert provider.connections == 2


async def test_an_answer_that_ends_its_connection_leaves_none_behind(upstream: RelayUpstream) -> None:
    async with raw_provider((plain(b"ok", "connection: close"),)) as provider:
        await call(upstream, provider.url)
        await call(upstream, provider.url)
        assert provider.connections == 2


@pytest.mark.steady
async def test_a_stream_whose_framing_ends_after_its_words_keeps_its_connection(upstream: RelayUpstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Pause(0.02), chunk(b"") + b"\r\n")) as provider:
        for _ in range(2):
            exchange = await upstream.open(asked(provider.url))
            assert await exchange.next_bytes() == LINE
            exchange.finish()
            await exchange.close()
            await asyncio.sleep(0.1)
        assert provider.connections == 1


async def test_a_stream_that_says_more_after_its_end_is_closed(upstream: RelayUpstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Pause(0.02), chunk(LINE), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert await exchange.next_bytes() == LINE
        exchange.finish()
        await exchange.close()
        await soon(provider.left)


# --- addresses --------------------------------------------------------------------------------------------------------


async def test_a_second_address_is_tried_when_the_first_refuses_and_then_comes_first() -> None:
    async with raw_provider((plain(b"ok", "connection: close"),)) as provider:
        names = Names(provider, "127.0.0.2", "127.0.0.1")
        upstream = RelayUpstream(resolve=names)
        assert await call(upstream, names.url) == b"ok"
        ((_, looked),) = upstream._dialer._found.values()
        assert [address.place[0] for address in looked.result()] == ["127.0.0.1", "127.0.0.2"]
        assert await call(upstream, names.url) == b"ok"
        assert names.questions == 1
        assert "host: provider.test:" in provider.heard[0].head


async def test_calls_at_once_ask_for_a_name_once() -> None:
    async with raw_provider((Pause(0.02), OK)) as provider:
        names = Names(provider, "127.0.0.1")
        await at_once(RelayUpstream(resolve=names), names.url, 5)
        assert (provider.connections, names.questions) == (5, 1)


async def test_a_name_is_looked_up_anew_when_what_is_known_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "ADDRESSES_KEPT_S", 0.0)
    async with raw_provider((plain(b"ok", "connection: close"),)) as provider:
        names = Names(provider, "127.0.0.1")
        upstream = RelayUpstream(resolve=names)
        await call(upstream, names.url)
        await call(upstream, names.url)
        assert names.questions == 2


async def test_a_name_is_looked_up_anew_when_nobody_is_there() -> None:
    async with raw_provider((OK,)) as provider:
        names = Names(provider, "127.0.0.2", "127.0.0.3")
        upstream = RelayUpstream(resolve=names)
        with pytest.raises(UpstreamError):
            await call(upstream, names.url)
        names.hosts = ["127.0.0.1"]
        assert await call(upstream, names.url) == b"ok"


async def test_a_failed_look_up_that_nobody_waited_for_is_not_believed() -> None:
    async with raw_provider((OK,)) as provider:
        names = Names(provider, "127.0.0.1")
        failing = asyncio.Event()

        async def resolve(host: str, port: int) -> list[Address]:
            if names.questions == 0:
                names.questions = 1
                await failing.wait()
                raise OSError
            return await names(host, port)

        upstream = RelayUpstream(resolve=resolve)
        leaving = asyncio.ensure_future(call(upstream, names.url))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait((leaving,))
        failing.set()
        await asyncio.sleep(0.01)
        assert await call(upstream, names.url) == b"ok"


async def test_a_name_that_is_none_is_a_connect_fault(upstream: RelayUpstream) -> None:
    assert (await fault_of(upstream, f"http://{'x' * 80}.test")).kind == "connect"


async def test_a_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    async with raw_provider((OK,)) as provider:
        names = Names(provider, "127.0.0.1")
        upstream = RelayUpstream(resolve=names)
        with pytest.raises(UpstreamError) as caught:
            await upstream.open(replace(asked(names.url), private_network=False))
        assert (caught.value.fault.kind, provider.connections) == ("connect", 0)


async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere when it is asked again gains nothing: nobody asks again."""
    loop = asyncio.get_running_loop()
    ask, asked_for = loop.getaddrinfo, set[object]()

    async def told(host: Any, port: Any, **more: Any) -> Any:
        asked_for.add(host)
        return await ask(host, port, **more)

    async with raw_provider((OK,)) as provider:
        names = Names(provider, "127.0.0.1")
        monkeypatch.setattr(loop, "getaddrinfo", told)
        assert await call(RelayUpstream(resolve=names), names.url) == b"ok"
    assert names.questions == 1
    # The loop may parse an address that way; a name it never sees.
    assert asked_for <= {"127.0.0.1"}


async def test_a_connection_to_a_private_address_serves_no_request_that_may_not_go_there(upstream: RelayUpstream) -> None:
    async with raw_provider((OK,)) as provider:
        await call(upstream, provider.url)
        with pytest.raises(UpstreamError):
            await upstream.open(replace(asked(provider.url), private_network=False))
        assert len(provider.heard) == 1


async def test_a_look_up_that_takes_too_long_is_a_silent_connect() -> None:
    async def slow(host: str, port: int) -> list[Address]:
        await asyncio.sleep(60)
        return []

    resolve: Resolve = slow
    request = asked("http://provider.test")
    with pytest.raises(UpstreamError) as caught:
        await RelayUpstream(resolve=resolve).open(replace(request, timeouts=replace(request.timeouts, connect_ms=50)))
    assert caught.value.fault.kind == "connect_timeout"


# --- TLS --------------------------------------------------------------------------------------------------------------


async def test_a_second_connection_resumes_the_session_of_the_first(tmp_path: Path) -> None:
    made = certified(tmp_path)
    async with raw_provider((plain(b"ok", "connection: close"),), (Pause(0.02), OK), tls=made.server) as provider:
        upstream = RelayUpstream(made.ca_file)
        await at_once(upstream, provider.url, 1)
        await at_once(upstream, provider.url, 1)
        await at_once(upstream, provider.url, 2)
        await upstream.close()
    assert provider.connections == 3
    assert made.server.session_stats()["hits"] >= 1


# --- cost -------------------------------------------------------------------------------------------------------------


async def test_an_exchange_needs_no_task_of_its_own(upstream: RelayUpstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        await exchange.next_bytes()
        ours = [task for task in asyncio.all_tasks() if "raw_provider" not in repr(task)]
        assert ours == [asyncio.current_task()]
        await exchange.close()


async def test_an_exchange_that_is_over_leaves_nothing_for_the_collector(upstream: RelayUpstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), chunk(b"") + b"\r\n")) as provider:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                await parts_of(await upstream.open(asked(provider.url)))
            assert not [found for found in gc.get_objects() if isinstance(found, RelayExchange)]
        finally:
            gc.enable()
