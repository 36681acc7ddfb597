"""Content encodings of answers: arrived bytes in, plain bytes in bounded pieces out; we ask for none, some send one anyway."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

PIECE_BYTES_MAX: Final = 64 * 1024
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS


class Garbled(Exception):
    """The bytes are not what their encoding says."""


class Plain:
    """No encoding: what comes in goes out."""

    __slots__ = ()

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def end(self) -> None:
        """Nothing to check."""


class Deflated:
    """gzip or zlib, recognised by its first bytes. However much a byte unpacks to, a piece is at most 64 KB."""

    __slots__ = ("_stream",)

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The plain bytes of `data`, piece by piece. Raises Garbled."""
        while data and not self._stream.eof:
            try:
                piece = self._stream.decompress(data, PIECE_BYTES_MAX)
            except zlib.error as error:
                raise Garbled from error
            data = self._stream.unconsumed_tail
            if piece:
                yield piece

    def end(self) -> None:
        """Raises Garbled when the encoded stream is not complete."""
        if not self._stream.eof:
            raise Garbled


Decoder = Plain | Deflated

_DECODERS: Final[Mapping[str, Callable[[], Decoder]]] = {
    "": Plain,
    "identity": Plain,
    "gzip": Deflated,
    "x-gzip": Deflated,
    "deflate": Deflated,
}


def decoder(content_encoding: str) -> Decoder:
    """What reads a body with this `content-encoding`. Raises Garbled for one that we do not read."""
    make = _DECODERS.get(content_encoding.strip().lower())
    if make is None:
        raise Garbled
    return make()
