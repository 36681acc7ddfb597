"""Whether the secret that keys the hashes of API keys is the one that those in the books were made with: a secret in, a refusal
out where it is another; the books keep what it makes of a fixed text, never the secret."""

import hmac
from collections.abc import Callable
from typing import Final

from proxy.store.database import Connection, Database

_TEXT: Final = b"pepper:the keys in these books"
_READ: Final = "SELECT mark FROM pepper WHERE id = 1"
_PUT: Final = "INSERT INTO pepper (id, mark) VALUES (1, ?) ON CONFLICT (id) DO NOTHING"
_ANY_KEY: Final = "SELECT 1 FROM keys LIMIT 1"


class WrongPepper(Exception):
    """Keys in the books were hashed with another secret, so none that was issued would be accepted."""


class Pepper:
    """`secret` is the operator's. Books that have keys but no mark are of before there were marks, or of a demo: they get
    theirs when a key was accepted, which proves the secret."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._mark = hmac.digest(secret, _TEXT, "sha256")
        self._awaits_proof = False
        self.secret = secret

    async def fit(self) -> None:
        """Whoever comes to books without a key first says which secret it is. Raises WrongPepper, StoreUnavailable."""
        kept = await self._database.read(_kept) or await self._database.write(self._begin)
        self._awaits_proof = kept is None
        if kept is not None and not hmac.compare_digest(kept, self._mark):
            raise WrongPepper(
                "is not what the keys in these books were made with, so none of them would be accepted. Set the right one;"
                " if it is lost, README.md says how to go on with another (From demo to production, Pepper)."
            )

    async def remember(self, is_proven: Callable[[], bool]) -> None:
        """Marks the books once `is_proven`, where they `fit` for want of a mark. Raises StoreUnavailable."""
        if self._awaits_proof and is_proven():
            await self._database.write(self._put)
            self._awaits_proof = False

    def _begin(self, connection: Connection) -> bytes | None:
        if connection.execute(_ANY_KEY).fetchone() is None:
            self._put(connection)
        return _kept(connection)

    def _put(self, connection: Connection) -> None:
        connection.execute(_PUT, (self._mark,))


def _kept(connection: Connection) -> bytes | None:
    found = connection.execute(_READ).fetchone()
    return None if found is None else bytes(found[0])
