"""Claims about HTTP as it is on the socket: framing, bounds, keep-alive, departures."""

import asyncio

import pytest

from proxy.simulator.connection import BODY_BYTES_MAX, HEAD_BYTES_MAX
from tests.simulator.wire import ask, chat_bytes, connect, ended_call, post

HEALTH = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n"


async def test_a_connection_serves_one_request_after_the_other(url: str) -> None:
    wire = await connect(url)
    for _ in range(3):
        wire.writer.write(HEALTH)
        head, body = await wire.whole()
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert body == b'{"status":"ok"}'


async def test_requests_sent_together_are_answered_in_order(url: str) -> None:
    wire = await connect(url)
    wire.writer.write(chat_bytes(ask("sim--echo", "one")) + HEALTH + chat_bytes(ask("sim--echo", "two")))
    bodies = [(await wire.whole())[1] for _ in range(3)]
    assert b'"content":"one"' in bodies[0]
    assert bodies[1] == b'{"status":"ok"}'
    assert b'"content":"two"' in bodies[2]


async def test_a_request_may_come_byte_by_byte(url: str) -> None:
    wire = await connect(url)
    for byte in chat_bytes(ask("sim--echo", "slowly")):
        wire.writer.write(bytes([byte]))
        await asyncio.sleep(0)
    assert b"slowly" in (await wire.whole())[1]


async def test_a_chunked_body_is_read(url: str) -> None:
    wire = await connect(url)
    body = chat_bytes(ask("sim--echo", "in pieces")).partition(b"\r\n\r\n")[2]
    wire.writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n")
    wire.writer.write(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
    assert b"in pieces" in (await wire.whole())[1]


async def test_a_stream_is_chunked_and_leaves_the_connection_open(url: str) -> None:
    wire = await post(url, ask("sim--words=3", stream=True))
    assert b"transfer-encoding: chunked" in await wire.until(b"\r\n\r\n")
    assert (await wire.until(b"0\r\n\r\n")).rstrip().endswith(b"data: [DONE]\n\n\r\n0")
    wire.writer.write(HEALTH)
    assert (await wire.whole())[1] == b'{"status":"ok"}'


async def test_an_old_client_gets_no_chunks_and_a_closed_connection(url: str) -> None:
    wire = await post(url, ask("sim--words=3", stream=True), version="1.0")
    head, _, body = (await wire.rest()).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_connection_close_is_honoured(url: str) -> None:
    wire = await connect(url)
    wire.writer.write(b"GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
    assert b"connection: close" in await wire.rest()


async def test_a_client_that_waits_for_leave_to_send_gets_it(url: str) -> None:
    wire = await connect(url)
    head, _, body = chat_bytes(ask("sim--echo", "after all")).partition(b"\r\n\r\n")
    wire.writer.write(head + b"\r\nexpect: 100-continue\r\n\r\n")
    assert await wire.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.writer.write(body)
    assert b"after all" in (await wire.whole())[1]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nhost: t\r\nx: " + b"y" * 2 * HEAD_BYTES_MAX, b"431"),
        (b"POST / HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1), b"413"),
        (b"POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nhost: t\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n", b"400"),
    ],
)
async def test_what_is_too_big_or_no_http_is_refused_and_hung_up_on(url: str, sent: bytes, status: bytes) -> None:
    wire = await connect(url)
    wire.writer.write(sent)
    assert (await wire.rest()).startswith(b"HTTP/1.1 " + status)


async def test_a_body_beside_a_head_does_not_count_as_head(url: str) -> None:
    wire = await post(url, ask("sim--words=1", "x" * 4 * HEAD_BYTES_MAX))
    assert (await wire.whole())[0].startswith(b"HTTP/1.1 200")


async def test_a_peer_that_leaves_ends_the_answer_at_once(url: str) -> None:
    wire = await post(url, ask("sim--pace=20--words=100000", stream=True))
    await wire.until(b"w2")
    wire.writer.close()
    call = await ended_call(url)
    assert call["closed_early"]
    assert 0 < call["output_bytes"] < 10_000


async def test_a_peer_that_leaves_ends_an_answer_flat_out(url: str) -> None:
    wire = await post(url, ask("sim--words=100000", stream=True))
    await wire.until(b"w2")
    wire.writer.transport.abort()
    call = await ended_call(url)
    assert call["closed_early"]
    # 100,000 chunks are about 20 MB; what the sockets buffer is far less.
    assert call["output_bytes"] < 10_000_000


async def test_a_peer_that_does_not_read_stops_the_writing(url: str) -> None:
    wire = await post(url, ask("sim--words=100000", stream=True))
    await wire.until(b"w2")
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(0.2)
    wire.writer.transport.abort()
    assert (await ended_call(url))["output_bytes"] < 15_000_000
