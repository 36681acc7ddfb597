"""Credits given: a grant in, its row, its entry and its audit line out, inside one write; judges nobody."""

from typing import Final

from proxy.domain.desk import Grant
from proxy.store import values
from proxy.store.holds import INSERT_ENTRY
from proxy.store.table import Table
from proxy.store.trail import Writing

GRANTS: Final = Table("grants", values.GRANT_COLUMNS, values.grant_of, values.grant_row)


def give(writing: Writing, grant: Grant) -> Grant:
    """Adds the bucket and the line of the books that says so. VersionConflict when it exists."""
    GRANTS.insert(writing.connection, grant)
    entry = (f"{grant.id}:grant", None, grant.account_id, "grant", grant.amount_milli, writing.at_ms, "[]")
    writing.connection.execute(INSERT_ENTRY, entry)
    writing.note("grant.create", f"grant:{grant.id}", None, values.shown(grant))
    return grant


def given_by(writing: Writing, transfer_id: str) -> tuple[Grant, ...]:
    """What a transfer gave, in its order; its grants are TRANSFER.0001 and so on."""
    found = GRANTS.select(writing.connection, "id >= ? AND id < ? ORDER BY id", (f"{transfer_id}.", f"{transfer_id}/"))
    return tuple(found)
