"""The jobs behind the operator's pages, which keep the chronicle and make checks of the ledger; wires them and no more."""

from collections.abc import Awaitable, Callable
from typing import Final

from proxy.ports import Clock, HealthBoard
from proxy.store.chronicle import SqlChronicle
from proxy.store.database import Database
from proxy.store.oversight import SqlOversight
from proxy.workers.auditor import Auditor, Found
from proxy.workers.chronicler import Chronicler
from proxy.workers.supervisor import Job

CHRONICLE_EVERY_S: Final = 1.0
AUDIT_EVERY_S: Final = 2.0


def caretakers(
    database: Database, clock: Clock, boot_id: str, board: HealthBoard, verify: Callable[[], Awaitable[Found]]
) -> list[Job]:
    """`verify` checks the whole ledger beside the gateway."""
    chronicler = Chronicler(board, SqlChronicle(database, boot_id).add, clock)
    auditor = Auditor(SqlOversight(database, clock), verify)
    return [Job("chronicler", CHRONICLE_EVERY_S, chronicler.look), Job("auditor", AUDIT_EVERY_S, auditor.look)]
