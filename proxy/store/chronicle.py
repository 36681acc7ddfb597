"""How models and providers fared, half hour by half hour, and each turn of a breaker: added up as it happens, forgotten after
some days; judges nobody."""

from collections.abc import Sequence
from typing import Any, Final

from proxy.domain.oversight import SLOT_MS, PhaseChange, Slot
from proxy.store.database import Connection, Database

DAY_MS: Final = 86_400_000
SLOTS_KEPT_MS: Final = 3 * DAY_MS
CHANGES_KEPT_MS: Final = 30 * DAY_MS
SLOTS_MAX: Final = 10_000
CHANGES_MAX: Final = 200

_ADD: Final = (
    "INSERT INTO health_slots (slot_ms, model_id, provider_id, attempts, faults) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (slot_ms, model_id, provider_id) DO UPDATE SET"
    " attempts = health_slots.attempts + excluded.attempts, faults = health_slots.faults + excluded.faults"
)
_NOTE: Final = (
    "INSERT INTO health_changes (id, at_ms, kind, object_id, phase, why) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)
_SLOTS: Final = (
    "SELECT slot_ms, model_id, provider_id, attempts, faults FROM health_slots WHERE slot_ms >= ?"
    " ORDER BY slot_ms DESC, model_id, provider_id LIMIT ?"
)
_CHANGES: Final = "SELECT at_ms, kind, object_id, phase, why, id FROM health_changes"
_FORGET: Final = ("DELETE FROM health_slots WHERE slot_ms < ?", "DELETE FROM health_changes WHERE id < ?")


class SqlChronicle:
    """Implements ports.Chronicle, and what the worker that keeps it needs beside. `boot_id` tells processes apart."""

    def __init__(self, database: Database, boot_id: str) -> None:
        self._database = database
        self._boot_id = boot_id

    async def add(self, slots: Sequence[Slot], changes: Sequence[PhaseChange], now_ms: int) -> None:
        """Adds what one process saw; in one transaction with forgetting what is old."""
        counted = sorted((s.slot_ms, s.model_id, s.provider_id, s.attempts, s.faults) for s in slots)
        noted = [(self._id(c), c.at_ms, c.kind, c.object_id, c.phase, c.why) for c in changes]

        def write(connection: Connection) -> None:
            if counted:
                connection.executemany(_ADD, counted)
            if noted:
                connection.executemany(_NOTE, noted)
            for statement, before in zip(_FORGET, (now_ms - SLOTS_KEPT_MS, f"{now_ms - CHANGES_KEPT_MS:015}"), strict=True):
                connection.execute(statement, (before,))

        await self._database.write(write)

    async def slots(self, since_ms: int) -> list[Slot]:
        values = (since_ms // SLOT_MS * SLOT_MS, SLOTS_MAX)
        return await self._database.read(lambda connection: [Slot(*row) for row in connection.execute(_SLOTS, values)])

    async def changes(self, before_id: str | None, limit: int) -> list[PhaseChange]:
        where, given = ("true", ()) if before_id is None else ("id < ?", (before_id,))
        statement = f"{_CHANGES} WHERE {where} ORDER BY id DESC LIMIT {max(0, min(limit, CHANGES_MAX)):d}"
        return await self._database.read(lambda connection: [_change(row) for row in connection.execute(statement, given)])

    def _id(self, change: PhaseChange) -> str:
        return f"{change.at_ms:015}|{change.kind}|{change.object_id}|{self._boot_id}"


def _change(row: tuple[Any, ...]) -> PhaseChange:
    return PhaseChange(*row)
