"""How long a stream may say nothing: what arrives of it in, the limit that is broken out; reads no byte and ends nothing.

A provider that sends comments is there, and that is all it says by them: they must not keep a caller waiting for a first token
or for the next event beyond the limits of the model.
"""

from proxy.domain.catalog import Timeouts
from proxy.domain.errors import FaultKind
from proxy.ports import Clock

_MS_NS = 1_000_000


class Patience:
    """Of one attempt, from now on. Whoever reads the stream asks after every piece of it; that pieces come at all is the
    upstream room's to watch."""

    __slots__ = ("_began_ns", "_clock", "_quiet_since_ns", "_timeouts")

    def __init__(self, clock: Clock, timeouts: Timeouts) -> None:
        self._clock = clock
        self._timeouts = timeouts
        self._began_ns = clock.monotonic_ns()
        self._quiet_since_ns: int | None = None

    def broken(self, has_event: bool, committed: bool) -> FaultKind | None:
        """After one more piece: whether an event came with it, and whether the caller has been told anything by now. Before
        that, events that say nothing count as little as comments do."""
        if has_event and committed:
            self._quiet_since_ns = None
            return None
        now_ns = self._clock.monotonic_ns()
        if not committed:
            return "first_byte_timeout" if now_ns - self._began_ns > self._timeouts.first_byte_ms * _MS_NS else None
        if self._quiet_since_ns is None:
            self._quiet_since_ns = now_ns
        return "idle_timeout" if now_ns - self._quiet_since_ns > self._timeouts.idle_ms * _MS_NS else None
