"""Who stands before an endpoint: headers in, a Caller or a Refusal out; by key, or for those who look after the gateway by a
session whose changes carry its token. Reads no body."""

from collections.abc import Mapping, Sequence
from typing import Final

from proxy.api.auth import RELIED_ON_NS
from proxy.api.cookie import TOKEN_HEADER, session_id
from proxy.api.services import Services
from proxy.domain.account import Caller, KeyKind
from proxy.domain.errors import Refusal

# Users hold their key in the page's memory; a cookie is for those who look after the gateway.
SESSION_KINDS: Final[frozenset[KeyKind]] = frozenset({"admin", "support"})
_READING: Final = frozenset({"GET", "HEAD"})


class Admission:
    """One request's admission, which can be asked again when its body took its time."""

    def __init__(self, services: Services, method: str, headers: Mapping[bytes, bytes], client: str) -> None:
        self._services = services
        self._method = method
        self._headers = headers
        self._address = services.gate.address(headers, client)
        self._since_ns = services.clock.monotonic_ns()

    async def admit(self, kinds: Sequence[KeyKind]) -> Caller | Refusal:
        """A key in `authorization` goes before any cookie."""
        found = None if b"authorization" in self._headers else session_id(self._headers)
        if found is None or SESSION_KINDS.isdisjoint(kinds):
            return await self._services.gate.admit(self._headers, self._address, kinds)
        return await self._in_session(found, kinds)

    async def still(self, caller: Caller, kinds: Sequence[KeyKind]) -> Caller | Refusal:
        """The caller as it is after its body has come."""
        if self._services.clock.monotonic_ns() - self._since_ns < RELIED_ON_NS:
            return caller
        return await self.admit(kinds)

    async def _in_session(self, found: str, kinds: Sequence[KeyKind]) -> Caller | Refusal:
        session = self._services.sessions.find(found, self._services.clock.now_ms())
        key_id = None if session is None else session.key_id
        caller = await self._services.gate.admit_session(key_id, self._address, kinds)
        if isinstance(caller, Refusal) or session is None or self._method in _READING:
            return caller
        token = self._headers.get(TOKEN_HEADER, b"").decode("latin-1")
        if session.owns(token):
            return caller
        name = TOKEN_HEADER.decode()
        return Refusal("forbidden", f"A change within a session needs its token in `{name}`.", param=name)
