"""Rows of the desk's tables and JSON columns in, the domain's values out; the counterpart of what `rows` writes."""

import json
from typing import Any, Final

from pydantic import TypeAdapter

from proxy.domain.account import App, Key, User
from proxy.domain.desk import Grant, PlanRequest
from proxy.domain.plan import Entitlement, NextPlan, Override, Rate
from proxy.domain.policy import Wishes
from proxy.domain.standing import Cap
from proxy.store.rows import to_json

Row = tuple[Any, ...]

USER_COLUMNS: Final = (
    "id, name, created_at_ms, anchor_day, app_id, external_id, suspended, cooling_until_ms, lifted_at_ms, caps, version, wishes"
)
APP_COLUMNS: Final = "id, name, user_id, default_plan_id, caps, enrols_daily_max, reads_body_user, suspended, version, plans"
KEY_COLUMNS: Final = (
    "id, kind, secret_hash, user_id, app_id, name, lineage, created_at_ms, model_scope, caps, rate, expires_at_ms,"
    " revoked_at_ms, suspended, manage_keys, wishes"
)
ENTITLEMENT_COLUMNS: Final = "id, user_id, plan_id, overrides, version, next_plan_id, next_from_ms"
PLAN_REQUEST_COLUMNS: Final = (
    "id, user_id, subject, target, words, status, created_at_ms, decided_at_ms, decided_by, answer, given, until_ms"
)
GRANT_COLUMNS: Final = "id, account_id, kind, amount_milli, reason, created_at_ms, family, expires_at_ms"
# What no audit line, log or answer may hold, and what a key has only while it calls.
_NOT_SHOWN: Final = frozenset({"secret_hash", "lineage_rates", "lineage_wishes"})

_CAPS: Final = TypeAdapter(tuple[Cap, ...])
_OVERRIDES: Final = TypeAdapter(tuple[Override, ...])
_RATE: Final = TypeAdapter(Rate | None)
_WORDS: Final = TypeAdapter(tuple[str, ...])
_WISHES: Final = TypeAdapter(Wishes)
_SCOPE: Final = TypeAdapter(tuple[str, ...] | None)


def caps_of(text: str) -> tuple[Cap, ...]:
    """A `caps` column."""
    return _CAPS.validate_json(text)


def user_of(row: Row) -> User:
    """A row of USER_COLUMNS."""
    (
        id,
        name,
        created_at_ms,
        anchor_day,
        app_id,
        external_id,
        suspended,
        cooling_until_ms,
        lifted_at_ms,
        caps,
        version,
        wishes,
    ) = row
    return User(
        id=id,
        name=name,
        created_at_ms=created_at_ms,
        anchor_day=anchor_day,
        app_id=app_id,
        external_id=external_id,
        suspended=bool(suspended),
        cooling_until_ms=cooling_until_ms,
        lifted_at_ms=lifted_at_ms,
        caps=caps_of(caps),
        version=version,
        wishes=_WISHES.validate_json(wishes),
    )


def user_row(user: User) -> Row:
    """The same way back."""
    return (
        user.id,
        user.name,
        user.created_at_ms,
        user.anchor_day,
        user.app_id,
        user.external_id,
        user.suspended,
        user.cooling_until_ms,
        user.lifted_at_ms,
        to_json(user.caps),
        user.version,
        to_json(user.wishes),
    )


def app_of(row: Row) -> App:
    """A row of APP_COLUMNS."""
    id, name, user_id, plan_id, caps, enrols_daily_max, reads_body_user, suspended, version, plans = row
    return App(
        id=id,
        name=name,
        user_id=user_id,
        default_plan_id=plan_id,
        caps=caps_of(caps),
        enrols_daily_max=enrols_daily_max,
        reads_body_user=bool(reads_body_user),
        suspended=bool(suspended),
        version=version,
        plans=_WORDS.validate_json(plans),
    )


def app_row(app: App) -> Row:
    """The same way back."""
    return (
        app.id,
        app.name,
        app.user_id,
        app.default_plan_id,
        to_json(app.caps),
        app.enrols_daily_max,
        app.reads_body_user,
        app.suspended,
        app.version,
        to_json(app.plans),
    )


def key_of(row: Row) -> Key:
    """A row of KEY_COLUMNS."""
    id, kind, secret_hash, user_id, app_id, name, lineage, created_at_ms, scope, caps, rate, *ends = row
    expires_at_ms, revoked_at_ms, suspended, manage_keys, wishes = ends
    return Key(
        id=id,
        kind=kind,
        secret_hash=secret_hash,
        user_id=user_id,
        app_id=app_id,
        name=name,
        lineage=_WORDS.validate_json(lineage),
        created_at_ms=created_at_ms,
        model_scope=None if scope is None else _SCOPE.validate_json(scope),
        caps=caps_of(caps),
        rate=None if rate is None else _RATE.validate_json(rate),
        expires_at_ms=expires_at_ms,
        revoked_at_ms=revoked_at_ms,
        suspended=bool(suspended),
        manage_keys=bool(manage_keys),
        wishes=_WISHES.validate_json(wishes),
    )


def key_row(key: Key) -> Row:
    """The same way back."""
    return (
        key.id,
        key.kind,
        key.secret_hash,
        key.user_id,
        key.app_id,
        key.name,
        to_json(key.lineage),
        key.created_at_ms,
        None if key.model_scope is None else to_json(key.model_scope),
        to_json(key.caps),
        None if key.rate is None else to_json(key.rate),
        key.expires_at_ms,
        key.revoked_at_ms,
        key.suspended,
        key.manage_keys,
        to_json(key.wishes),
    )


def entitlement_of(row: Row) -> Entitlement:
    """A row of ENTITLEMENT_COLUMNS."""
    id, user_id, plan_id, overrides, version, next_plan_id, next_from_ms = row
    following = None if next_plan_id is None else NextPlan(next_plan_id, next_from_ms)
    return Entitlement(id, user_id, plan_id, _OVERRIDES.validate_json(overrides), version, following)


def entitlement_row(entitlement: Entitlement) -> Row:
    """The same way back."""
    following = entitlement.next
    return (
        entitlement.id,
        entitlement.user_id,
        entitlement.plan_id,
        to_json(entitlement.overrides),
        entitlement.version,
        None if following is None else following.plan_id,
        None if following is None else following.from_ms,
    )


def plan_request_of(row: Row) -> PlanRequest:
    """A row of PLAN_REQUEST_COLUMNS."""
    return PlanRequest(*row)


def plan_request_row(request: PlanRequest) -> Row:
    """The same way back."""
    return (
        request.id,
        request.user_id,
        request.subject,
        request.target,
        request.words,
        request.status,
        request.created_at_ms,
        request.decided_at_ms,
        request.decided_by,
        request.answer,
        request.given,
        request.until_ms,
    )


def grant_of(row: Row) -> Grant:
    """A row of GRANT_COLUMNS."""
    return Grant(*row)


def grant_row(grant: Grant) -> Row:
    """The same way back."""
    return (
        grant.id,
        grant.account_id,
        grant.kind,
        grant.amount_milli,
        grant.reason,
        grant.created_at_ms,
        grant.family,
        grant.expires_at_ms,
    )


def shown(value: object) -> dict[str, Any]:
    """A value as the audit log may hold it: plain JSON without secrets."""
    plain = json.loads(to_json({name: getattr(value, name) for name in _fields(value) if name not in _NOT_SHOWN}))
    return dict(plain)


def _fields(value: object) -> tuple[str, ...]:
    return tuple(getattr(value, "__dataclass_fields__", {}))
