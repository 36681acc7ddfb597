"""The whole ledger in, a sentence for every place where the books disagree with their entries out; changes nothing."""

from collections.abc import Iterator
from typing import Any, Final

from proxy.store.database import Connection, Database
from proxy.store.holds import lines

_ENTRIES: Final = "SELECT id, lines FROM entries WHERE id > ? ORDER BY id LIMIT ?"
_COUNTERS: Final = (
    "SELECT scope, name, epoch, spent, held FROM counters WHERE (scope, name, epoch) > (?, ?, ?)"
    " ORDER BY scope, name, epoch LIMIT ?"
)
_PAGE_ROWS: Final = 20_000

Sums = tuple[int, int]

# Each finds ids; the sentence says what is wrong with them.
_IDS: Final = (
    (
        "hold {} is live but has no entry, or has been resolved",
        "SELECT id FROM holds WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = holds.id || ':0')"
        " OR EXISTS (SELECT 1 FROM entries WHERE entries.id = holds.id || ':2')",
    ),
    (
        "hold {} is neither live nor resolved",
        "SELECT hold_id FROM entries WHERE kind = 'hold'"
        " AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.id = entries.hold_id)"
        " AND NOT EXISTS (SELECT 1 FROM entries AS last WHERE last.id = entries.hold_id || ':2')",
    ),
    (
        "hold {} is resolved but left no call, or one with another charge",
        "SELECT hold_id FROM entries LEFT JOIN model_calls ON model_calls.id = hold_id"
        " WHERE entries.kind IN ('settle', 'release') AND model_calls.credits_milli IS DISTINCT FROM entries.amount_milli"
        " + coalesce((SELECT late.amount_milli FROM entries AS late WHERE late.id = entries.hold_id || ':adjust'), 0)",
    ),
    (
        "call {} shows a charge that no entry proves",
        "SELECT id FROM model_calls WHERE credits_milli <> 0"
        " AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = model_calls.id || ':2')",
    ),
    (
        "call {} was adjusted, but was not taken for crashed before or still is",
        "SELECT hold_id FROM entries WHERE id = hold_id || ':adjust' AND (EXISTS (SELECT 1 FROM model_calls"
        " WHERE model_calls.id = hold_id AND status = 'crashed')"
        " OR NOT EXISTS (SELECT 1 FROM entries AS last WHERE last.id = entries.hold_id || ':2'))",
    ),
    (
        "an idempotency key stands for call {}, which is neither live nor recorded",
        "SELECT call_id FROM idempotency_keys WHERE NOT EXISTS (SELECT 1 FROM holds WHERE holds.id = call_id)"
        " AND NOT EXISTS (SELECT 1 FROM model_calls WHERE model_calls.id = call_id)",
    ),
    (
        "concurrency counts hold {}, which is not live",
        "SELECT DISTINCT hold_id FROM hold_scopes WHERE NOT EXISTS (SELECT 1 FROM holds WHERE holds.id = hold_id)",
    ),
    (
        "grant {} has no entry, or one of another account or amount",
        "SELECT id FROM grants WHERE NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = grants.id || ':grant'"
        " AND kind = 'grant' AND entries.account_id = grants.account_id AND entries.amount_milli = grants.amount_milli)",
    ),
    (
        "entry {} is about a grant that there is not",
        "SELECT id FROM entries WHERE kind = 'grant'"
        " AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.id = substr(entries.id, 1, length(entries.id) - length(':grant')))",
    ),
    (
        "transfer {} did not give what it took",
        "SELECT substr(id, 1, length(id) - length(':transfer')) AS transfer FROM entries WHERE id LIKE '%:transfer'"
        " AND -amount_milli IS DISTINCT FROM (SELECT sum(amount_milli) FROM grants"
        " WHERE grants.id >= substr(entries.id, 1, length(entries.id) - length(':transfer')) || '.'"
        " AND grants.id < substr(entries.id, 1, length(entries.id) - length(':transfer')) || '/')",
    ),
    (
        "the refund of call {} is not what its row shows, or more than was charged",
        "SELECT hold_id FROM entries LEFT JOIN model_calls ON model_calls.id = hold_id WHERE entries.id = hold_id || ':refund'"
        " AND (model_calls.refunded_milli IS DISTINCT FROM -entries.amount_milli OR refunded_milli > credits_milli)",
    ),
    (
        "call {} shows a refund that no entry proves",
        "SELECT id FROM model_calls WHERE refunded_milli <> 0"
        " AND NOT EXISTS (SELECT 1 FROM entries WHERE entries.id = model_calls.id || ':refund')",
    ),
    (
        "more is spent and held of grant {} than it gave",
        "SELECT id FROM grants JOIN counters ON counters.scope = 'grant:' || grants.id"
        " WHERE counters.spent + counters.held > grants.amount_milli",
    ),
)


async def verify(database: Database) -> list[str]:
    """Recomputes every counter from the entries and names each difference; empty when the books are right."""
    return await database.read(_verify)


def _verify(connection: Connection) -> list[str]:
    wrong = list(_wrong_counters(connection))
    for sentence, query in _IDS:
        wrong += [sentence.format(found) for (found,) in connection.execute(query)]
    return wrong


def _wrong_counters(connection: Connection) -> Iterator[str]:
    """Counters and entries are read a page at a time and summed here: what has to be kept is a pair for each counter, however
    many entries there are."""
    truth = _summed(connection)
    for scope, name, epoch, *sums in _pages(connection, _COUNTERS, ("", "", "")):
        shown, true = tuple(sums), truth.pop((scope, name, epoch), None)
        if shown != true or min(shown) < 0:
            yield _wrong(f"{scope} {name} {epoch}", shown, true)
    for (scope, name, epoch), true in sorted(truth.items()):
        yield _wrong(f"{scope} {name} {epoch}", None, true)


def _summed(connection: Connection) -> dict[tuple[str, str, str], Sums]:
    truth: dict[tuple[str, str, str], Sums] = {}
    for _, text in _pages(connection, _ENTRIES, ("",)):
        for scope, name, epoch, spent, held in lines(text):
            before = truth.get((scope, name, epoch), (0, 0))
            truth[scope, name, epoch] = (before[0] + spent, before[1] + held)
    return truth


def _pages(connection: Connection, statement: str, after: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that goes on after a key, whose columns come first in a row."""
    while page := connection.execute(statement, (*after, _PAGE_ROWS)).fetchall():
        yield from page
        after = page[-1][: len(after)]


def _wrong(counter: str, shown: Sums | None, true: Sums | None) -> str:
    spent, held = shown or (None, None)
    true_spent, true_held = true or (None, None)
    return f"counter {counter} shows spent {spent}, held {held}; its entries sum to {true_spent}, {true_held}"
