"""Content encodings of answers: whatever the split, the same bytes; whatever the bytes, bounded pieces."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.encoding import PIECE_BYTES_MAX, Garbled, decoder


def unpacked(content_encoding: str, *parts: bytes) -> bytes:
    reader = decoder(content_encoding)
    plain = b"".join(piece for part in parts for piece in reader.feed(part))
    reader.end()
    return plain


@given(st.binary(max_size=400), st.integers(0, 400), st.booleans())
def test_any_split_of_a_packed_body_unpacks_to_the_same(body: bytes, at: int, is_gzip: bool) -> None:
    packed = gzip.compress(body) if is_gzip else zlib.compress(body)
    assert unpacked("gzip", packed[:at], packed[at:]) == body


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_no_encoding_passes_as_it_is(name: str) -> None:
    assert unpacked(name, b"as", b"is") == b"asis"


def test_a_bomb_unpacks_in_bounded_pieces() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    sizes = [len(piece) for piece in decoder("gzip").feed(bomb)]
    assert sum(sizes) == 20_000_000
    assert max(sizes) <= PIECE_BYTES_MAX


@given(st.binary(min_size=10, max_size=100).filter(lambda junk: junk[:1] not in (b"\x1f", b"x")))
def test_false_gzip_is_garbled(junk: bytes) -> None:
    with pytest.raises(Garbled):
        unpacked("gzip", junk)


def test_half_a_packed_body_is_garbled() -> None:
    with pytest.raises(Garbled):
        unpacked("gzip", gzip.compress(b"hello" * 100)[:-9])


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "x"])
def test_an_encoding_we_do_not_read_is_garbled(name: str) -> None:
    with pytest.raises(Garbled):
        decoder(name)
