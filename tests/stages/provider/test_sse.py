"""Claims about the event stream decoder: the forms real providers send, and what it does about those that never end."""

import pytest

from proxy.stages.provider.sse import Decoder


def decoded(*blocks: bytes, line_bytes_max: int = 1_000) -> list[bytes]:
    decoder = Decoder(line_bytes_max)
    events = [event for block in blocks for event in decoder.feed(block)]
    return events + decoder.end()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b'data: {"a":1}\n\n', [b'{"a":1}']),
        (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
        (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
        (b"data:no space\n\ndata:  two spaces\n\n", [b"no space", b" two spaces"]),
        (b"data: one\ndata: two\ndata\ndata:\n\n", [b"one\ntwo\n\n"]),
        (b": a comment\n\n:\n\ndata: one\n\n", [b"one"]),
        (b"event: delta\nid: 7\nretry: 10\ndata: one\n\n", [b"one"]),
        (b"event: ping\n\n", []),
        (b"\xef\xbb\xbfdata: one\n\n", [b"one"]),
        (b"data: one\n\n\xef\xbb\xbfdata: two\n\n", [b"one"]),
        (b"database: none\ndatum\n\n", []),
        (b"data:\n\ndata: \n\n", [b"", b""]),
        (b"data: one\n\n\n\n\ndata: two\n\n", [b"one", b"two"]),
        (b"", []),
    ],
)
def test_every_form_of_an_event_gives_its_data(stream: bytes, events: list[bytes]) -> None:
    assert decoded(stream) == events


def test_twenty_events_in_one_block_are_twenty_events() -> None:
    stream = b"".join(b"data: %d\n\n" % number for number in range(20))
    assert decoded(stream) == [b"%d" % number for number in range(20)]


def test_what_is_whole_in_itself_is_told_and_not_kept() -> None:
    decoder, block = Decoder(), b"data: one\n\ndata: two\n\n"
    assert decoder.whole(block) == [b"one", b"two"]
    assert decoder.feed(block + b"data: thr") == [b"one", b"two"]
    assert decoder.whole(block) == []
    assert decoder.feed(b"ee\n\n") == [b"three"]
    assert decoder.whole(block) == [b"one", b"two"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"data: one\n", b"data: one\r\n\r\n", b": hello\n\n", b"data: one\ndata: two\n\n", b"data: 1\n\n\n\n"],
)
def test_what_is_not_so_is_left(data: bytes) -> None:
    assert Decoder().whole(data) == []


def test_a_carriage_return_and_its_line_feed_in_two_blocks_end_one_line() -> None:
    assert decoded(b"data: one\r", b"\ndata: two\r", b"", b"\n\r\n") == [b"one\ntwo"]


def test_an_event_is_returned_with_the_byte_that_completes_it() -> None:
    decoder = Decoder()
    assert decoder.feed(b"data: one\n") == []
    assert decoder.feed(b"\n") == [b"one"]


def test_a_last_event_without_its_blank_line_is_returned_at_the_end() -> None:
    assert decoded(b"data: one\n\ndata: [DONE]") == [b"one", b"[DONE]"]
    assert decoded(b"data: one\n\ndata: [DONE]\n") == [b"one", b"[DONE]"]


@pytest.mark.parametrize(
    "endless",
    [
        [b"data: " + b"x" * 1_000 + b"\n\n"],
        [b"data: ", *[b"x" * 100] * 20],
        [b"data: xxxxxxxxxx\n"] * 200,
        [b": " + b"x" * 2_000],
    ],
)
def test_an_event_beyond_the_bound_overflows_and_keeps_nothing(endless: list[bytes]) -> None:
    decoder = Decoder(line_bytes_max=1_000)
    assert [event for block in endless for event in decoder.feed(block)] == []
    assert decoder.overflow
    assert decoder.feed(b"data: one\n\n") == []
    assert decoder.end() == []


def test_what_was_complete_before_an_overflow_is_returned() -> None:
    decoder = Decoder(line_bytes_max=10)
    assert decoder.feed(b"data: one\n\ndata: " + b"x" * 20 + b"\n\n") == [b"one"]
    assert decoder.overflow


def test_many_comments_are_no_overflow() -> None:
    decoder = Decoder(line_bytes_max=100)
    assert [decoder.feed(b": still here\n") for _ in range(100)] == [[]] * 100
    assert not decoder.overflow


def test_a_block_of_many_events_is_larger_than_the_bound_of_one() -> None:
    assert decoded(b"data: 12345678\n\n" * 50, line_bytes_max=20) == [b"12345678"] * 50
