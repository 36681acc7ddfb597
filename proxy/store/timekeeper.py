"""The moment that the books judge by: what the store's clock shows, held against the time that has passed and never let
back; sets no clock, and believes no jump until an admin does."""

from typing import Final, NamedTuple

from proxy.domain.clock import ClockDoubt, ClockState
from proxy.domain.desk import Change
from proxy.ports import Clock
from proxy.store.database import Connection, Database
from proxy.store.rows import to_json
from proxy.store.trail import Writing

# Further than this from what the time that has passed makes of it, a clock has jumped: nothing is admitted any more. NTP
# steps of a badly set machine at its start are smaller; a wrong day or time zone is not.
CLOCK_JUMP_MAX_MS: Final = 5 * 60_000
LOOK_EVERY_MS: Final = 5_000
_DAY_MS: Final = 86_400_000
_NS_PER_MS: Final = 1_000_000

_READ: Final = "SELECT furthest_ms, confirms, expected_ms, shown_ms FROM clock WHERE id = 1"
_KEEP: Final = "UPDATE clock SET furthest_ms = ? WHERE id = 1"
_DOUBT: Final = "UPDATE clock SET expected_ms = ?, shown_ms = ? WHERE id = 1"
_BEGIN_DAY: Final = "UPDATE clock SET furthest_ms = ?1 WHERE id = 1 AND furthest_ms < ?1"
_CONFIRM: Final = "UPDATE clock SET furthest_ms = ?, confirms = confirms + 1, expected_ms = NULL, shown_ms = NULL WHERE id = 1"
_ALERT: Final = (
    "INSERT INTO alerts (id, kind, at_ms, facts, tries, due_at_ms) VALUES (?, 'clock', ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING"
)


class _Anchor(NamedTuple):
    """A moment that was believed, and the time that had passed then on a clock that nobody sets."""

    at_ms: int
    elapsed_ns: int


class Timekeeper:
    """Implements ports.Timekeeping, for one process.

    All but `now_ms` and `doubt` is done in the writer's thread, inside its transaction. What is remembered here may be ahead
    of what a transaction that failed has left behind; the next look mends that.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._anchor: _Anchor | None = None
        self._furthest_ms = 0
        self._begun_day = 0
        self._confirms = 0
        self._looked_ns = 0
        self._doubt: ClockDoubt | None = None

    @property
    def doubt(self) -> ClockDoubt | None:
        """Why nothing may be admitted, as far as this process knows."""
        return self._doubt

    @property
    def elapsed_ns(self) -> int:
        """What the clock that nobody sets shows."""
        return self._clock.elapsed_ns()

    async def look(self) -> None:
        """Keeps what was judged by, and finds a jump where no batch does; cheap until it is time. Raises
        StoreUnavailable."""
        waited_ms = (self._clock.elapsed_ns() - self._looked_ns) // _NS_PER_MS
        if self._doubt is not None or self._anchor is None or waited_ms >= LOOK_EVERY_MS:
            await self._database.write(self._look)

    async def state(self) -> ClockState:
        """What the clock shows, and what the books make of it. Raises StoreUnavailable."""
        return await self._database.write(self._state)

    async def confirm(self, change: Change) -> ClockState:
        """The clock is right, an admin says: it is judged by from now on, back to an earlier day too. Nothing changes while it
        is not in doubt. Raises StoreUnavailable."""
        return await self._database.write(lambda connection: self._confirm(connection, change))

    def judge(self, connection: Connection) -> int:
        """The moment that a batch is judged by; `doubt` then says whether anything may be admitted at it. Once locks are
        held, it is never earlier than for whoever held them before."""
        shown_ms = connection.now_ms(self._clock)
        if self._anchor is not None and self._believes(shown_ms):
            self._furthest_ms = max(self._furthest_ms, shown_ms)
        else:
            self._see(connection)
        self._begin_day(connection)
        return self._furthest_ms

    def now_ms(self, connection: Connection) -> int:
        """The moment that a batch would be judged by now."""
        shown_ms = connection.now_ms(self._clock)
        return max(self._furthest_ms, shown_ms if self._believes(shown_ms) else self._expected_ms(shown_ms))

    def _look(self, connection: Connection) -> None:
        self._see(connection)
        connection.execute(_KEEP, (self._furthest_ms,))
        self._looked_ns = self._clock.elapsed_ns()

    def _see(self, connection: Connection) -> None:
        furthest_ms, confirms, expected_ms, was_shown_ms = connection.execute(_READ).fetchone()
        told = None if expected_ms is None else ClockDoubt(expected_ms, was_shown_ms)
        shown_ms = connection.now_ms(self._clock)
        if self._anchor is None or confirms != self._confirms:
            self._begin(shown_ms, furthest_ms, confirms, told)
        self._doubt = told or self._doubt or self._jump(shown_ms)
        if self._doubt is None:
            self._anchor = _Anchor(shown_ms, self._clock.elapsed_ns())
        self._furthest_ms = max(self._furthest_ms, furthest_ms, self._expected_ms(shown_ms))
        if self._doubt is not None and told is None:
            self._tell(connection, self._doubt)

    def _begin(self, shown_ms: int, furthest_ms: int, confirms: int, told: ClockDoubt | None) -> None:
        """What this process knew of the clock is nothing, or holds no longer. A clock behind what was judged by has gone
        back; one that is ahead shows that nobody was there."""
        is_back = shown_ms < furthest_ms - CLOCK_JUMP_MAX_MS
        self._anchor = _Anchor(furthest_ms if told or is_back else shown_ms, self._clock.elapsed_ns())
        self._furthest_ms, self._begun_day, self._confirms, self._doubt = furthest_ms, 0, confirms, None

    def _tell(self, connection: Connection, doubt: ClockDoubt) -> None:
        """Every process, and the operator."""
        connection.execute(_DOUBT, (doubt.expected_ms, doubt.shown_ms))
        facts = {"jump_s": doubt.jump_ms // 1_000, "expected_ms": doubt.expected_ms, "shown_ms": doubt.shown_ms}
        # Alerts are due by the machine's own clock, wherever it has jumped to.
        now_ms = self._clock.now_ms()
        connection.execute(_ALERT, (f"clock|{self._confirms}", now_ms, to_json(facts), now_ms))

    def _begin_day(self, connection: Connection) -> None:
        """Every window begins at a UTC midnight. So only who is first in a day must say so at once, and only who is late in
        one could be behind another process whose clock was let back since."""
        day = self._furthest_ms // _DAY_MS
        if day != self._begun_day and connection.execute(_BEGIN_DAY, (day * _DAY_MS,)).rowcount == 0:
            self._begun_day = day
        if self._furthest_ms % _DAY_MS >= _DAY_MS - CLOCK_JUMP_MAX_MS:
            self._furthest_ms = max(self._furthest_ms, connection.execute(_READ).fetchone()[0])

    def _state(self, connection: Connection) -> ClockState:
        self._look(connection)
        return ClockState(connection.now_ms(self._clock), self._furthest_ms, self._doubt)

    def _confirm(self, connection: Connection, change: Change) -> ClockState:
        before = self._state(connection)
        if before.doubt is None:
            return before
        connection.execute(_CONFIRM, (before.shown_ms,))
        shown = {"at_ms": before.shown_ms}
        doubted = {"at_ms": before.judged_by_ms, "jump_ms": before.doubt.jump_ms}
        Writing(connection, change, before.shown_ms).note("clock.confirm", "clock:store", doubted, shown)
        return self._state(connection)

    def _believes(self, shown_ms: int) -> bool:
        return self._doubt is None and self._jump(shown_ms) is None

    def _jump(self, shown_ms: int) -> ClockDoubt | None:
        expected_ms = self._expected_ms(shown_ms)
        return ClockDoubt(expected_ms, shown_ms) if abs(shown_ms - expected_ms) > CLOCK_JUMP_MAX_MS else None

    def _expected_ms(self, shown_ms: int) -> int:
        """What the time that has passed makes of the last moment that was believed; what is shown where there was none."""
        anchor = self._anchor
        if anchor is None:
            return shown_ms
        return anchor.at_ms + (self._clock.elapsed_ns() - anchor.elapsed_ns) // _NS_PER_MS
