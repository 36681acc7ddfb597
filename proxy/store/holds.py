"""Live holds, grants and entries as rows: split and lines to JSON and back; decides nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from proxy.domain.desk import Entry, Grant, LedgerLine
from proxy.stages.ledger.counters import CounterKey
from proxy.stages.ledger.split import Part, Share, Split
from proxy.store.database import Connection
from proxy.store.rows import Row, to_json

INSERT_HOLD: Final = "INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
UPDATE_HOLD: Final = (
    "UPDATE holds SET family = ?, amount_milli = ?, raw_nano_usd = ?, metered_milli = ?, extends = ?, split = ? WHERE id = ?"
)
_SELECT_HOLDS: Final = (
    "SELECT id, account_id, boot_id, metered_milli, extends, at_ms, at_up_ms, deadline_up_ms, family, scopes, split, began"
    " FROM holds WHERE id IN (SELECT value FROM json_each(?))"
)
_SELECT_LIVE: Final = "SELECT id, extends, metered_milli FROM holds WHERE id IN (SELECT value FROM json_each(?))"
INSERT_ENTRY: Final = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"


Named = Callable[[tuple[CounterKey, ...]], str]
NONE: Final[Mapping[str, "Hold"]] = MappingProxyType({})


class Hold(NamedTuple):
    """A live hold. `began` says where its call stands as it was at admission; the `_up_ms` moments are on
    the store's own clock."""

    id: str
    account_id: str
    boot_id: str
    metered_milli: int
    extends: int
    at_ms: int
    at_up_ms: int
    deadline_up_ms: int
    scopes: tuple[str, ...]
    split: Split
    began: str


def insert_row(hold: Hold, named: Named) -> Row:
    """The parameters of INSERT_HOLD. `named` says names of counters as JSON."""
    split = hold.split
    return (
        hold.id,
        hold.account_id,
        split.family,
        hold.boot_id,
        split.milli,
        split.raw_nano_usd,
        hold.metered_milli,
        hold.extends,
        hold.at_ms,
        hold.at_up_ms,
        hold.deadline_up_ms,
        to_json(hold.scopes),
        _split_json(split, named),
        hold.began,
    )


def update_row(hold: Hold, named: Named) -> Row:
    """The parameters of UPDATE_HOLD."""
    split = hold.split
    return (
        split.family,
        split.milli,
        split.raw_nano_usd,
        hold.metered_milli,
        hold.extends,
        _split_json(split, named),
        hold.id,
    )


def find(
    connection: Connection, hold_ids: Sequence[str], known: Mapping[str, Hold], live: Mapping[str, Hold] = NONE
) -> dict[str, Hold]:
    """Those of `hold_ids` that are live, by id. What is in `live` is not looked for; what is `known` as it stands is not read
    again."""
    found = {hold_id: live[hold_id] for hold_id in hold_ids if hold_id in live}
    unseen = [hold_id for hold_id in hold_ids if hold_id not in found]
    unread: list[str] = []
    for hold_id, extends, metered_milli in connection.execute(_SELECT_LIVE, (to_json(unseen),)) if unseen else ():
        hold = known.get(hold_id)
        if hold is not None and (hold.extends, hold.metered_milli) == (extends, metered_milli):
            found[hold_id] = hold
        else:
            unread.append(hold_id)
    if unread:
        found |= {row[0]: _from_row(row) for row in connection.execute(_SELECT_HOLDS, (to_json(unread),))}
    return found


def scopes_of(hold: Hold) -> set[str]:
    """Every scope in which the hold counts."""
    parts = hold.split.parts
    shares = {key.scope for part in parts for share in part.shares for key in share.keys}
    caps = {key.scope for part in parts for key in (*part.caps, *part.ceilings)}
    return {account_scope(hold.account_id), *hold.scopes} | shares | caps


def account_scope(account_id: str) -> str:
    """The scope that stands for all an account has, its grants too."""
    return f"user:{account_id}"


def keys_json(keys: Sequence[CounterKey]) -> str:
    """Names of counters, [scope, name, epoch] each."""
    # Plain tuples: the encoder knows no NamedTuple.
    return to_json([tuple(key) for key in keys])


def lines(text: str) -> Iterator[tuple[str, str, str, int, int]]:
    """An entry's lines, one for each counter: scope, name, epoch, spent, held. They are written as [names of counters, spent,
    held]; the first releases wrote them out."""
    for line in orjson.loads(text):
        if isinstance(line[0], str):
            yield tuple(line)
        else:
            keys, spent, held = line
            yield from ((scope, name, epoch, spent, held) for scope, name, epoch in keys)


def entry(row: tuple[Any, ...]) -> Entry:
    """A row of `entries`, whole."""
    *plain, text = row
    values: list[Any] = [*plain, tuple(LedgerLine(*line) for line in lines(text))]
    return Entry(*values)


def entries_of(connection: Connection, hold_id: str) -> list[Entry]:
    """All entries of one hold, as they happened."""
    found = connection.execute("SELECT * FROM entries WHERE id >= ? AND id < ? ORDER BY id", (f"{hold_id}:", f"{hold_id};"))
    return [entry(row) for row in found]


def resets_of(connection: Connection, account_id: str) -> list[Entry]:
    """All resets of one account's windows; their ids are ACCOUNT:reset:COMMAND."""
    asked = (f"{account_id}:reset:", f"{account_id}:reset;")
    return [entry(row) for row in connection.execute("SELECT * FROM entries WHERE id >= ? AND id < ?", asked)]


def grants_of(connection: Connection, account_id: str) -> tuple[Grant, ...]:
    """All grants of one account, expired ones too."""
    found = connection.execute(
        "SELECT id, account_id, kind, amount_milli, reason, created_at_ms, family, expires_at_ms"
        " FROM grants WHERE account_id = ?",
        (account_id,),
    )
    return tuple(Grant(*row) for row in found)


def _from_row(row: tuple[Any, ...]) -> Hold:
    *plain, family, scopes, split, began = row
    values: list[Any] = [*plain, tuple(orjson.loads(scopes)), _split(family, split), began]
    return Hold(*values)


def _split_json(split: Split, named: Named) -> str:
    return f"[{','.join([_part_json(part, named) for part in split.parts])}]"


def _part_json(part: Part, named: Named) -> str:
    shares = ",".join([f"[{named(share.keys)},{share.milli}]" for share in part.shares])
    return f"[[{shares}],{named(part.caps)},{named(part.ceilings)},{part.raw_nano_usd}]"


def _split(family: str, text: str) -> Split:
    return Split(family, tuple(_part(*part) for part in orjson.loads(text)))


def _part(shares: list[Any], caps: list[Any], ceilings: list[Any], raw_nano_usd: int) -> Part:
    return Part(tuple(Share(_keys(keys), milli) for keys, milli in shares), _keys(caps), _keys(ceilings), raw_nano_usd)


def _keys(found: list[Any]) -> tuple[CounterKey, ...]:
    return tuple(CounterKey(*key) for key in found)
