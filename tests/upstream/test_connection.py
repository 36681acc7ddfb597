"""One exchange on one connection: whatever the split, the same; whatever the bytes, an answer or a named fault; bounds hold."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.domain.catalog import Timeouts
from proxy.ports import UpstreamError
from proxy.upstream import connection
from proxy.upstream.connection import UNREAD_BYTES_MAX
from tests.contracts.raw_provider import chunk, chunked_head, plain, until_closed
from tests.upstream.plug import Came, Line, came_of

FAULTS = {"garbled", "reset"}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


# --- any bytes --------------------------------------------------------------------------------------------------------

bodies = st.binary(max_size=60)
names = st.sampled_from(["x-a: 1", "X-B:", "x-c:   spaced  ", "connection: close", "Content-Type: text/event-stream"])


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A right answer, and its body."""
    body, headers = draw(bodies), draw(st.lists(names, max_size=3, unique=True))
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"]))
    match draw(st.sampled_from(["length", "chunks", "close", "none"])):
        case "length":
            return interim + plain(body, *headers), body
        case "close":
            return interim + until_closed(*headers) + body, body
        case "none":
            status = draw(st.sampled_from(["204 No Content", "304 Not Modified"]))
            return interim + "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode(), b""
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    trailer = draw(st.sampled_from([b"", b"x-trailer: 1\r\n"]))
    return interim + chunked_head(*headers) + b"".join(map(chunk, pieces)) + chunk(b"") + trailer + b"\r\n", body


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An answer with something cut out of it, put into it or behind it; or no answer at all."""
    answer, _ = draw(answers())
    at, length = draw(st.integers(0, len(answer))), draw(st.integers(0, 12))
    other = draw(
        st.one_of(st.binary(max_size=12), st.sampled_from([b"\r\n", b"\n", b":", b"0\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]))
    )
    return draw(st.sampled_from([answer[:at] + other + answer[at + length :], answer + other, answer[:at], other]))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[begin:end] for begin, end in pairwise(edges) if end > begin]


@settings(max_examples=150, deadline=None)
@given(answers(), st.lists(st.integers(0, 10_000), max_size=12))
def test_a_right_answer_is_read_whole_however_it_is_split(
    runner: asyncio.Runner, answer: tuple[bytes, bytes], places: list[int]
) -> None:
    came = runner.run(came_of(cut(answer[0], places)))
    assert (came.body, came.fault) == (answer[1], None)


@settings(max_examples=150, deadline=None)
@given(damaged(), st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_any_bytes_come_to_the_same_however_they_are_split(
    runner: asyncio.Runner, data: bytes, places: list[int], clean_end: bool
) -> None:
    whole, parts = (runner.run(came_of(split, clean_end)) for split in ([data] if data else [], cut(data, places)))
    # What follows an answer in the same breath spoils its connection; what comes later finds nobody who asked.
    assert replace(parts, kept=whole.kept) == whole
    assert whole.fault is None or whole.fault in FAULTS
    assert whole.fault is not None or whole.status >= 200 or not data


def test_every_split_in_two_of_a_stream_comes_to_the_same(runner: asyncio.Runner) -> None:
    answer = chunked_head("x-a: 1") + chunk(b"data: one\n\n") + chunk(b"data: two\n\n") + chunk(b"") + b"x: y\r\n\r\n"
    found: set[Came] = {runner.run(came_of([answer[:at], answer[at:]])) for at in range(1, len(answer))}
    assert len(found) == 1


@pytest.mark.parametrize("surplus", [b"surplus", b"HTTP/1.1 2", plain(b"somebody else's")])
def test_bytes_behind_an_answer_spoil_its_connection_and_not_the_answer(runner: asyncio.Runner, surplus: bytes) -> None:
    right, spoilt = runner.run(came_of([plain(b"ok")])), runner.run(came_of([plain(b"ok") + surplus]))
    assert right.kept
    assert spoilt == replace(right, kept=False)


# --- bounds -----------------------------------------------------------------------------------------------------------


async def test_reading_pauses_while_nobody_reads_and_goes_on_when_somebody_does() -> None:
    line = Line()
    await asyncio.sleep(0)
    line.plug.protocol.data_received(plain(b"", length=10**9))
    assert await line.asking
    line.plug.protocol.data_received(bytes(UNREAD_BYTES_MAX))
    assert not line.plug.paused
    line.plug.protocol.data_received(b"x" * 1_000)
    assert line.plug.paused
    assert len(await line.exchange.next_bytes()) == UNREAD_BYTES_MAX
    assert not line.plug.paused
    assert await line.exchange.next_bytes() == b"x" * 1_000
    await line.exchange.close()


ENDLESS = {
    "a status line": b"HTTP/1.1 200 " + b"x" * 1_000,
    "a header's name": b"HTTP/1.1 200 OK\r\n" + b"x" * 1_000,
    "a header": b"HTTP/1.1 200 OK\r\nx: " + b"x" * 1_000,
    "answers before the answer": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 20,
    "a chunk's extension": chunked_head() + b"1;" + b"x" * 1_000,
    "a trailer": chunked_head() + b"0\r\nx: " + b"x" * 1_000,
    "trailers": chunked_head() + b"0\r\n" + b"x: y\r\n" * 100,
}


@pytest.mark.parametrize("begin", ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_never_comes_to_a_byte_of_body_is_garbled(begin: bytes) -> None:
    line = Line()
    await asyncio.sleep(0)
    line.plug.protocol.data_received(begin)
    more = begin[-1_000:] if begin.startswith(b"HTTP/1.1 103") else begin[-6:] * 100
    fed = 0
    while not line.plug.closed and fed < 10**6:
        line.plug.protocol.data_received(more)
        fed += len(more)
    assert line.plug.closed
    assert fed <= connection.BARREN_BYTES_MAX + 1_000
    assert (await line.came())[1] == "garbled"


# --- one timer --------------------------------------------------------------------------------------------------------


class Timers:
    """Counts how often a loop is asked to ring."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set = 0
        loop = asyncio.get_running_loop()
        call_at = loop.call_at

        def counted(*given: Any, **more: Any) -> asyncio.TimerHandle:
            self.set += 1
            return call_at(*given, **more)

        monkeypatch.setattr(loop, "call_at", counted)


async def test_a_stream_of_many_chunks_sets_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    timers = Timers(monkeypatch)
    line = Line()
    await asyncio.sleep(0)
    line.plug.protocol.data_received(chunked_head())
    assert await line.asking
    for _ in range(50):
        line.plug.protocol.data_received(chunk(b"x"))
        assert await line.exchange.next_bytes() == b"x"
    line.plug.protocol.data_received(chunk(b"") + b"\r\n")
    assert await line.exchange.next_bytes() == b""
    assert (timers.set, line.exchange._timer) == (1, None)


async def test_what_is_passed_on_wakes_nobody_and_is_not_given_again() -> None:
    line, passed = Line(), list[bytes]()

    def passes(data: bytes) -> bool:
        passed.append(data)
        return data != b"three"

    await asyncio.sleep(0)
    line.exchange.pass_on(passes)
    line.plug.protocol.data_received(chunked_head() + chunk(b"zero"))
    assert await line.asking
    # Nobody waited for this one.
    assert await line.exchange.next_bytes() == b"zero"
    reading = asyncio.ensure_future(line.exchange.next_bytes())
    await asyncio.sleep(0)
    for data in (chunk(b"one"), chunk(b"t") + chunk(b"wo"), chunk(b"three"), chunk(b"four")):
        line.plug.protocol.data_received(data)
    assert await reading == b"threefour"
    assert passed == [b"one", b"two", b"three"]
    line.plug.protocol.data_received(chunk(b"five") + chunk(b"") + b"\r\n")
    assert [await line.exchange.next_bytes() for _ in range(2)] == [b"five", b""]


async def test_only_who_passes_on_hears_the_transport_itself_and_gives_it_back() -> None:
    line = Line()
    await asyncio.sleep(0)
    line.plug.protocol.data_received(chunked_head())
    assert await line.asking
    assert line.plug.get_protocol() is line.connection
    line.exchange.pass_on(lambda _: True)
    assert line.plug.get_protocol() is line.exchange
    line.plug.protocol.data_received(chunk(b"one") + chunk(b"") + b"\r\n")
    assert line.plug.get_protocol() is line.connection
    assert line.kept == [line.connection]


async def test_silence_is_counted_from_what_was_passed_on_last() -> None:
    line = Line(Timeouts(first_byte_ms=400, idle_ms=400))
    await asyncio.sleep(0)
    line.exchange.pass_on(lambda _: True)
    line.plug.protocol.data_received(chunked_head())
    assert await line.asking
    reading = asyncio.ensure_future(line.exchange.next_bytes())
    for _ in range(10):
        await asyncio.sleep(0.05)
        line.plug.protocol.data_received(chunk(b"x"))
    assert not reading.done()
    with pytest.raises(UpstreamError) as caught:
        await reading
    assert caught.value.fault.kind == "idle_timeout"


async def test_silence_counts_only_while_somebody_waits() -> None:
    line = Line(Timeouts(first_byte_ms=30, idle_ms=30))
    await asyncio.sleep(0)
    line.plug.protocol.data_received(chunked_head() + chunk(b"one"))
    assert await line.asking
    assert await line.exchange.next_bytes() == b"one"
    await asyncio.sleep(0.1)
    assert not line.plug.closed
    with pytest.raises(UpstreamError) as caught:
        await line.exchange.next_bytes()
    assert caught.value.fault.kind == "idle_timeout"
    assert line.plug.closed
