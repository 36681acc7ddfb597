"""The whole ledger in, a sentence for every place where the books disagree with their entries out; changes nothing."""

from typing import Final

from proxy.store.database import Connection, Database

# Counters and entries are laid over one another and sorted once, for a join of all with all is more than a large ledger bears.
_COUNTERS: Final = """
WITH both_sides AS (
    SELECT scope, name, epoch, spent AS shown_spent, held AS shown_held, NULL AS spent, NULL AS held FROM counters
    UNION ALL
    SELECT json_extract(line.value, '$[0]'), json_extract(line.value, '$[1]'), json_extract(line.value, '$[2]'), NULL, NULL,
           CAST(json_extract(line.value, '$[3]') AS BIGINT), CAST(json_extract(line.value, '$[4]') AS BIGINT)
    FROM entries, json_each(entries.lines) AS line
), summed AS (
    SELECT scope, name, epoch, sum(shown_spent) AS shown_spent, sum(shown_held) AS shown_held, sum(spent) AS spent,
           sum(held) AS held
    FROM both_sides GROUP BY scope, name, epoch
)
SELECT * FROM summed
WHERE shown_spent IS DISTINCT FROM spent OR shown_held IS DISTINCT FROM held OR shown_spent < 0 OR shown_held < 0
ORDER BY scope, name, epoch
"""

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
    wrong = [
        f"counter {scope} {name} {epoch} shows spent {spent}, held {held}; its entries sum to {true_spent}, {true_held}"
        for scope, name, epoch, spent, held, true_spent, true_held in connection.execute(_COUNTERS)
    ]
    for sentence, query in _IDS:
        wrong += [sentence.format(found) for (found,) in connection.execute(query)]
    return wrong
