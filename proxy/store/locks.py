"""Names of holds and scopes in, their rows kept from every other writer until the transaction ends; for a database where
writers stand beside each other."""

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from proxy.domain.ledger import (
    Enrol,
    ExtendRequest,
    HoldRequest,
    LedgerCommand,
    RecordCall,
    Refund,
    Reset,
    Settlement,
    Transfer,
)
from proxy.store.database import Connection
from proxy.store.holds import account_scope

_LOCK_HOLDS: Final = "SELECT id FROM holds WHERE id = ANY (?) ORDER BY id FOR UPDATE"
_MAKE_SCOPES: Final = "INSERT INTO scopes SELECT name FROM unnest(?::TEXT[]) AS name ORDER BY name ON CONFLICT DO NOTHING"
_LOCK_SCOPES: Final = "SELECT name FROM scopes WHERE name = ANY (?) ORDER BY name FOR UPDATE"


def scopes_of(command: LedgerCommand) -> set[str]:
    """Every scope that a command names; what it means for a hold that stands is the hold's to say."""
    match command:
        case HoldRequest(account_id=account_id, terms=terms, scopes=scopes):
            limited = {limit.scope for limit in terms.concurrency}
            return {account_scope(account_id), *scopes, *(cap.scope for cap in terms.caps)} | limited
        case ExtendRequest(terms=terms):
            return {cap.scope for cap in terms.caps}
        case Settlement() | RecordCall():
            return set()
        case Reset(account_id=account_id):
            return {account_scope(account_id)}
        case Enrol(user=user):
            return {account_scope(user.id), f"app:{user.app_id}"}
        case Transfer(giver_id=giver_id, taker_id=taker_id):
            return {account_scope(giver_id), account_scope(taker_id)}
        case Refund(call_id=call_id):
            # Nobody else gives this call back; where its credits go is known once its entries are read.
            return {f"call:{call_id}"}
        case _:
            assert_never(command)


class Locks:
    """What one transaction has locked. Whoever reads a counter, counts live holds or moves either of them has locked the scope
    first; so all who judge by the same figures take turns, and only they.

    Two transactions that take their holds first and then all their scopes, each kind in its order, never wait for each other
    in a circle. A scope that turns out later is locked then: at worst the database ends one of the two, which tries again.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: set[str] = set()

    def take_holds(self, hold_ids: Sequence[str]) -> None:
        """Live holds: nobody else extends or resolves them."""
        if hold_ids:
            self._connection.execute(_LOCK_HOLDS, (list(hold_ids),))

    def take(self, scopes: Iterable[str]) -> None:
        """Scopes by name, whether anything was ever counted in them or not."""
        # A grant's counters move with its account's and under the same lock.
        missing = sorted({scope for scope in scopes if not scope.startswith("grant:")} - self._taken)
        if missing:
            self._connection.execute(_MAKE_SCOPES, (missing,))
            self._connection.execute(_LOCK_SCOPES, (missing,)).fetchall()
            self._taken.update(missing)
