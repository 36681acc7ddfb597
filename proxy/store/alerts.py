"""Alerts as the books notice them and as whoever tells them takes them: one row each, however many processes notice or tell;
judges no limit and calls nobody."""

import json
from typing import Final

from proxy.domain.alert import Alert, AlertKind
from proxy.ports import Clock
from proxy.stages.ledger.counters import CounterKey, Shifts
from proxy.stages.ledger.sources import Case
from proxy.stages.ledger.thresholds import Near, nearing, reached
from proxy.store.batch import Batch
from proxy.store.database import Connection, Database
from proxy.store.rows import to_json

HOUR_MS: Final = 3_600_000

Facts = dict[str, str | int | None]

_INSERT: Final = (
    "INSERT INTO alerts (id, kind, at_ms, facts, tries, due_at_ms) VALUES (?, ?, ?, ?, 0, ?) ON CONFLICT (id) DO NOTHING"
)
_ANY_DUE: Final = "SELECT 1 FROM alerts WHERE due_at_ms <= ? LIMIT 1"
# Asked twice, so that of two who take at once each alert goes to one.
_TAKE: Final = (
    "UPDATE alerts SET tries = tries + 1, due_at_ms = ? WHERE due_at_ms <= ?"
    " AND id IN (SELECT id FROM alerts WHERE due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?)"
    " RETURNING id, kind, at_ms, facts, tries"
)


def watch(batch: Batch, case: Case, at_ms: int) -> None:
    """Keeps in mind which of an account's limits its live holds could bring to a threshold: whatever settlement does bring one
    there, a hold before it was seen here. What stands there already, by whomever, is told now."""
    for key, limit in nearing(case.chart, batch.readings):
        near = batch.near.get(key)
        batch.near[key] = Near(limit, () if near is None else near.told)
        _tell(batch, key, at_ms)


def notice(batch: Batch, shifts: Shifts, at_ms: int) -> None:
    """Tells of every threshold that these shifts, which the books have just made, went past."""
    for key in {key for keys, *_ in shifts for key in keys} & batch.near.keys() if batch.near else ():
        _tell(batch, key, at_ms)


def note_absorbed(batch: Batch, account_id: str, call_id: str, absorbed_milli: int, at_ms: int) -> None:
    """A provider billed more than was held, or for what nobody pays: once an hour for each account, for a flood of them says
    no more."""
    facts: Facts = {"account": account_id, "call": call_id, "absorbed_milli": absorbed_milli}
    _insert(batch, f"absorbed|{account_id}|{at_ms // HOUR_MS}", "absorbed", facts, at_ms)


class SqlAlerts:
    """Implements ports.Alerts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, count_max: int, back_in_ms: int) -> list[Alert]:
        """Alerts that are due; each is due again after `back_in_ms` unless it is `done` or `postpone`d before."""
        now_ms = self._clock.now_ms()
        # Looking is cheap and takes no lock; there is rarely anything to take.
        if not await self._database.read(lambda connection: connection.execute(_ANY_DUE, (now_ms,)).fetchall()):
            return []
        asked = (now_ms + back_in_ms, now_ms, now_ms, count_max)
        return await self._database.write(lambda connection: _taken(connection, asked))

    async def done(self, alert_id: str) -> None:
        """Told, or given up: not due any more. The row stays, so that it is not noticed again."""
        await self._due(alert_id, None)

    async def postpone(self, alert_id: str, wait_ms: int) -> None:
        """To be tried again later."""
        await self._due(alert_id, self._clock.now_ms() + wait_ms)

    async def _due(self, alert_id: str, due_at_ms: int | None) -> None:
        change = ("UPDATE alerts SET due_at_ms = ? WHERE id = ?", (due_at_ms, alert_id))
        await self._database.write(lambda connection: connection.execute(*change).rowcount)


def _tell(batch: Batch, key: CounterKey, at_ms: int) -> None:
    limit, told = batch.near[key]
    spent = batch.readings[key].spent
    level = reached(spent, limit)
    for percent in level[len(told) :]:
        facts: Facts = {
            "scope": key.scope,
            "window": limit.window,
            "family": limit.family,
            "epoch": key.epoch,
            "percent": percent,
            "unit": limit.unit,
            "limit": limit.amount,
            "spent": spent,
        }
        _insert(batch, f"{key.scope}|{key.name}|{key.epoch}|{percent}", "threshold", facts, at_ms)
    batch.near[key] = Near(limit, max(told, level))


def _insert(batch: Batch, alert_id: str, kind: AlertKind, facts: Facts, at_ms: int) -> None:
    batch.insert(_INSERT, (alert_id, kind, at_ms, to_json(facts), at_ms))


def _taken(connection: Connection, asked: tuple[int, ...]) -> list[Alert]:
    found = connection.execute(_TAKE, asked).fetchall()
    return [Alert(id, kind, at_ms, json.loads(facts), tries) for id, kind, at_ms, facts, tries in found]
