"""How long an attempt may take and a stream say nothing: what arrives of it in, the limit that is broken out; reads no byte and
ends nothing.

A provider that sends comments is there, and that is all it says by them: they must not keep a caller waiting for a first token
or for the next event beyond the limits of the model.
"""

from proxy.domain.catalog import Timeouts
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.journey import Journey
from proxy.domain.value import replace
from proxy.ports import Clock, UpstreamError

_MS_NS = 1_000_000


class Patience:
    """Of one attempt, from now on. Whoever reads a stream checks after every piece of it; that pieces come at all is the
    upstream room's to watch. `heard`: whether any event came."""

    __slots__ = ("_began_ns", "_clock", "_has_less_than_its_call", "_quiet_since_ns", "_timeouts", "heard")

    def __init__(self, clock: Clock, journey: Journey, timeouts: Timeouts) -> None:
        self._clock = clock
        self._timeouts = timeouts
        self._began_ns = clock.monotonic_ns()
        self._has_less_than_its_call = timeouts.total_ms < journey.left_ms(self._began_ns)
        self._quiet_since_ns: int | None = None
        self.heard = False

    def check(self, has_event: bool, committed: bool, status: int | None) -> None:
        """After one more piece: whether an event came with it, and whether the caller has been told anything by now. Before
        that, events that say nothing count as little as comments do. Raises UpstreamError."""
        self.heard = self.heard or has_event
        broken = self._broken(has_event, committed)
        if broken is not None:
            raise UpstreamError(Fault(broken, status=status))

    def spoken(self) -> None:
        """After one more piece that was events, and was told: what `check` makes of it."""
        self.heard = True
        self._quiet_since_ns = None

    def named(self, fault: Fault) -> Fault:
        """The fault by its right name: what was too long for an attempt may not be for its call."""
        is_own = fault.kind == "deadline" and self._has_less_than_its_call
        return replace(fault, kind="total_timeout") if is_own else fault

    def _broken(self, has_event: bool, committed: bool) -> FaultKind | None:
        if has_event and committed:
            self._quiet_since_ns = None
            return None
        now_ns = self._clock.monotonic_ns()
        if not committed:
            return "first_byte_timeout" if now_ns - self._began_ns > self._timeouts.first_byte_ms * _MS_NS else None
        if self._quiet_since_ns is None:
            self._quiet_since_ns = now_ns
        return "idle_timeout" if now_ns - self._quiet_since_ns > self._timeouts.idle_ms * _MS_NS else None
