"""Claims about the gate: who is let in, for whom an app acts, and that failures never stop a valid key."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest

from proxy.api import keys
from proxy.api.auth import EXTERNAL_ID_MAX, Gate, GateRules
from proxy.domain.account import Caller, KeyKind
from proxy.domain.errors import Refusal
from proxy.domain.plan import Rate
from proxy.limits.memory import MemoryLimiter
from proxy.ports import StoreUnavailable
from tests import builders as b
from tests.api.house import PEPPER, House, code_of


class StillClock:
    """A clock that a test sets."""

    def now_ms(self) -> int:
        return b.NOW_MS

    def monotonic_ns(self) -> int:
        return 0

    def elapsed_ns(self) -> int:
        return 0


class OneAccount:
    """Knows one key; counts how often it was asked."""

    def __init__(self, caller: Caller) -> None:
        self.known = caller
        self.asked = 0
        self.away = False

    async def caller(self, key_id: str) -> Caller | None:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away", retry_after_s=3)
        return self.known if key_id == self.known.key.id else None

    async def end_user(self, app_caller: Caller, external_id: str) -> Caller:
        user = b.user(f"eu-{external_id}", external_id=external_id, suspended=external_id == "banned")
        return replace(app_caller, user=user, enrols=True)


class Incidents:
    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str | int]]] = []

    def began(self) -> None: ...

    def finished(self, call: object) -> None: ...

    def incident(self, name: str, **facts: str | int) -> None:
        self.seen.append((name, facts))


class Door:
    """A gate before one key of `kind`, with `changes` to it."""

    def __init__(self, kind: KeyKind = "user", rules: dict[str, Any] | None = None, **changes: Any) -> None:
        self.text = keys.mint(kind)
        key = b.key(self.text.id, kind=kind, secret_hash=keys.secret_hash(PEPPER, self.text.text), **changes)
        self.accounts = OneAccount(b.caller(key=key, app=b.app() if kind == "app" else None))
        self.incidents = Incidents()
        self.guesses: list[str] = []
        clock = StillClock()
        limiter = MemoryLimiter(clock, 100)
        self.gate = Gate(GateRules(PEPPER, **(rules or {})), self.accounts, limiter, self.incidents, clock, self.guesses.append)

    async def knock(self, text: str | None = None, **headers: str) -> Caller | Refusal:
        named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        bearer = b"Bearer " + (self.text.text if text is None else text).encode()
        return await self.gate.admit({b"authorization": bearer, **named}, "1.2.3.4")

    @property
    def whys(self) -> list[object]:
        return [facts["why"] for name, facts in self.incidents.seen if name == "auth_failed"]


def code(answer: Caller | Refusal) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


async def test_a_good_key_is_its_caller() -> None:
    door = Door()
    assert await door.knock() == door.accounts.known


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"revoked_at_ms": b.NOW_MS - 1}, "revoked"),
        ({"expires_at_ms": b.NOW_MS}, "expired"),
    ],
)
async def test_why_a_key_is_refused_is_for_the_log_alone(changes: dict[str, Any], why: str) -> None:
    door, unknown = Door(**changes), Door()
    refused = await door.knock()
    assert refused == await unknown.knock(keys.mint("user").text)
    assert (code(refused), door.whys, unknown.whys) == ("invalid_api_key", [why], ["unknown"])


async def test_the_right_id_with_another_secret_is_unknown() -> None:
    door = Door()
    forged = f"sb_user_{door.text.id}_{'0' * 40}"
    forged += keys._checksum(forged)
    assert code(await door.knock(forged)) == "invalid_api_key"
    assert (door.whys, door.accounts.asked) == (["unknown"], 1)


async def test_what_cannot_be_a_key_reaches_no_store() -> None:
    door = Door()
    for text in ("", "x", door.text.text[:-1], door.text.text[:-1] + "u"):
        assert code(await door.knock(text)) == "invalid_api_key"
    assert door.accounts.asked == 0


async def test_the_scheme_is_bearer_in_any_case() -> None:
    door = Door()
    text = door.text.text.encode()
    for header in (b"bearer " + text, b"BEARER  " + text + b" "):
        assert isinstance(await door.gate.admit({b"authorization": header}, ""), Caller)
    for header in (text, b"Basic " + text, b"Bearer"):
        assert code(await door.gate.admit({b"authorization": header}, "")) == "invalid_api_key"
    assert code(await door.gate.admit({}, "")) == "invalid_api_key"


async def test_a_key_of_another_kind_is_told_so() -> None:
    for kind in ("support", "admin"):
        assert code(await Door(kind).knock()) == "forbidden"


async def test_failures_get_429_and_never_stop_a_valid_key() -> None:
    door = Door(rules={"failures": Rate(3, 60)})
    codes = [code(await door.knock("wrong")) for _ in range(5)]
    assert codes == ["invalid_api_key"] * 3 + ["rate_limit_exceeded"] * 2
    refusal = await door.knock("wrong")
    assert isinstance(refusal, Refusal)
    assert (refusal.retry_after_s or 0) > 0
    assert isinstance(await door.knock(), Caller)
    assert door.guesses == ["1.2.3.4"] * 3, "those beyond the bound are told of"


async def test_who_is_barred_is_told_why() -> None:
    assert code(await Door(suspended=True).knock()) == "forbidden"


async def test_a_store_that_is_away_says_so() -> None:
    door = Door()
    door.accounts.away = True
    refusal = await door.knock()
    assert (code(refusal), getattr(refusal, "retry_after_s", None)) == ("store_unavailable", 3)


async def test_an_app_acts_for_the_end_user_it_names() -> None:
    acting = await Door("app").knock(x_signalbox_user="ann")
    assert isinstance(acting, Caller)
    assert (acting.user.id, acting.enrols) == ("eu-ann", True)
    assert code(await Door("app").knock(x_signalbox_user="banned")) == "forbidden"


@pytest.mark.parametrize("name", ["", " ", "x" * (EXTERNAL_ID_MAX + 1), "a\x00b", "a\x7fb", "a\u202eb"])
async def test_an_end_users_name_is_plain_and_bounded(name: str) -> None:
    refusal = await Door("app").knock(x_signalbox_user=name)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.param) == ("invalid_request", "X-Signalbox-User")


async def test_a_user_key_acts_for_nobody_even_where_its_user_belongs_to_an_app() -> None:
    door = Door()
    door.accounts.known = replace(door.accounts.known, app=b.app())
    acting = await door.knock(x_signalbox_user="ann")
    assert isinstance(acting, Caller)
    assert acting.user.id == "u1"


def address(client: str, forwarded: str | None, *networks: str) -> str:
    rules = {"trusted_proxies": tuple(ipaddress.ip_network(network) for network in networks)}
    headers = {} if forwarded is None else {b"x-forwarded-for": forwarded.encode()}
    return Door(rules=rules).gate.address(headers, client)


async def test_the_address_is_the_sockets_unless_a_trusted_proxy_says_otherwise() -> None:
    assert address("10.0.0.1", "8.8.8.8") == "10.0.0.1"
    assert address("9.9.9.9", "8.8.8.8", "10.0.0.0/8") == "9.9.9.9"
    assert address("10.0.0.1", "8.8.8.8", "10.0.0.0/8") == "8.8.8.8"
    assert address("::ffff:10.0.0.1", "8.8.8.8", "10.0.0.0/8") == "8.8.8.8"
    assert address("fd00::1", "8.8.8.8", "fd00::/8") == "8.8.8.8"


async def test_hops_that_the_caller_made_up_are_not_believed() -> None:
    assert address("10.0.0.1", "1.1.1.1, 8.8.8.8, 10.0.0.2", "10.0.0.0/8") == "8.8.8.8"
    assert address("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.0/8") == "nonsense"
    assert address("10.0.0.1", "10.0.0.3, , 10.0.0.2", "10.0.0.0/8") == "10.0.0.1"
    assert address("10.0.0.1", None, "10.0.0.0/8") == "10.0.0.1"
    assert address("", "8.8.8.8", "10.0.0.0/8") == ""


async def test_a_key_of_no_owner_and_of_another_kind_opens_no_user_endpoint(house: House) -> None:
    for kind in ("admin", "support"):
        key = await house.key(kind)
        for path in ("/v1/models", "/api/me", "/api/calls", "/api/keys"):
            assert code_of(await house.get(path, key)) == (403, "forbidden")
        assert code_of(await house.chat(key)) == (403, "forbidden")


@pytest.mark.parametrize(
    "path", ["/v1/models", "/api/me", "/api/plans", "/api/usage", "/api/calls", "/api/calls/x", "/api/keys"]
)
async def test_every_own_endpoint_asks_for_a_key(house: House, path: str) -> None:
    for key in (None, "wrong", keys.mint("user").text):
        assert code_of(await house.get(path, key)) == (401, "invalid_api_key")


async def test_the_gate_knows_whether_any_key_was_hashed_with_its_pepper(house: House) -> None:
    key = await house.user_key()
    wrong = keys.mint("user").text
    await house.get("/api/me", wrong)
    assert not house.parts.gate.has_matched
    await house.get("/api/me", key)
    assert house.parts.gate.has_matched
