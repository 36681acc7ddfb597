"""What many commands will be judged by, each kind read in one journey; for a database that is not in this process."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from proxy.domain.desk import Grant
from proxy.stages.ledger.counters import CounterKey, Reading
from proxy.store.database import Connection

_GRANTS: Final = (
    "SELECT id, account_id, kind, amount_milli, reason, created_at_ms, family, expires_at_ms"
    " FROM grants WHERE account_id = ANY (?)"
)
_COUNTERS: Final = (
    "SELECT scope, name, epoch, spent, held FROM counters"
    " JOIN unnest((SELECT ?::TEXT[]), (SELECT ?::TEXT[]), (SELECT ?::TEXT[])) AS asked (scope, name, epoch)"
    " USING (scope, name, epoch)"
)
_LIVE: Final = "SELECT scope, count(*) FROM hold_scopes WHERE scope = ANY (?) GROUP BY scope"
_SUSPENDED: Final = "SELECT id FROM users WHERE suspended = 1 AND id = ANY (?)"
_RECORDED: Final = "SELECT id FROM model_calls WHERE id = ANY (?)"


def grants(connection: Connection, account_ids: Collection[str]) -> dict[str, tuple[Grant, ...]]:
    """All grants of each account, expired ones too; an empty tuple for an account without any."""
    found: defaultdict[str, list[Grant]] = defaultdict(list)
    for row in connection.execute(_GRANTS, (list(account_ids),)) if account_ids else ():
        found[row[1]].append(Grant(*row))
    return {account_id: tuple(found[account_id]) for account_id in account_ids}


def readings(connection: Connection, keys: Collection[CounterKey]) -> dict[CounterKey, Reading]:
    """What each counter shows; nothing spent and nothing held where nobody has counted yet."""
    found = dict.fromkeys(keys, Reading())
    for scope, name, epoch, spent, held in connection.execute(_COUNTERS, _columns(keys)) if keys else ():
        found[CounterKey(scope, name, epoch)] = Reading(spent, held)
    return found


def live(connection: Connection, scopes: Collection[str]) -> dict[str, int]:
    """How many holds live in each scope."""
    found = dict.fromkeys(scopes, 0)
    found.update(connection.execute(_LIVE, (list(scopes),)) if scopes else ())
    return found


def suspended(connection: Connection, account_ids: Collection[str]) -> dict[str, bool]:
    """Which accounts are suspended."""
    return _those(connection, _SUSPENDED, account_ids)


def recorded(connection: Connection, call_ids: Collection[str]) -> dict[str, bool]:
    """Which calls the register has."""
    return _those(connection, _RECORDED, call_ids)


def _those(connection: Connection, statement: str, ids: Collection[str]) -> dict[str, bool]:
    found = {id for (id,) in connection.execute(statement, (list(ids),))} if ids else set()
    return {id: id in found for id in ids}


def _columns(keys: Iterable[CounterKey]) -> list[list[str]]:
    return [list(column) for column in zip(*keys, strict=True)]
