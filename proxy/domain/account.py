"""Who calls: keys, users, apps and the caller they resolve to; no secrets, only a key's public part."""

from fnmatch import fnmatchcase
from typing import Final, Literal

from proxy.domain.errors import Refusal
from proxy.domain.plan import Entitlement, Rate
from proxy.domain.policy import NO_WISHES, Wishes
from proxy.domain.standing import Cap
from proxy.domain.value import dataclass, replace

KeyKind = Literal["user", "app", "support", "admin"]
# What may be changed of a key's bounds after it was made; what it may spend, its caps, belongs to its lineage.
BOUNDS: Final = ("model_scope", "rate", "expires_at_ms")
_GLOB_SIGNS: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Key:
    """A credential without its secret. `lineage` runs from this key to its root; caps, rates and spend belong to the lineage.

    `rate` is the key's own, `lineage_rates` are those of the keys it was made from, by id; what is kept of a key has none. So
    with `wishes` and `lineage_wishes`, which go from the nearest key to the root.
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
    lineage_rates: tuple[tuple[str, Rate], ...] = ()
    wishes: Wishes = NO_WISHES
    lineage_wishes: tuple[Wishes, ...] = ()

    @property
    def rates(self) -> tuple[tuple[str, Rate], ...]:
        """Every request rate that this key counts in, by the id of the key whose it is."""
        own = () if self.rate is None else ((self.id, self.rate),)
        return (*own, *self.lineage_rates)


@dataclass(frozen=True, slots=True)
class User:
    """An account: owner of windows, buckets and calls. An app's end user has `app_id` and `external_id`.

    `anchor_day` is the day of the month on which monthly windows start. `lifted_at_ms` is when an admin last forgave what was
    held against it: nothing from before counts.
    """

    id: str
    name: str
    created_at_ms: int
    anchor_day: int = 1
    app_id: str | None = None
    external_id: str | None = None
    suspended: bool = False
    cooling_until_ms: int | None = None
    lifted_at_ms: int | None = None
    caps: tuple[Cap, ...] = ()
    version: int = 1
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users to list: those whose ids begin so, or whose names do in whatever case (of ASCII letters), in the order of
    those; those who are suspended."""

    begins: str | None = None
    named: str | None = None
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class App:
    """A product whose end users call through it. Without caps it cannot enrol. `user_id` is its own account; `plans` are
    those that it may give its end users beside `default_plan_id`."""

    id: str
    name: str
    user_id: str
    default_plan_id: str
    caps: tuple[Cap, ...] = ()
    enrols_daily_max: int = 1_000
    reads_body_user: bool = False
    suspended: bool = False
    version: int = 1
    plans: tuple[str, ...] = ()

    def gives(self, plan_id: str) -> bool:
        """Whether the app may put an end user on this plan."""
        return plan_id == self.default_plan_id or plan_id in self.plans


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything that is known of who calls once the key is accepted. `enrols` marks an end user seen for the first time,
    who becomes durable with the first admitted call."""

    key: Key
    user: User
    entitlement: Entitlement
    app: App | None = None
    enrols: bool = False

    @property
    def reads_body_user(self) -> bool:
        """Whether a body may name the end user: with an app's own key, where the app turned that on (contract 1)."""
        return self.key.kind == "app" and self.app is not None and self.app.reads_body_user


def is_stopped(caller: Caller) -> bool:
    """Whether even what runs may not go on: somebody suspended the user, the app or the key, or revoked the key."""
    return caller.key.revoked_at_ms is not None or _is_suspended(caller)


def barred(caller: Caller, now_ms: int) -> Refusal | None:
    """Why this caller may not call at all, though its key is good."""
    if _is_suspended(caller):
        return Refusal("forbidden", "This account is suspended. Ask its administrator.")
    until_ms = caller.user.cooling_until_ms
    if until_ms is not None and now_ms < until_ms:
        return resting(until_ms, now_ms)
    return None


def resting(until_ms: int, now_ms: int) -> Refusal:
    """The refusal of a user who cools off until a moment that has not come."""
    wait_s = (until_ms - now_ms + 999) // 1_000
    message = (
        "This account rests after repeated refused prompts, or requests that went round in a loop."
        f" It may call again in {wait_s} s; its administrator can end the rest before."
    )
    return Refusal("cooling_off", message, retry_after_s=wait_s, should_retry=False)


def unenrollable(caller: Caller) -> Refusal | None:
    """Why this end user cannot become one: whoever enrols without a cap could spend without one (contract 1)."""
    if not caller.enrols or caller.app is None or caller.app.caps:
        return None
    message = f"App {caller.app.id} takes no new users, for it has no spending cap. Ask the gateway's administrator to set one."
    return Refusal("forbidden", message)


def child_exceeds(parent: Key, child: Key) -> str | None:
    """In which point a new key would have more than the key that makes it (contract 1), in words; None when in none.

    A child need not repeat its parent's caps: they hold for the whole lineage.
    """
    if not parent.manage_keys:
        return "This key may not make keys."
    if (child.kind, child.user_id, child.app_id) != (parent.kind, parent.user_id, parent.app_id):
        return "A key makes keys of its own kind and owner only."
    if any(_is_above(cap, of_parent) for cap in child.caps for of_parent in parent.caps):
        return "A key's cap must not be above that of the key that makes it."
    return bounds_exceed(parent, child)


def bounds_exceed(parent: Key, child: Key) -> str | None:
    """In which of its BOUNDS a key would have more than the key that makes it, in words; None when in none."""
    if not _within_time(parent.expires_at_ms, child.expires_at_ms):
        return "A key must not outlive the key that makes it: set its expiry no later."
    if not _within_scope(parent.model_scope, child.model_scope):
        return "A key's model scope must lie within that of the key that makes it."
    if not _within_rate(parent.rate, child.rate):
        return "A key's request rate must not be above that of the key that makes it."
    return None


def narrowed(child: Key, parent: Key) -> Key:
    """The child with what it has beyond its parent's bounds taken away. Of two scopes what both are sure to mean is left,
    which may be nothing."""
    return replace(
        child,
        expires_at_ms=child.expires_at_ms if _within_time(parent.expires_at_ms, child.expires_at_ms) else parent.expires_at_ms,
        model_scope=_met(parent.model_scope, child.model_scope),
        rate=child.rate if _within_rate(parent.rate, child.rate) else parent.rate,
    )


def _is_suspended(caller: Caller) -> bool:
    return caller.key.suspended or caller.user.suspended or (caller.app is not None and caller.app.suspended)


def _within_time(parent_ms: int | None, child_ms: int | None) -> bool:
    return parent_ms is None or (child_ms is not None and child_ms <= parent_ms)


def _met(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    of_other = [name for name in other if any(_covers(wide, name) for wide in one)]
    return tuple(dict.fromkeys([*of_other, *(name for name in one if any(_covers(wide, name) for wide in other))]))


def _within_scope(parent: tuple[str, ...] | None, child: tuple[str, ...] | None) -> bool:
    if parent is None:
        return True
    return child is not None and all(any(_covers(wide, narrow) for wide in parent) for narrow in child)


def _covers(wide: str, narrow: str) -> bool:
    # Whether every model that `narrow` can ever mean is meant by `wide`; in doubt it is not.
    if wide in (narrow, "*"):
        return True
    if wide.startswith("tag:") or narrow.startswith("tag:"):
        return False
    if not _GLOB_SIGNS & set(narrow):
        return fnmatchcase(narrow, wide)
    stem = wide.removesuffix("*")
    return stem != wide and not _GLOB_SIGNS & set(stem) and narrow.startswith(stem)


def _within_rate(parent: Rate | None, child: Rate | None) -> bool:
    if parent is None:
        return True
    return child is not None and (
        child.requests <= parent.requests and child.requests * parent.period_s <= parent.requests * child.period_s
    )


def _is_above(cap: Cap, of_parent: Cap) -> bool:
    return (cap.window, cap.unit) == (of_parent.window, of_parent.unit) and cap.limit > of_parent.limit
