"""Pieces of a body in, other pieces out: cut up, joined, packed, padded; knows no event and no JSON."""

import gzip
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final

from proxy.simulator.framing import Piece

BLOCK: Final = 20
_BOM: Final = b"\xef\xbb\xbf"
_MIB: Final = 1_048_576
_GZIP_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

Edit = Callable[[Iterable[Piece]], Iterator[Piece]]


def each_byte(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Every byte by itself."""
    for piece in pieces:
        yield from (Piece(piece.data[at : at + 1]) for at in range(len(piece.data)))


def in_blocks(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Twenty together."""
    block: list[bytes] = []
    for piece in pieces:
        block.append(piece.data)
        if len(block) == BLOCK:
            yield Piece(b"".join(block))
            block.clear()
    yield Piece(b"".join(block))


def astride(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The end of one with the beginning of the next, so that none ends where an event does."""
    left = b""
    for piece in pieces:
        half = len(piece.data) // 2
        yield Piece(left + piece.data[:half], piece.delta)
        left = piece.data[half:]
    yield Piece(left)


def after_mark(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """A byte order mark first."""
    yield Piece(_BOM)
    yield from pieces


def replaced(edit: Callable[[bytes], bytes]) -> Edit:
    """The body as one piece, changed."""

    def change(pieces: Iterable[Piece]) -> Iterator[Piece]:
        yield Piece(edit(b"".join(piece.data for piece in pieces)))

    return change


def gzipped(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Packed piece by piece, each readable as soon as it is there."""
    packer = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield Piece(packer.compress(piece.data) + packer.flush(zlib.Z_SYNC_FLUSH), piece.delta)
    yield Piece(packer.flush())


def gzip_cut(body: bytes) -> bytes:
    """Packed, without its last half."""
    packed = gzip.compress(body, mtime=0)
    return packed[: len(packed) // 2]


def bomb(mebibytes: int, opening: bytes, closing: bytes) -> Edit:
    """So much white space packed to a thousandth before the body, which is still what it was for who can read on."""

    def pack(pieces: Iterable[Piece]) -> Iterator[Piece]:
        body = closing + b"".join(piece.data for piece in pieces)
        packer = zlib.compressobj(wbits=-15)
        crc = zlib.crc32(body, _padding_crc(mebibytes, opening))
        length = len(opening) + mebibytes * _MIB + len(body)
        yield Piece(_GZIP_HEAD + _opened(opening))
        yield from (Piece(_packed_mebibyte()) for _ in range(mebibytes))
        yield Piece(packer.compress(body) + packer.flush() + struct.pack("<II", crc, length & 0xFFFFFFFF))

    return pack


def _opened(opening: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(opening) + packer.flush(zlib.Z_FULL_FLUSH)


@lru_cache(1)
def _packed_mebibyte() -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(b" " * _MIB) + packer.flush(zlib.Z_FULL_FLUSH)


@lru_cache(16)
def _padding_crc(mebibytes: int, opening: bytes) -> int:
    crc = zlib.crc32(opening)
    blank = b" " * _MIB
    for _ in range(mebibytes):
        crc = zlib.crc32(blank, crc)
    return crc
