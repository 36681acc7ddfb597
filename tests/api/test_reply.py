"""Claims about the way back to a caller: it is heard in order, watched for departure, kept open while silent, and dropped
when it stops reading."""

import asyncio
from collections.abc import Callable

import pytest

from proxy.api.reply import AsgiReply, Message, ReplyLimits

TYPE = [(b"content-type", b"text/event-stream")]
# Short enough that no test waits long, far enough apart that a busy machine does not reorder them.
COMMENT_MS = 20
STALL_MS = 60


class Listener:
    """The far end: what it heard; `reading` cleared makes every send wait, as a full buffer would."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.news = asyncio.Event()
        self.aborted = False

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        self.heard.append(message)
        self.news.set()

    def abort(self) -> None:
        self.aborted = True
        self.reading.set()

    @property
    def text(self) -> bytes:
        return b"".join(m["body"] for m in self.heard if m["type"] == "http.response.body")

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        found: list[tuple[bytes, bytes]] = self.heard[0]["headers"]
        return found


@pytest.fixture
def listener() -> Listener:
    return Listener()


def reply_to(listener: Listener, abort: bool = True) -> AsgiReply:
    limits = ReplyLimits(comment_every_ms=COMMENT_MS, stall_ms=STALL_MS)
    return AsgiReply(listener.send, [(b"x-request-id", b"r1")], limits, {"abort": listener.abort} if abort else {})


async def until(listener: Listener, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            listener.news.clear()
            await listener.news.wait()


async def test_an_answer_leaves_as_start_pieces_and_end(listener: Listener) -> None:
    reply = reply_to(listener)
    await reply.start(200, TYPE)
    await reply.write(b"a")
    await reply.end(b"b")
    assert [(m["type"], m.get("body"), m.get("more_body")) for m in listener.heard] == [
        ("http.response.start", None, None),
        ("http.response.body", b"a", True),
        ("http.response.body", b"b", False),
    ]
    assert listener.headers == [*TYPE, (b"x-request-id", b"r1")]


async def test_one_with_a_length_leaves_in_one_piece_where_the_server_takes_that(listener: Listener) -> None:
    length = (b"content-length", b"1")
    reply = AsgiReply(listener.send, [], ReplyLimits(), {"whole": "whole"})
    await reply.start(200, [*TYPE, length])
    assert reply.started
    assert listener.heard == []
    await reply.end(b"b")
    assert listener.heard == [{"type": "whole", "status": 200, "headers": [*TYPE, length], "body": b"b"}]


async def test_unless_it_is_said_piece_by_piece(listener: Listener) -> None:
    reply = AsgiReply(listener.send, [], ReplyLimits(), {"whole": "whole"})
    await reply.start(200, [(b"content-length", b"2")])
    await reply.write(b"a")
    await reply.end(b"b")
    assert [m["type"] for m in listener.heard] == ["http.response.start", "http.response.body", "http.response.body"]
    assert listener.text == b"ab"


async def test_departure_is_told_at_once(listener: Listener) -> None:
    reply = reply_to(listener)
    told: list[int] = []
    reply.on_leave(lambda: told.append(1))
    reply.left()
    assert (reply.gone, told) == (True, [1])
    reply.on_leave(lambda: told.append(2))
    reply.on_leave(None)
    assert told == [1, 2]


async def test_what_is_forgotten_is_not_told(listener: Listener) -> None:
    reply = reply_to(listener)
    told: list[int] = []
    reply.on_leave(lambda: told.append(1))
    reply.on_leave(None)
    reply.left()
    assert told == []


async def test_the_end_of_an_answer_is_no_departure(listener: Listener) -> None:
    reply = reply_to(listener)
    await reply.start(200, TYPE)
    await reply.end(b"x")
    reply.left()
    assert not reply.gone


async def test_nothing_is_said_to_who_has_left(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.left()
    await reply.end(b"x")
    assert listener.heard == []


async def test_a_pause_ends_early_when_the_caller_leaves(listener: Listener) -> None:
    reply = reply_to(listener)
    await reply.pause(1)
    asyncio.get_running_loop().call_later(0.01, reply.left)
    async with asyncio.timeout(60):
        await reply.pause(3_600_000)
    assert reply.gone


async def test_a_promised_stream_opens_by_itself_with_a_comment(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(1, TYPE)
    await until(listener, lambda: len(listener.heard) > 1)
    reply.dispose()
    assert reply.started
    assert listener.heard[0]["status"] == 200
    assert (b"cache-control", b"no-cache") in listener.headers
    assert (b"x-accel-buffering", b"no") in listener.headers
    assert listener.text.startswith(b": ")
    assert listener.text.endswith(b"\n\n")


async def test_a_stream_that_starts_in_time_opens_once(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(10, TYPE)
    await reply.start(200, TYPE)
    await reply.write(b"data: 1\n\n")
    await asyncio.sleep(0.05)
    await reply.end()
    assert [m["type"] for m in listener.heard].count("http.response.start") == 1
    assert (b"cache-control", b"no-cache") in listener.headers
    assert b"waiting" not in listener.text


async def test_a_refusal_in_time_leaves_no_comment_behind(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(5, TYPE)
    reply.dispose()
    await asyncio.sleep(0.03)
    assert (reply.started, listener.heard) == (False, [])


async def test_a_silent_stream_is_kept_open_by_comments(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(3_600_000, TYPE)
    await reply.start(200, TYPE)
    await reply.write(b"data: 1\n\n")
    await until(listener, lambda: listener.text.count(b"\n\n") >= 3)
    await reply.end(b"data: 2\n\n")
    said = len(listener.heard)
    events = listener.text.strip().split(b"\n\n")
    assert (events[0], events[-1]) == (b"data: 1", b"data: 2")
    assert all(event.startswith(b": ") for event in events[1:-1])
    await asyncio.sleep(0.05)
    assert len(listener.heard) == said


async def test_a_reader_that_stops_is_dropped(listener: Listener) -> None:
    reply = reply_to(listener)
    told: list[int] = []
    reply.on_leave(lambda: told.append(1))
    reply.open_by(3_600_000, TYPE)
    await reply.start(200, TYPE)
    listener.reading.clear()
    async with asyncio.timeout(60):
        await reply.write(b"data: 1\n\n")
    assert (reply.gone, listener.aborted, told) == (True, True, [1])


async def test_a_reader_that_stops_at_the_very_end_is_dropped_too(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(3_600_000, TYPE)
    await reply.start(200, TYPE)
    listener.reading.clear()
    async with asyncio.timeout(60):
        await reply.end(b"data: [DONE]\n\n")
    assert (reply.gone, listener.aborted) == (True, True)


async def test_what_can_be_written_now_is(listener: Listener) -> None:
    written: list[bytes] = []
    takes = asyncio.Event()

    def send_now(data: bytes) -> bool:
        if takes.is_set():
            written.append(data)
        return takes.is_set()

    reply = AsgiReply(listener.send, [], ReplyLimits(), {"abort": listener.abort, "send_now": send_now})
    await reply.start(200, TYPE)
    assert not reply.write_now(b"a")
    takes.set()
    assert reply.write_now(b"b")
    listener.reading.clear()
    writing = asyncio.create_task(reply.write(b"c"))
    await asyncio.sleep(0)
    # It would come before what was there first.
    assert not reply.write_now(b"d")
    listener.reading.set()
    await writing
    reply.left()
    assert not reply.write_now(b"e")
    assert written == [b"b"]
    assert not reply_to(listener).write_now(b"f")
    reply.dispose()


async def test_nothing_is_written_now_after_the_end_when_the_connection_may_carry_another_answer(listener: Listener) -> None:
    written: list[bytes] = []

    def send_now(data: bytes) -> bool:
        written.append(data)
        return True

    reply = AsgiReply(listener.send, [], ReplyLimits(), {"abort": listener.abort, "send_now": send_now})
    await reply.start(200, TYPE)
    await reply.write(b"a")
    assert reply.write_now(b"b")
    await reply.end(b"c")
    assert not reply.write_now(b"d")
    assert written == [b"b"]


@pytest.mark.parametrize("said", [[b"a", b"b"], []])
async def test_a_head_without_a_length_leaves_with_the_first_words(said: list[bytes]) -> None:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    reply = AsgiReply(send, [], ReplyLimits(), {"whole": "whole", "opening": "opening"})
    await reply.start(200, TYPE)
    for piece in said:
        await reply.write(piece)
    await reply.end(b"end")
    kinds = [message["type"] for message in messages]
    assert kinds == (["opening", *["http.response.body"] * 2] if said else ["http.response.start", "http.response.body"])
    assert [message["body"] for message in messages if "body" in message] == [*said, b"end"]
    assert messages[0]["headers"] == TYPE


async def test_a_slow_reader_is_waited_for(listener: Listener) -> None:
    reply = reply_to(listener)
    reply.open_by(3_600_000, TYPE)
    await reply.start(200, TYPE)
    for _ in range(3):
        listener.reading.clear()
        asyncio.get_running_loop().call_later(0.005, listener.reading.set)
        await reply.write(b"data: 1\n\n")
    await reply.end()
    assert (reply.gone, listener.aborted) == (False, False)


async def test_a_server_without_an_abort_is_told_by_the_departure_alone(listener: Listener) -> None:
    reply = reply_to(listener, abort=False)
    reply.open_by(3_600_000, TYPE)
    await reply.start(200, TYPE)
    listener.reading.clear()
    left = asyncio.Event()
    reply.on_leave(left.set)
    writing = asyncio.create_task(reply.write(b"x"))
    await asyncio.wait_for(left.wait(), 60)
    writing.cancel()
    reply.dispose()
