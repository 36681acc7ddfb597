"""How the books stand, for whoever answers for them: checks of the ledger asked for and kept, ceilings, open holds, alerts;
moves no balance and checks nothing itself."""

import json
from collections.abc import Sequence
from typing import Any, Final

from proxy.domain.alert import Alert
from proxy.domain.desk import Change
from proxy.domain.oversight import CheckState, LedgerCheck, OpenHold, OpenHolds
from proxy.domain.standing import Cap, CapStanding
from proxy.domain.value import replace
from proxy.ports import Clock, VersionConflict
from proxy.stages.ledger.sources import CALENDAR_ANCHOR, cap_key
from proxy.store.database import Connection, Database
from proxy.store.trail import Writing

# Longer than any is let run.
CHECK_S_MAX: Final = 1_800
LINES_MAX: Final = 100
ALERTS_MAX: Final = 200
_CHECKS_KEPT: Final = 20

_LAST_CHECK: Final = (
    "SELECT id, asked_at_ms, asked_by, state, began_at_ms, ended_at_ms, wrong, lines"
    " FROM ledger_checks ORDER BY id DESC LIMIT 1"
)
_ASK: Final = "INSERT INTO ledger_checks (id, asked_at_ms, asked_by, state, wrong, lines) VALUES (?, ?, ?, 'asked', 0, '[]')"
_FORGET: Final = (
    "DELETE FROM ledger_checks WHERE id < coalesce((SELECT id FROM ledger_checks ORDER BY id DESC LIMIT 1 OFFSET ?), '')"
)
_TAKE: Final = "UPDATE ledger_checks SET state = 'running', began_at_ms = ? WHERE id = ? AND state = 'asked'"
_END: Final = "UPDATE ledger_checks SET state = ?, ended_at_ms = ?, wrong = ?, lines = ? WHERE id = ?"
_COUNTER: Final = "SELECT spent, held FROM counters WHERE scope = ? AND name = ? AND epoch = ?"
_ALL_HOLDS: Final = "SELECT count(*), coalesce(sum(amount_milli), 0), coalesce(sum(raw_nano_usd), 0) FROM holds"
_OLDEST: Final = "SELECT id, account_id, family, amount_milli, raw_nano_usd, at_ms FROM holds ORDER BY at_ms, id LIMIT ?"
_ALERTS: Final = "SELECT id, kind, at_ms, facts, tries FROM alerts"


class SqlOversight:
    """Implements ports.Oversight, and what the worker that makes checks needs beside."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def last_check(self) -> LedgerCheck | None:
        now_ms = self._clock.now_ms()
        return await self._database.read(lambda connection: _last(connection, now_ms))

    async def ask_check(self, change: Change) -> LedgerCheck:
        now_ms = self._clock.now_ms()

        def ask(connection: Connection) -> LedgerCheck:
            last = _last(connection, now_ms)
            if last is not None and last.state in ("asked", "running"):
                raise VersionConflict("a check of the ledger is under way")
            check = LedgerCheck(f"check_{now_ms:015}", now_ms, change.actor, "asked")
            connection.execute(_ASK, (check.id, now_ms, change.actor))
            connection.execute(_FORGET, (_CHECKS_KEPT,))
            Writing(connection, change, now_ms).note("ledger.check", f"ledger:{check.id}", None, None)
            return check

        return await self._database.write(ask)

    async def take_check(self) -> LedgerCheck | None:
        """The check that is asked for and nobody makes yet; it is the taker's now."""
        # Looking takes no lock; there is rarely anything to take.
        last, now_ms = await self.last_check(), self._clock.now_ms()
        if last is None or last.state != "asked":
            return None
        taken = await self._database.write(lambda connection: connection.execute(_TAKE, (now_ms, last.id)).rowcount)
        return replace(last, state="running", began_at_ms=now_ms) if taken else None

    async def end_check(self, check_id: str, state: CheckState, lines: Sequence[str]) -> None:
        """What it came to; the first lines are kept."""
        wrong = len(lines) if state == "wrong" else 0
        ended = (state, self._clock.now_ms(), wrong, json.dumps(list(lines[:LINES_MAX])), check_id)
        await self._database.write(lambda connection: connection.execute(_END, ended).rowcount)

    async def ceilings(self, caps: Sequence[Cap]) -> list[CapStanding]:
        now_ms = self._clock.now_ms()
        return await self._database.read(lambda connection: [_standing(connection, cap, now_ms) for cap in caps])

    async def holds(self, limit: int) -> OpenHolds:
        def read(connection: Connection) -> OpenHolds:
            count, milli, raw_nano_usd = connection.execute(_ALL_HOLDS).fetchone()
            oldest = [OpenHold(*row) for row in connection.execute(_OLDEST, (limit,))]
            return OpenHolds(count, int(milli), int(raw_nano_usd), oldest)

        return await self._database.read(read)

    async def alerts(self, before_id: str | None, limit: int) -> list[Alert]:
        older = "(at_ms, id) < ((SELECT at_ms FROM alerts WHERE id = ?), ?)"
        where, given = ("true", ()) if before_id is None else (older, (before_id, before_id))
        statement = f"{_ALERTS} WHERE {where} ORDER BY at_ms DESC, id DESC LIMIT {max(0, min(limit, ALERTS_MAX)):d}"
        return await self._database.read(lambda connection: [_alert(row) for row in connection.execute(statement, given)])


def _last(connection: Connection, now_ms: int) -> LedgerCheck | None:
    row = connection.execute(_LAST_CHECK).fetchone()
    if row is None:
        return None
    *plain, wrong, lines = row
    check = replace(LedgerCheck(*plain), wrong=wrong, lines=tuple(json.loads(lines)))
    if check.state in ("asked", "running") and now_ms - (check.began_at_ms or check.asked_at_ms) > 1_000 * CHECK_S_MAX:
        return replace(check, state="failed", lines=("nobody finished it",))
    return check


def _standing(connection: Connection, cap: Cap, now_ms: int) -> CapStanding:
    spent, held = connection.execute(_COUNTER, cap_key(cap, now_ms, CALENDAR_ANCHOR)).fetchone() or (0, 0)
    return CapStanding(cap.scope, cap.window, cap.unit, cap.limit, spent, held)


def _alert(row: tuple[Any, ...]) -> Alert:
    id, kind, at_ms, facts, tries = row
    return Alert(id, kind, at_ms, json.loads(facts), tries)
