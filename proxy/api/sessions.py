"""Sessions of the console: the id of an admitted key in, a session with two secrets out; bounded in number and time, never
in the books. A key's text is never kept, and what a session may do is asked of the gate at each request."""

import hashlib
import hmac
import secrets
from collections.abc import MutableMapping
from typing import Final

from proxy.domain.value import dataclass, replace

IDLE_MS: Final = 60 * 60 * 1_000
LIFETIME_MS: Final = 8 * 60 * 60 * 1_000
SESSIONS_MAX: Final = 1_000
# That a session is in use is noted no more often.
NOTED_EVERY_MS: Final = 60 * 1_000
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Session:
    """`token` must come with every change: a page of another origin can neither read nor send it."""

    key_id: str
    token: str
    ends_at_ms: int
    idle_until_ms: int

    def is_over(self, now_ms: int) -> bool:
        return now_ms >= min(self.ends_at_ms, self.idle_until_ms)

    def owns(self, token: str) -> bool:
        return hmac.compare_digest(self.token.encode(), token.encode())


class Sessions:
    """The id in a cookie is always one that was made here for this sign-in; one that is unknown is never taken over."""

    def __init__(self, sessions_max: int = SESSIONS_MAX, by_hash: MutableMapping[bytes, Session] | None = None) -> None:
        self._sessions_max = sessions_max
        # By the id's hash, so that how long a look-up takes says nothing of ids that exist.
        self._by_hash = {} if by_hash is None else by_hash

    def open(self, key_id: str, now_ms: int) -> tuple[str, Session]:
        """A new session and its id, which only the cookie holds. The oldest makes room when there are too many."""
        self._forget_ended(now_ms)
        while len(self._by_hash) >= self._sessions_max:
            self._by_hash.pop(next(iter(self._by_hash)), None)
        session_id = secrets.token_urlsafe(_SECRET_BYTES)
        session = Session(key_id, secrets.token_urlsafe(_SECRET_BYTES), now_ms + LIFETIME_MS, now_ms + IDLE_MS)
        self._by_hash[_hash(session_id)] = session
        return session_id, session

    def find(self, session_id: str, now_ms: int) -> Session | None:
        """The session, which thereby is in use; None where there is none or it is over."""
        hashed = _hash(session_id)
        session = self._by_hash.get(hashed)
        if session is None or session.is_over(now_ms):
            self._by_hash.pop(hashed, None)
            return None
        if now_ms + IDLE_MS - session.idle_until_ms >= NOTED_EVERY_MS:
            self._by_hash[hashed] = replace(session, idle_until_ms=now_ms + IDLE_MS)
        return session

    def end(self, session_id: str) -> None:
        self._by_hash.pop(_hash(session_id), None)

    def _forget_ended(self, now_ms: int) -> None:
        for hashed in list(self._by_hash):
            session = self._by_hash.get(hashed)
            if session is not None and session.is_over(now_ms):
                self._by_hash.pop(hashed, None)


def _hash(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()
