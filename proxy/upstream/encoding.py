"""Content encodings of answers: arrived bytes in, plain bytes in bounded pieces out; we ask for none, some send one anyway."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from proxy.domain.errors import Fault
from proxy.ports import Exchange, UpstreamError

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


def unpacked(packed: Exchange, content_encoding: str | None) -> Exchange:
    """An answer without the encoding that nobody asked for. Raises UpstreamError for one that we do not read."""
    if content_encoding is None:
        return packed
    try:
        return _Unpacked(packed, decoder(content_encoding))
    except Garbled as error:
        raise UpstreamError(Fault("garbled", status=packed.status)) from error


class _Unpacked:
    """Implements Exchange around one whose body is encoded. What a byte unpacks to is unpacked when it is read, so that it
    waits in memory packed."""

    def __init__(self, packed: Exchange, decoder: Decoder) -> None:
        self.status = packed.status
        self.headers = packed.headers
        self._packed = packed
        self._decoder = decoder
        self._pieces: Iterator[bytes] = iter(())
        self._over = False
        self._fault: Fault | None = None

    async def next_bytes(self) -> bytes:
        if self._fault is not None:
            raise UpstreamError(self._fault)
        try:
            return await self._next_piece()
        except Garbled as error:
            self._fault = Fault("garbled", status=self.status)
            await self._packed.close()
            raise UpstreamError(self._fault) from error

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        """Packed bytes have to be unpacked first, when they are read."""

    def finish(self) -> None:
        self._packed.finish()

    async def close(self) -> None:
        if not self._over and self._fault is None:
            self._fault = Fault("reset", status=self.status)
        await self._packed.close()

    async def _next_piece(self) -> bytes:
        while (piece := next(self._pieces, None)) is None:
            arrived = await self._packed.next_bytes()
            if not arrived:
                self._decoder.end()
                self._over = True
                return b""
            self._pieces = self._decoder.feed(arrived)
        return piece
