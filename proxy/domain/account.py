"""Who calls: keys, users, apps and the caller they resolve to; no secrets, only a key's public part."""

from dataclasses import dataclass
from typing import Literal

from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement, Rate
from proxy.domain.standing import Cap

KeyKind = Literal["user", "app", "support", "admin"]


@dataclass(frozen=True, slots=True)
class Key:
    """A credential without its secret. `lineage` runs from this key to its root; caps and spend belong to the lineage.

    `model_scope` are ids, tags or globs (None = all). `secret_hash` is keyed and useless without the operator's pepper.
    """

    id: str
    kind: KeyKind
    secret_hash: bytes
    user_id: str | None
    app_id: str | None
    name: str
    lineage: tuple[str, ...]
    created_at_ms: int
    model_scope: tuple[str, ...] | None = None
    caps: tuple[Cap, ...] = ()
    rate: Rate | None = None
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    suspended: bool = False
    manage_keys: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """An account: owner of windows, buckets and calls. An app's end user has `app_id` and `external_id`.

    `anchor_day` is the day of the month on which monthly windows start.
    """

    id: str
    name: str
    created_at_ms: int
    anchor_day: int = 1
    app_id: str | None = None
    external_id: str | None = None
    suspended: bool = False
    cooling_until_ms: int | None = None
    caps: tuple[Cap, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class App:
    """A product whose end users call through it. Without caps it cannot enrol. `user_id` is its own account."""

    id: str
    name: str
    user_id: str
    default_plan_id: str
    caps: tuple[Cap, ...] = ()
    enrols_daily_max: int = 1_000
    reads_body_user: bool = False
    suspended: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything that is known of who calls once the key is accepted. `enrols` marks an end user seen for the first time,
    who becomes durable with the first admitted call."""

    key: Key
    user: User
    entitlement: Entitlement
    app: App | None = None
    enrols: bool = False


def barred(caller: Caller, now_ms: int) -> Refusal | None:
    """Why this caller may not call at all, though its key is good."""
    if caller.key.suspended or caller.user.suspended or (caller.app is not None and caller.app.suspended):
        return Refusal("forbidden", "This account is suspended. Ask its administrator.")
    until_ms = caller.user.cooling_until_ms
    if until_ms is not None and now_ms < until_ms:
        wait_s = (until_ms - now_ms + 999) // 1_000
        return Refusal("cooling_off", "This account pauses after repeated refused prompts.", retry_after_s=wait_s)
    return None
