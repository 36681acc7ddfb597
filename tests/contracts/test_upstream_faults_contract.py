"""What the Upstream port promises when a provider fails or we leave, played against a raw provider."""

import asyncio
import gzip
import socket
from dataclasses import replace

import pytest

from proxy.domain.errors import Fault
from proxy.ports import Upstream, UpstreamError
from tests.contracts.raw_provider import Act, Pause, chunk, chunked_head, plain, raw_provider
from tests.contracts.upstream_calls import LINE, PATIENT, asked, call, fault_of, soon

# --- faults -----------------------------------------------------------------------------------------------------------


async def test_a_closed_port_is_a_connect_fault(upstream: Upstream) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert (await fault_of(upstream, f"http://127.0.0.1:{bound.getsockname()[1]}")).kind == "connect"


async def test_a_name_that_does_not_exist_is_a_connect_fault(upstream: Upstream) -> None:
    assert (await fault_of(upstream, "http://nowhere.invalid")).kind == "connect"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1:99999"])
async def test_an_address_that_is_none_is_a_connect_fault(upstream: Upstream, url: str) -> None:
    assert (await fault_of(upstream, url)).kind == "connect"


async def test_a_handshake_that_does_not_come_is_a_connect_fault(upstream: Upstream) -> None:
    async with raw_provider((Act.MUTE,)) as provider:
        url = provider.url.replace("http:", "https:")
        assert (await fault_of(upstream, url, replace(PATIENT, connect_ms=100))).kind == "connect_timeout"
        await soon(provider.left)


async def test_leaving_in_the_middle_of_a_handshake_tells_the_provider(upstream: Upstream) -> None:
    async with raw_provider((Act.MUTE,)) as provider:
        opening = asyncio.ensure_future(upstream.open(asked(provider.url.replace("http:", "https:"))))
        await soon(provider.met)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await soon(provider.left)


async def test_a_private_address_is_refused_unless_allowed(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        with pytest.raises(UpstreamError) as caught:
            await upstream.open(replace(asked(provider.url), private_network=False))
        assert caught.value.fault.kind == "connect"
        assert provider.heard == []


async def test_accepted_and_mute_is_a_first_byte_timeout(upstream: Upstream) -> None:
    async with raw_provider((Act.MUTE,)) as provider:
        assert (await fault_of(upstream, provider.url, replace(PATIENT, first_byte_ms=100))).kind == "first_byte_timeout"
        await soon(provider.left)


async def test_headers_byte_by_byte_for_too_long_are_a_first_byte_timeout(upstream: Upstream) -> None:
    slowly = [step for byte in plain(b"ok") for step in (bytes((byte,)), Pause(0.05))]
    async with raw_provider(tuple(slowly)) as provider:
        assert (await fault_of(upstream, provider.url, replace(PATIENT, first_byte_ms=150))).kind == "first_byte_timeout"


@pytest.mark.steady
async def test_headers_and_mute_is_a_first_byte_timeout_however_short_the_idle_limit(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        limits = replace(PATIENT, first_byte_ms=150, idle_ms=10)
        assert await fault_of(upstream, provider.url, limits) == Fault("first_byte_timeout", status=200)


@pytest.mark.steady
async def test_a_stall_in_the_middle_is_an_idle_timeout(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url, replace(PATIENT, idle_ms=100)))
        assert await exchange.next_bytes() == LINE
        with pytest.raises(UpstreamError) as caught:
            await exchange.next_bytes()
        assert caught.value.fault.kind == "idle_timeout"
        await soon(provider.left)
        await exchange.close()


@pytest.mark.steady
async def test_pauses_within_the_idle_limit_are_no_fault_however_many(upstream: Upstream) -> None:
    beats = [step for _ in range(6) for step in (chunk(LINE), Pause(0.1))]
    async with raw_provider((chunked_head(), *beats, chunk(b"") + b"\r\n")) as provider:
        assert await call(upstream, provider.url, replace(PATIENT, idle_ms=400)) == LINE * 6


async def test_a_stream_without_end_meets_its_deadline(upstream: Upstream) -> None:
    beats = [step for _ in range(200) for step in (chunk(LINE), Pause(0.02))]
    async with raw_provider((chunked_head(), *beats)) as provider:
        assert (await fault_of(upstream, provider.url, replace(PATIENT, total_ms=200))).kind == "deadline"


async def test_the_deadline_holds_before_the_first_byte_too(upstream: Upstream) -> None:
    async with raw_provider((Act.MUTE,)) as provider:
        assert (await fault_of(upstream, provider.url, replace(PATIENT, total_ms=100))).kind == "deadline"


@pytest.mark.parametrize("end", [Act.RESET, Act.CLOSE])
async def test_an_end_before_the_headers_is_a_reset(upstream: Upstream, end: Act) -> None:
    async with raw_provider((b"HTTP/1.1 200 OK\r\nx-half", Pause(0.02), end)) as provider:
        assert (await fault_of(upstream, provider.url)).kind == "reset"


@pytest.mark.parametrize("end", [Act.RESET, Act.CLOSE])
@pytest.mark.parametrize("head", [chunked_head() + chunk(LINE), plain(LINE, length=500), chunked_head() + b"ff\r\nhalf"])
async def test_a_body_cut_short_is_a_reset_and_never_a_clean_end(upstream: Upstream, head: bytes, end: Act) -> None:
    async with raw_provider((head, Pause(0.02), end)) as provider:
        assert (await fault_of(upstream, provider.url)).kind == "reset"


async def test_what_arrived_before_a_reset_is_still_read(upstream: Upstream) -> None:
    async with raw_provider((chunked_head() + chunk(LINE), Pause(0.05), Act.RESET)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert await exchange.next_bytes() == LINE
        with pytest.raises(UpstreamError):
            await exchange.next_bytes()
        await exchange.close()


GARBLED = {
    "no HTTP at all": b"220 smtp.example ESMTP\r\n\r\n",
    "two different lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok",
    "a chunk size that is no number": chunked_head() + b"zz\r\nok\r\n",
    "gzip claimed and false": plain(b"plain text", "content-encoding: gzip"),
    "gzip cut short": plain(gzip.compress(LINE * 1_000)[:-20], "content-encoding: gzip"),
    "an encoding we do not read": plain(b"xx", "content-encoding: br"),
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "too many headers": plain(b"ok", *[f"x-{n}: 1" for n in range(500)]),
    "too large a header": plain(b"ok", f"x-large: {'x' * 200_000}"),
}


@pytest.mark.parametrize("answer", GARBLED.values(), ids=GARBLED.keys())
async def test_what_is_no_answer_is_garbled(upstream: Upstream, answer: bytes) -> None:
    async with raw_provider((answer, Act.MUTE)) as provider:
        assert (await fault_of(upstream, provider.url)).kind == "garbled"


async def test_a_fault_carries_no_text_of_the_provider(upstream: Upstream) -> None:
    async with raw_provider((b"HTTP/1.1 200 MARKER\r\nMARKER MARKER\r\n\r\n", Act.CLOSE)) as provider:
        with pytest.raises(UpstreamError) as caught:
            await upstream.open(asked(provider.url))
    assert "MARKER" not in f"{caught.value}{caught.value.fault}"


# --- close ------------------------------------------------------------------------------------------------------------


@pytest.mark.steady
async def test_close_ends_a_waiting_read_at_once(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        await exchange.next_bytes()
        waiting = asyncio.ensure_future(exchange.next_bytes())
        await asyncio.sleep(0.02)
        await exchange.close()
        with pytest.raises(UpstreamError) as caught:
            await waiting
        assert caught.value.fault.kind == "reset"
        await soon(provider.left)


async def test_an_encoded_answer_that_is_closed_before_its_end_has_no_clean_end(upstream: Upstream) -> None:
    packed = gzip.compress(bytes(range(256)) * 4_000)
    async with raw_provider((plain(packed, "content-encoding: gzip"),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert await exchange.next_bytes()
        await exchange.close()
        with pytest.raises(UpstreamError):
            await exchange.next_bytes()


async def test_a_finished_exchange_gives_its_place_back(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE)) as provider:
        request = replace(asked(provider.url), concurrency_max=1)
        for _ in range(2):
            exchange = await upstream.open(request)
            assert await exchange.next_bytes() == LINE
            exchange.finish()
            await exchange.close()
        assert len(provider.heard) == 2


async def test_close_is_idempotent_and_what_is_closed_has_no_clean_end(upstream: Upstream) -> None:
    async with raw_provider((plain(b"x" * 300_000),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        await exchange.next_bytes()
        await exchange.close()
        await exchange.close()
        with pytest.raises(UpstreamError):
            await exchange.next_bytes()


async def test_close_before_any_read_tells_the_provider(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        await exchange.close()
        await soon(provider.left)


async def test_a_cancelled_open_tells_the_provider(upstream: Upstream) -> None:
    async with raw_provider((Act.MUTE,)) as provider:
        opening = asyncio.ensure_future(upstream.open(asked(provider.url)))
        await soon(provider.asked)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await soon(provider.left)


async def test_a_cancelled_read_leaves_an_exchange_that_can_be_closed(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        waiting = asyncio.ensure_future(exchange.next_bytes())
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await exchange.close()
        await soon(provider.left)
