"""What runs in this process: calls in and out, how many, and one word to end them all; runs none itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Protocol

from proxy.domain.errors import Refusal
from proxy.pipeline.limit import Limit
from proxy.pipeline.order import Rooms
from proxy.pipeline.rounds import Rounds
from proxy.pipeline.waiting import WaitingRoom


class Stoppable(Protocol):
    """A call that runs."""

    def stop(self, why: Refusal) -> bool: ...


class Traffic:
    """What is running now, who waits for its credits, and how many of it may be retrying at once: a share of them all, so that
    retries cannot storm."""

    def __init__(self, rooms: Rooms) -> None:
        self._retry_share_percent = rooms.knobs.retry_share_percent
        self.waiting = WaitingRoom(rooms.books, rooms.knobs.waiting)
        self.rounds = Rounds()
        self.settling = Limit(rooms.knobs.settle_wait_ms)
        self._calls: set[Stoppable] = set()
        self.live = 0
        self.streams = 0
        self.retrying = 0

    def running(self, call: Stoppable, is_stream: bool) -> "_Running":
        """Counts a call while it runs."""
        return _Running(self, call, is_stream)

    def count(self, call: Stoppable, is_stream: bool) -> None:
        """One more, until it is over."""
        self._calls.add(call)
        self.live += 1
        self.streams += is_stream

    def discount(self, call: Stoppable, is_stream: bool) -> None:
        """It is over."""
        self._calls.discard(call)
        self.live -= 1
        self.streams -= is_stream

    @contextmanager
    def retry(self) -> Iterator[None]:
        """Counts a call as retrying while it waits for that."""
        self.retrying += 1
        try:
            yield
        finally:
            self.retrying -= 1

    def stop(self, why: Refusal) -> int:
        """Ends all calls that hold something; how many. Each is settled, and its caller hears why."""
        return sum(call.stop(why) for call in self._calls)

    def allows_retry(self) -> bool:
        return self.retrying <= self.live * self._retry_share_percent // 100


class _Running(NamedTuple):
    """A call while it runs; a generator would cost it four times as much."""

    traffic: Traffic
    call: Stoppable
    is_stream: bool

    def __enter__(self) -> None:
        self.traffic.count(self.call, self.is_stream)

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None) -> None:
        self.traffic.discount(self.call, self.is_stream)
