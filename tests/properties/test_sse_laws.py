"""Laws of the event stream decoder: where a stream is cut changes nothing, and it agrees with a plain reading of the rules."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.stages.provider.sse import Decoder

ENDINGS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.text(max_size=8).map(str.encode).filter(lambda text: b"\n" not in text and b"\r" not in text)
FIELDS = st.sampled_from([b"data: ", b"data:", b": ", b"event: ", b"id: ", b"retry: ", b"", b"data", b"database: "])
LINES = st.builds(lambda field, text, ending: field + text + ending, FIELDS, TEXTS, ENDINGS)
BLANKS = ENDINGS
USUAL = st.builds(lambda text: b"data: " + text + b"\n\n", TEXTS)
STREAMS = st.builds(
    lambda mark, parts: mark + b"".join(parts),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.one_of(LINES, BLANKS, USUAL), max_size=20),
)


@given(STREAMS, st.data())
def test_any_split_of_a_stream_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    blocks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert _decoded(blocks) == _decoded([stream])


@given(STREAMS)
def test_a_stream_byte_by_byte_gives_the_same_events(stream: bytes) -> None:
    assert _decoded([stream[i : i + 1] for i in range(len(stream))]) == _decoded([stream])


@given(STREAMS)
def test_the_decoder_agrees_with_the_standard_read_slowly(stream: bytes) -> None:
    assert _decoded([stream]) == _read_slowly(stream)


@given(st.lists(st.binary(max_size=40), max_size=40), st.integers(1, 60))
def test_no_stream_makes_it_keep_more_than_its_bound(blocks: list[bytes], line_bytes_max: int) -> None:
    decoder = Decoder(line_bytes_max)
    events = [event for block in blocks for event in decoder.feed(block)]
    assert all(len(event) <= line_bytes_max for event in events)


def _decoded(blocks: list[bytes]) -> list[bytes]:
    decoder = Decoder()
    events = [event for block in blocks for event in decoder.feed(block)]
    return events + decoder.end()


def _read_slowly(stream: bytes) -> list[bytes]:
    events: list[bytes] = []
    data: list[bytes] = []
    for line in [*stream.removeprefix(b"\xef\xbb\xbf").splitlines(), b""]:
        if not line and data:
            events.append(b"\n".join(data))
            data = []
        name, _, value = line.partition(b":")
        if line and name == b"data":
            data.append(value.removeprefix(b" "))
    return events
