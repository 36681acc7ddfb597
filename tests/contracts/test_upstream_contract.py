"""What the Upstream port promises of requests, bodies and connections, played against a raw provider."""

import asyncio
import gzip
from contextlib import suppress
from dataclasses import replace

import pytest

from proxy.domain.errors import Fault
from proxy.ports import Upstream, UpstreamError
from tests.contracts.raw_provider import Act, Pause, chunk, chunked_head, plain, raw_provider, until_closed
from tests.contracts.upstream_calls import LINE, PATIENT, UPSTREAMS, asked, call, fault_of, parts_of, soon

# --- a request and its answer -----------------------------------------------------------------------------------------


async def test_a_request_goes_out_as_given_and_asks_for_no_compression(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        await call(upstream, provider.url)
    (heard,) = provider.heard
    assert heard.head.startswith("post /v1/x http/1.1\r\n")
    assert heard.body == b'{"a":1}'
    assert "x-ours: 1\r\n" in heard.head
    assert "accept-encoding: identity\r\n" in heard.head
    assert "cookie" not in heard.head


async def test_an_answer_has_status_lower_case_headers_and_body(upstream: Upstream) -> None:
    async with raw_provider((plain(b"busy", "X-Request-ID: r1", status="429 Slow Down"),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert (exchange.status, exchange.headers["x-request-id"]) == (429, "r1")
        assert b"".join(await parts_of(exchange)) == b"busy"


async def test_open_returns_at_the_headers(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert exchange.status == 200
        await exchange.close()


async def test_an_empty_answer_ends_at_once(upstream: Upstream) -> None:
    async with raw_provider((plain(b"", status="204 No Content"),)) as provider:
        assert await call(upstream, provider.url) == b""


async def test_interim_answers_are_not_the_answer(upstream: Upstream) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
    async with raw_provider((interim, Pause(0.01), interim, plain(b"ok"))) as provider:
        assert await call(upstream, provider.url) == b"ok"


async def test_a_redirect_is_an_answer_and_not_followed(upstream: Upstream) -> None:
    async with raw_provider((plain(b"", "location: /elsewhere", status="302 Found"),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert exchange.status == 302
        await exchange.close()
    assert len(provider.heard) == 1


async def test_a_cookie_is_not_kept(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok", "set-cookie: a=b; Path=/"),)) as provider:
        await call(upstream, provider.url)
        await call(upstream, provider.url)
    assert "cookie" not in provider.heard[1].head


async def test_no_proxy_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for make in UPSTREAMS:
        upstream = make()
        async with raw_provider((plain(b"ok"),)) as provider:
            assert await call(upstream, provider.url) == b"ok"
        await upstream.close()


# --- bodies -----------------------------------------------------------------------------------------------------------


async def test_a_chunked_body_with_trailers_ends_cleanly(upstream: Upstream) -> None:
    end = chunk(b"") + b"x-trailer: 1\r\n\r\n"
    async with raw_provider((chunked_head(), chunk(LINE), Pause(0.01), chunk(LINE), end)) as provider:
        assert await call(upstream, provider.url) == LINE * 2


async def test_a_body_may_end_with_its_connection(upstream: Upstream) -> None:
    async with raw_provider((until_closed(), LINE, Pause(0.01), LINE, Act.CLOSE)) as provider:
        assert await call(upstream, provider.url) == LINE * 2


async def test_an_old_answer_without_a_length_ends_with_its_connection(upstream: Upstream) -> None:
    async with raw_provider((b"HTTP/1.0 200 OK\r\n\r\n", LINE, Pause(0.01), LINE, Act.CLOSE)) as provider:
        assert await call(upstream, provider.url) == LINE * 2
        assert await call(upstream, provider.url) == LINE * 2
        assert provider.connections == 2


async def test_an_answer_that_has_no_body_ends_at_once_and_keeps_its_connection(upstream: Upstream) -> None:
    async with raw_provider((b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n",)) as provider:
        assert await call(upstream, provider.url) == b""
        assert await call(upstream, provider.url) == b""
        assert provider.connections == 1


async def test_headers_may_be_empty_or_come_twice(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok", "x-empty:", "X-Twice: a", "x-twice:  b ", "x-last: c"),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        found = [exchange.headers.get(name) for name in ("x-empty", "x-twice", "x-last", "content-length")]
        assert found == ["", "a, b", "c", "2"]
        assert await parts_of(exchange) == [b"ok"]


async def test_a_large_request_arrives_whole(upstream: Upstream) -> None:
    body = bytes(range(256)) * 4_096
    async with raw_provider((plain(b"ok"),)) as provider:
        for _ in range(2):
            assert await parts_of(await upstream.open(replace(asked(provider.url), body=body))) == [b"ok"]
    assert [heard.body for heard in provider.heard] == [body, body]


async def test_what_asks_for_something_carries_no_length(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        assert await parts_of(await upstream.open(replace(asked(provider.url), method="GET", body=b""))) == [b"ok"]
    assert provider.heard[0].head.startswith("get /v1/x http/1.1\r\n")
    assert "content-length" not in provider.heard[0].head


@pytest.mark.parametrize("value", ["a\r\nx-smuggled: 1", "a\nx-smuggled: 1", "a\rb", "a\0b", "\u20ac"])
async def test_a_header_that_does_not_keep_to_its_line_is_not_sent(upstream: Upstream, value: str) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        with pytest.raises(UpstreamError):
            await upstream.open(replace(asked(provider.url), headers={"x-ours": value}))
    assert provider.heard == []


async def test_a_path_is_one_word_whatever_is_in_it(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        await parts_of(await upstream.open(replace(asked(provider.url), url=f"{provider.url}/a b/%C3%A9?q=\u00e9&r=1%2F")))
    assert provider.heard[0].head.startswith("post /a%20b/%c3%a9?q=%c3%a9&r=1%2f http/1.1\r\n")


async def test_an_answer_that_comes_byte_by_byte_is_whole(upstream: Upstream) -> None:
    answer = plain(b"hello")
    script = [step for byte in answer for step in (bytes((byte,)), Pause(0))]
    async with raw_provider(tuple(script)) as provider:
        assert await call(upstream, provider.url) == b"hello"


async def test_what_arrived_together_is_read_together(upstream: Upstream) -> None:
    together = b"".join(chunk(LINE) for _ in range(20))
    async with raw_provider((chunked_head(), Pause(0.02), together, Act.MUTE)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert await exchange.next_bytes() == LINE * 20
        await exchange.close()


async def test_a_large_body_arrives_whole_in_bounded_parts(upstream: Upstream) -> None:
    body = bytes(range(256)) * 8_192
    async with raw_provider((plain(body),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        parts = await parts_of(exchange)
    assert b"".join(parts) == body
    assert max(map(len, parts)) <= 256 * 1024


async def test_a_slow_reader_slows_the_provider(upstream: Upstream) -> None:
    size = 64 * 1024 * 1024
    script = (plain(b"", length=size), *[bytes(64 * 1024)] * (size // (64 * 1024)))
    async with raw_provider(script, send_buffer_bytes=64 * 1024) as provider:
        exchange = await upstream.open(asked(provider.url))
        await exchange.next_bytes()
        before = -1
        while provider.sent_bytes > before:
            before = provider.sent_bytes
            await asyncio.sleep(0.1)
        # What the kernel's own buffers swallow is far less than this, and far more than we may hold.
        assert provider.sent_bytes < size // 2
        await exchange.close()


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
async def test_gzip_that_nobody_asked_for_is_undone(upstream: Upstream, encoding: str) -> None:
    packed = gzip.compress(LINE * 50_000)
    async with raw_provider((plain(packed, f"content-encoding: {encoding}"),)) as provider:
        exchange = await upstream.open(asked(provider.url))
        assert "content-encoding" not in exchange.headers
        parts = await parts_of(exchange)
    assert b"".join(parts) == LINE * 50_000
    assert max(map(len, parts)) <= 256 * 1024


# --- connections ------------------------------------------------------------------------------------------------------


async def test_a_connection_is_kept_for_the_next_call(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), chunk(b"") + b"\r\n")) as provider:
        for _ in range(3):
            assert await call(upstream, provider.url) == LINE
        assert provider.connections == 1


@pytest.mark.parametrize("death", [Act.CLOSE, Act.RESET])
async def test_a_kept_connection_that_dies_on_the_next_call_is_replaced_once(upstream: Upstream, death: Act) -> None:
    async with raw_provider((plain(b"one"),), (death,), (plain(b"two"),)) as provider:
        assert await call(upstream, provider.url) == b"one"
        assert await call(upstream, provider.url) == b"two"
    assert [heard.connection for heard in provider.heard] == [0, 0, 1]
    assert provider.heard[1].body == provider.heard[2].body


async def test_a_fresh_connection_that_dies_is_a_reset_and_not_tried_again(upstream: Upstream) -> None:
    async with raw_provider((Act.CLOSE,), (plain(b"never"),)) as provider:
        assert (await fault_of(upstream, provider.url)).kind == "reset"
    assert len(provider.heard) == 1


async def test_a_second_death_is_a_reset(upstream: Upstream) -> None:
    async with raw_provider((plain(b"one"),), (Act.CLOSE,), (Act.CLOSE,), (plain(b"never"),)) as provider:
        assert await call(upstream, provider.url) == b"one"
        assert (await fault_of(upstream, provider.url)).kind == "reset"
    assert len(provider.heard) == 3


@pytest.mark.steady
async def test_silence_on_a_kept_connection_is_not_tried_again(upstream: Upstream) -> None:
    async with raw_provider((plain(b"one"),), (Act.MUTE,), (plain(b"never"),)) as provider:
        assert await call(upstream, provider.url) == b"one"
        assert (await fault_of(upstream, provider.url, replace(PATIENT, first_byte_ms=100))).kind == "first_byte_timeout"
    assert len(provider.heard) == 2


@pytest.mark.parametrize("surplus", [b"surplus", plain(b"somebody else's answer")])
async def test_bytes_beyond_the_announced_length_are_nobodys_answer(upstream: Upstream, surplus: bytes) -> None:
    async with raw_provider((plain(b"one") + surplus,), (plain(b"two"),)) as provider:
        assert await call(upstream, provider.url) == b"one"
        # The next call may find its connection spoilt and fail, but what it reads is its own.
        with suppress(UpstreamError):
            assert await call(upstream, provider.url) == b"two"


async def test_a_closed_exchange_gives_its_place_back(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), chunk(LINE), Act.MUTE)) as provider:
        request = replace(asked(provider.url), concurrency_max=1)
        for _ in range(3):
            exchange = await upstream.open(request)
            await exchange.next_bytes()
            await exchange.close()
        assert len(provider.heard) == 3


async def test_a_failed_open_gives_its_place_back(upstream: Upstream) -> None:
    async with raw_provider((Act.CLOSE,)) as provider:
        for _ in range(3):
            with pytest.raises(UpstreamError):
                await upstream.open(replace(asked(provider.url), concurrency_max=1))
        assert len(provider.heard) == 3


@pytest.mark.steady
async def test_a_full_provider_is_as_good_as_rate_limited_and_hears_nothing(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        request = replace(asked(provider.url, replace(PATIENT, connect_ms=100)), concurrency_max=1)
        first = await upstream.open(request)
        with pytest.raises(UpstreamError) as caught:
            await upstream.open(request)
        assert caught.value.fault == Fault("rate_limited")
        assert len(provider.heard) == 1
        await first.close()


@pytest.mark.steady
async def test_whoever_waits_for_a_place_gets_the_next(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as provider:
        request = replace(asked(provider.url), concurrency_max=1)
        first = await upstream.open(request)
        second = asyncio.ensure_future(upstream.open(request))
        await asyncio.sleep(0.02)
        await first.close()
        await (await second).close()
        assert len(provider.heard) == 2


async def test_one_providers_crowd_does_not_shut_out_another(upstream: Upstream) -> None:
    async with raw_provider((chunked_head(), Act.MUTE)) as crowded, raw_provider((plain(b"ok"),)) as free:
        request = replace(asked(crowded.url), concurrency_max=1)
        first = await upstream.open(request)
        other = await upstream.open(replace(asked(free.url), provider_id="q", concurrency_max=1))
        assert await parts_of(other) == [b"ok"]
        await first.close()


async def test_nothing_stays_open_after_close(upstream: Upstream) -> None:
    async with raw_provider((plain(b"ok"),)) as provider:
        await call(upstream, provider.url)
        await upstream.close()
        await soon(provider.left)
