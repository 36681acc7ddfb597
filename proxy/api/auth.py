"""Who calls: headers and address in, a Caller or a Refusal out, before any body is read; decides no plan or price."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from proxy.api import keys
from proxy.domain.account import Caller, KeyKind, barred
from proxy.domain.errors import Refusal
from proxy.domain.plan import Rate
from proxy.domain.value import dataclass
from proxy.ports import Accounts, Clock, Limiter, Recorder, StoreUnavailable

EXTERNAL_ID_MAX: Final = 256
# How long what was known of a caller may be relied on (contract 1: a change is seen within a second).
RELIED_ON_NS: Final = 1_000_000_000
_CALLERS: Final[tuple[KeyKind, ...]] = ("user", "app")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class GateRules:
    """`pepper` keys the hashes; `failures` bounds failed sign-ins per address; `trusted_proxies` may say whom they serve."""

    pepper: bytes
    failures: Rate = Rate(30, 60)
    trusted_proxies: tuple[Network, ...] = ()


class Gate:
    """Lets callers in. Failures are counted per address and never stop a valid key (contract 1); of an address that goes on
    after too many, `guessed` is told."""

    def __init__(
        self,
        rules: GateRules,
        accounts: Accounts,
        limiter: Limiter,
        recorder: Recorder,
        clock: Clock,
        guessed: Callable[[str], None],
    ) -> None:
        self._rules = rules
        self._accounts = accounts
        self._limiter = limiter
        self._recorder = recorder
        self._clock = clock
        self._guessed = guessed
        # Whether any key was the one that the books have: so they were hashed with this pepper.
        self.has_matched = False

    async def admit(
        self, headers: Mapping[bytes, bytes], address: str, kinds: Sequence[KeyKind] = _CALLERS
    ) -> Caller | Refusal:
        """The caller whose key is in `authorization`, acting for the end user it names; its key must be one of `kinds`."""
        try:
            return await self._admit(headers, address, kinds)
        except StoreUnavailable as error:
            return _away(error)

    async def admit_session(self, key_id: str | None, address: str, kinds: Sequence[KeyKind]) -> Caller | Refusal:
        """The caller behind a console's session, judged as it is now; None stands for a session that there is not."""
        try:
            caller = await self._accounts.caller(key_id) if key_id is not None else None
        except StoreUnavailable as error:
            return _away(error)
        why = "session" if caller is None else self._ended(caller)
        if caller is None or why is not None:
            return await self._failed(why or "session", address)
        if caller.key.kind not in kinds:
            return _wrong_kind(caller)
        return barred(caller, self._clock.now_ms()) or caller

    async def still(
        self, caller: Caller, since_ns: int, headers: Mapping[bytes, bytes], address: str, kinds: Sequence[KeyKind] = _CALLERS
    ) -> Caller | Refusal:
        """The caller as it is now, after its body has come: one that took its time is admitted anew, so that nobody keeps
        a key, a plan or a price by sending headers early."""
        if self._clock.monotonic_ns() - since_ns < RELIED_ON_NS:
            return caller
        return await self.admit(headers, address, kinds)

    def address(self, headers: Mapping[bytes, bytes], client: str) -> str:
        """The caller's address: the socket's, or the last hop that our own proxies did not add."""
        if not self._is_trusted(client):
            return client
        hops = [hop.strip() for hop in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")]
        return next((hop for hop in reversed(hops) if hop and not self._is_trusted(hop)), client)

    async def _admit(self, headers: Mapping[bytes, bytes], address: str, kinds: Iterable[KeyKind]) -> Caller | Refusal:
        text = _bearer(headers)
        key = keys.read(text) if text else None
        caller = await self._accounts.caller(key.id) if key else None
        why = self._objection(caller, text)
        if caller is None or why is not None:
            return await self._failed(why or "unknown", address)
        if caller.key.kind not in kinds:
            return _wrong_kind(caller)
        refusal = barred(caller, self._clock.now_ms())
        return refusal or await self._acting(caller, headers)

    def _objection(self, caller: Caller | None, text: str) -> str | None:
        """Why the key is not accepted: told apart in the log, never to the caller."""
        if not text:
            return "missing"
        if caller is None or not keys.matches(self._rules.pepper, text, caller.key.secret_hash):
            return "unknown"
        self.has_matched = True
        return self._ended(caller)

    def _ended(self, caller: Caller) -> str | None:
        if caller.key.revoked_at_ms is not None:
            return "revoked"
        expires_at_ms = caller.key.expires_at_ms
        return "expired" if expires_at_ms is not None and expires_at_ms <= self._clock.now_ms() else None

    async def _failed(self, why: str, address: str) -> Refusal:
        self._recorder.incident("auth_failed", why=why)
        quota = await self._limiter.take(f"auth:{address}", self._rules.failures)
        if quota.allowed:
            return Refusal("invalid_api_key", "This API key is not valid. Send `Authorization: Bearer YOUR_KEY`.")
        self._guessed(address)
        return Refusal(
            "rate_limit_exceeded",
            "Too many failed sign-ins from this address. Check the key, then wait.",
            retry_after_s=quota.reset_s,
        )

    async def _acting(self, caller: Caller, headers: Mapping[bytes, bytes]) -> Caller | Refusal:
        named = headers.get(b"x-signalbox-user")
        if named is None or caller.key.kind != "app":
            return caller
        external_id = named.decode("utf-8", "replace").strip()
        if not 0 < len(external_id) <= EXTERNAL_ID_MAX or not external_id.isprintable():
            message = f"X-Signalbox-User must be 1 to {EXTERNAL_ID_MAX} printable characters."
            return Refusal("invalid_request", message, param="X-Signalbox-User")
        acting = await self._accounts.end_user(caller, external_id)
        return barred(acting, self._clock.now_ms()) or acting

    def _is_trusted(self, address: str) -> bool:
        if not self._rules.trusted_proxies:
            return False
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        # A socket that listens for both versions shows an IPv4 caller inside an IPv6 address.
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(plain in network for network in self._rules.trusted_proxies)


def _away(error: StoreUnavailable) -> Refusal:
    return Refusal("store_unavailable", "The gateway cannot look up keys right now.", retry_after_s=error.retry_after_s)


def _wrong_kind(caller: Caller) -> Refusal:
    return Refusal("forbidden", f"A key of kind {caller.key.kind} cannot be used here.")


def _bearer(headers: Mapping[bytes, bytes]) -> str:
    scheme, _, text = headers.get(b"authorization", b"").partition(b" ")
    return text.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
