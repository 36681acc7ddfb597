"""A wire between a gateway and its database that breaks on request, at the worst moment: around a COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

Break = Literal["before the server hears of the commit", "before its reply comes back"]

BREAKS: Final[tuple[Break, ...]] = ("before the server hears of the commit", "before its reply comes back")
_BYTES_MAX: Final = 65_536
_WAIT_S: Final = 60.0


class Wire:
    """Carries bytes both ways. `break_next` is where the next COMMIT is cut; while `is_down` nobody gets through, and with
    `stays_down` that is so from the cut on."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.break_next: Break | None = None
        self.stays_down = False
        self.is_down = False
        self._swallows, self._swallowed = threading.Event(), threading.Event()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.is_down:
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
                threading.Thread(target=self._answer, args=(far, near), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(_BYTES_MAX):
                breaks = self.break_next if b"COMMIT" in data else None
                if breaks is None:
                    far.sendall(data)
                    continue
                self.break_next, self.is_down = None, self.stays_down
                if breaks == "before its reply comes back":
                    self._swallowed.clear()
                    self._swallows.set()
                    far.sendall(data)
                    self._swallowed.wait(_WAIT_S)
                break
        _end(near)
        _end(far)

    def _answer(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(_BYTES_MAX):
                if self._swallows.is_set():
                    self._swallows.clear()
                    self._swallowed.set()
                    return
                near.sendall(data)
        _end(near)


@contextmanager
def wired(url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the database at `url`, and the address to reach it by."""
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 0))
    try:
        yield wire, urlunsplit(parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{wire.port}"))
    finally:
        wire.close()


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
