"""Callers that hardly read: an address and a request in, as many sockets as wanted that take a little every second; understands
nothing of what it reads."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

WAIT_S: Final = 120.0


class SlowReaders:
    """So many connections, each with the same request. `alive` counts those that still hear something."""

    def __init__(self, url: str, request: bytes, readers: int, bytes_a_s: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._request = request
        self._readers = readers
        self._bytes_a_s = bytes_a_s
        self._sockets: list[socket.socket] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read_on)

    @property
    def alive(self) -> int:
        return len(self._sockets)

    def begin(self, pause_s: float) -> None:
        """All of them ask, one every `pause_s`; returns when each has heard its first bytes."""
        for _ in range(self._readers):
            self._sockets.append(self._asking())
            time.sleep(pause_s)
        for one in self._sockets:
            if not one.recv(1):
                raise ConnectionError("the gateway has hung up")
            one.setblocking(False)
        self._thread.start()

    def end(self) -> None:
        """All of them leave."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        for one in self._sockets:
            one.close()

    def _asking(self) -> socket.socket:
        one = socket.socket()
        # Before it connects, or the kernel takes megabytes in its place.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._bytes_a_s)
        one.settimeout(WAIT_S)
        one.connect(self._address)
        one.sendall(self._request)
        return one

    def _read_on(self) -> None:
        while not self._over.wait(1.0):
            self._sockets = [one for one in self._sockets if _reads(one, self._bytes_a_s)]


@contextmanager
def slow_readers(url: str, request: bytes, readers: int, bytes_a_s: int) -> Iterator[SlowReaders]:
    """They have not begun yet, and leave in the end."""
    made = SlowReaders(url, request, readers, bytes_a_s)
    try:
        yield made
    finally:
        made.end()


def _reads(one: socket.socket, bytes_max: int) -> bool:
    """Whether it is still connected."""
    try:
        return bool(one.recv(bytes_max))
    except BlockingIOError:
        return True
    except OSError:
        return False
