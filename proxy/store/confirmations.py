"""Calls that wait for their caller's confirmation, as rows that every process sees: a call and a digest in, whether it waited
out; keeps no text. They stand among the idempotency keys, for they are one too: a request that counts once, for a while."""

import hmac
from typing import Final

from proxy.store.database import Connection, Database
from proxy.store.used_keys import PUT

# No request has such a route.
_ROUTE: Final = "confirm"
_REDEEM: Final = "DELETE FROM idempotency_keys WHERE account_id = ? AND route = ? AND key = ? AND body_hash = ? AND at_ms > ?"


class SqlConfirmations:
    """Implements Confirmations. What nobody redeems is forgotten with the keys. Digests are kept keyed, or who has a copy of a
    table could try short prompts on it."""

    def __init__(self, database: Database, pepper: bytes) -> None:
        self._database = database
        self._pepper = pepper

    async def expect(self, user_id: str, call_id: str, digest: bytes, at_ms: int) -> None:
        kept = self._keyed(digest)

        def work(connection: Connection) -> None:
            connection.execute(PUT, (user_id, _ROUTE, call_id, kept, call_id, at_ms))

        await self._database.write(work)

    async def redeem(self, user_id: str, call_id: str, digest: bytes, since_ms: int) -> bool:
        kept = self._keyed(digest)

        def work(connection: Connection) -> bool:
            return connection.execute(_REDEEM, (user_id, _ROUTE, call_id, kept, since_ms)).rowcount == 1

        return await self._database.write(work)

    def _keyed(self, digest: bytes) -> bytes:
        return hmac.digest(self._pepper, digest, "sha256")
