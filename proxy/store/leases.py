"""Heartbeats in, holds that nobody keeps resolved; the only clock here is the time the store has been seen up."""

from typing import Final

from proxy.domain.ledger import ReconcileReport
from proxy.domain.value import dataclass
from proxy.ports import Clock
from proxy.stages.ledger.bill import Bill
from proxy.store import rows
from proxy.store.batch import Batch, Memory
from proxy.store.database import Connection, Database
from proxy.store.folding import fold
from proxy.store.holds import Hold
from proxy.store.ledger import resolve
from proxy.store.recorded import call_of

# How many holds one transaction resolves; a crash under load leaves more, which follow in the next pass.
_RECONCILE_MAX: Final = 500

_LAST_BEAT: Final = "SELECT coalesce(max(beat_at_ms), 0), coalesce(max(up_ms), 0) FROM processes"
_BEAT: Final = (
    "INSERT INTO processes (boot_id, started_at_ms, beat_at_ms, up_ms) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (boot_id) DO UPDATE SET beat_at_ms = excluded.beat_at_ms, up_ms = excluded.up_ms"
)
# A hold taken before its process's first beat counts as kept since it was taken.
_ABANDONED: Final = (
    "SELECT holds.id FROM holds LEFT JOIN processes USING (boot_id)"
    " WHERE deadline_up_ms < ?1 OR (at_up_ms < ?2 AND coalesce(up_ms, 0) < ?2) ORDER BY holds.id LIMIT ?3"
)
_FORGET: Final = (
    "DELETE FROM processes WHERE up_ms < ? AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.boot_id = processes.boot_id)"
)


@dataclass(frozen=True, slots=True)
class LeaseLimits:
    """`lease_ms` is how long a silent process keeps its holds, `grace_ms` how much later the reconciler acts, and
    `beat_ms` the longest regular time between two beats of a process; it must be well below both."""

    lease_ms: int = 60_000
    grace_ms: int = 15_000
    beat_ms: int = 10_000


class SqlLeases:
    """Implements ports.Leases.

    Leases do not end by the wall clock. Each beat advances a clock kept in the database by the time since anybody's last
    beat, `beat_ms` at most: so an outage of the store, a halt of every process, or a jump of the wall clock counts as one
    beat, and a lease ends only after others have been seen beating for its whole length without its process. The price: the
    holds of a crashed single process wait until its successor has been up for `lease_ms + grace_ms`.
    """

    def __init__(self, database: Database, clock: Clock, boot_id: str, limits: LeaseLimits) -> None:
        self._database = database
        self._clock = clock
        self._boot_id = boot_id
        self._limits = limits

    async def beat(self) -> None:
        """Says that this process lives. Raises StoreUnavailable: after `lease_ms` of that its calls must have ended."""
        await self._database.write(self._beat)

    async def reconcile(self) -> ReconcileReport:
        """Resolves holds whose process fell silent or whose deadline is over: charges what was metered, gives back the rest
        and leaves a call of status `crashed`. Raises StoreUnavailable."""
        return await self._database.write(self._reconcile)

    def _beat(self, connection: Connection) -> int:
        now_ms = connection.now_ms(self._clock)
        last_ms, up_ms = connection.execute(_LAST_BEAT).fetchone()
        up_ms += min(max(0, now_ms - last_ms), self._limits.beat_ms)
        connection.execute(_BEAT, (self._boot_id, now_ms, now_ms, up_ms))
        return int(up_ms)

    def _reconcile(self, connection: Connection) -> ReconcileReport:
        over_up_ms = self._beat(connection) - self._limits.grace_ms
        silent_up_ms = over_up_ms - self._limits.lease_ms
        bounds = (over_up_ms, silent_up_ms, _RECONCILE_MAX)
        found = [hold_id for (hold_id,) in connection.execute(_ABANDONED, bounds).fetchall()]
        batch = Batch(connection, found, Memory())
        holds = [hold for hold_id in found if (hold := batch.hold(hold_id)) is not None]
        at_ms = connection.now_ms(self._clock)
        for hold in holds:
            _bury(batch, hold, at_ms)
        batch.flush()
        if holds:
            # Whoever held them may have left calls that it did not come to fold.
            fold(connection)
        connection.execute(_FORGET, (silent_up_ms,))
        settled = sum(1 for hold in holds if hold.metered_milli)
        return ReconcileReport(settled, len(holds) - settled, tuple(hold.id for hold in holds))


def _bury(batch: Batch, hold: Hold, at_ms: int) -> None:
    held = hold.split.amounts
    # Only credits were metered; the raw cost is taken to be the same share of what was held for it.
    share_nano = held.raw_nano_usd * hold.metered_milli
    raw_nano_usd = -(-share_nano // held.credits_milli) if held.credits_milli else 0
    settled = resolve(batch, hold, "crashed", Bill(hold.metered_milli, raw_nano_usd), at_ms)
    call = batch.as_begun(hold)
    call |= {
        "status": "crashed",
        "code": "internal_error",
        "reason": "crashed",
        "usage_source": "estimated",
        "credits_milli": settled.charged_milli,
        "raw_nano_usd": raw_nano_usd,
        "absorbed_milli": settled.absorbed_milli,
    }
    batch.insert(rows.INSERT_CALL, (*(call[column] for column in rows.CALL_COLUMNS), "[]"))
    batch.count(call_of(call))
    if call["conversation_id"] is not None:
        conversation = (call["conversation_id"], hold.account_id, call["assistant_id"], None, call["at_ms"])
        batch.insert(rows.INSERT_CONVERSATION, conversation)
