"""Users, their entitlement and their standing as JSON answers: domain values in, credits as decimal strings out; never a raw
cost, and a multiplier only in the entitlement."""

from collections.abc import Iterable

from proxy.api.native.account import BucketTold, CapTold, WindowTold, buckets_told, caps_told, windows_told
from proxy.api.native.keys import KeyCap, WishesTold
from proxy.api.schemas import Credits, MomentMs, Told
from proxy.domain.abuse import Offence, Step, Suspect
from proxy.domain.account import User
from proxy.domain.desk import Grant
from proxy.domain.ledger import WindowReset
from proxy.domain.money import MULTIPLIER_ONE_PPM, credits_text
from proxy.domain.plan import Entitlement, NextPlan, Override
from proxy.domain.standing import Cap, Standing


class ConductView(Told):
    """What this gateway holds against somebody: a score that decays, the step of the ladder it stands on, and how often each
    offence was seen. Each gateway keeps its own, until it ends; no text is kept."""

    score: float
    step: Step
    offences: dict[Offence, int]
    last: Offence | None
    last_at_ms: MomentMs
    cool_offs: int

    @classmethod
    def of(cls, suspect: Suspect) -> "ConductView":
        record = suspect.record
        return cls(
            score=round(suspect.score, 2),
            step=suspect.step,
            offences=dict(record.offences),
            last=record.last,
            last_at_ms=record.at_ms,
            cool_offs=record.cool_offs,
        )


class UserView(Told):
    """`conduct` is shown on a user's own page, where there is something to show; `lifted_at_ms` is when an admin last forgave
    what was held against it."""

    id: str
    name: str
    app_id: str | None
    external_id: str | None
    suspended: bool
    cooling_until_ms: int | None
    lifted_at_ms: int | None
    anchor_day: int
    caps: list[KeyCap]
    wishes: WishesTold
    created_at_ms: MomentMs
    version: int
    conduct: ConductView | None

    @classmethod
    def of(cls, user: User, suspect: Suspect | None = None) -> "UserView":
        return cls(
            id=user.id,
            name=user.name,
            app_id=user.app_id,
            external_id=user.external_id,
            suspended=user.suspended,
            cooling_until_ms=user.cooling_until_ms,
            lifted_at_ms=user.lifted_at_ms,
            anchor_day=user.anchor_day,
            caps=caps_shown(user.caps),
            wishes=WishesTold.of(user.wishes),
            created_at_ms=user.created_at_ms,
            version=user.version,
            conduct=None if suspect is None else ConductView.of(suspect),
        )


class UserList(Told):
    """`next_after` is null when the page is not full."""

    data: list[UserView]
    next_after: str | None


class OverrideView(Told):
    id: str
    reason: str
    from_ms: int
    until_ms: int | None
    extra_credits: dict[str, Credits]
    extra_models: list[str]
    multiplier: str | None
    context_tokens_max: int | None
    output_tokens_default: int | None
    concurrency_max: int | None
    n_max: int | None

    @classmethod
    def of(cls, override: Override) -> "OverrideView":
        return cls(
            id=override.id,
            reason=override.reason,
            from_ms=override.from_ms,
            until_ms=override.until_ms,
            extra_credits={window: credits_text(milli) for window, milli in override.extra_milli_credits.items()},
            extra_models=list(override.extra_models),
            multiplier=None if override.multiplier_ppm is None else multiplier_text(override.multiplier_ppm),
            context_tokens_max=override.context_tokens_max,
            output_tokens_default=override.output_tokens_default,
            concurrency_max=override.concurrency_max,
            n_max=override.n_max,
        )


class NextPlanView(Told):
    plan_id: str
    from_ms: MomentMs

    @classmethod
    def of(cls, following: NextPlan | None) -> "NextPlanView | None":
        return None if following is None else cls(plan_id=following.plan_id, from_ms=following.from_ms)


class EntitlementView(Told):
    """`next_plan` follows at its moment, if one does."""

    id: str
    user_id: str
    plan_id: str
    next_plan: NextPlanView | None
    overrides: list[OverrideView]
    version: int

    @classmethod
    def of(cls, entitlement: Entitlement) -> "EntitlementView":
        return cls(
            id=entitlement.id,
            user_id=entitlement.user_id,
            plan_id=entitlement.plan_id,
            next_plan=NextPlanView.of(entitlement.next),
            overrides=[OverrideView.of(override) for override in entitlement.overrides],
            version=entitlement.version,
        )


class GrantView(Told):
    id: str
    user_id: str
    kind: str
    amount: Credits
    family: str | None
    expires_at_ms: MomentMs | None
    reason: str

    @classmethod
    def of(cls, grant: Grant) -> "GrantView":
        return cls(
            id=grant.id,
            user_id=grant.account_id,
            kind=grant.kind,
            amount=credits_text(grant.amount_milli),
            family=grant.family,
            expires_at_ms=grant.expires_at_ms,
            reason=grant.reason,
        )


class ResetView(Told):
    """What was spent of the window in the period that `epoch` names, and is forgiven."""

    user_id: str
    epoch: str
    forgiven: Credits

    @classmethod
    def of(cls, reset: WindowReset) -> "ResetView":
        return cls(user_id=reset.account_id, epoch=reset.epoch, forgiven=credits_text(reset.credits_milli))


class StandingView(Told):
    """What a user has left under the terms in force at `at_ms`."""

    user_id: str
    plan_id: str
    at_ms: MomentMs
    windows: list[WindowTold]
    buckets: list[BucketTold]
    caps: list[CapTold]

    @classmethod
    def of(cls, standing: Standing, plan_id: str) -> "StandingView":
        return cls(
            user_id=standing.account_id,
            plan_id=plan_id,
            at_ms=standing.at_ms,
            windows=windows_told(standing),
            buckets=buckets_told(standing),
            caps=caps_told(standing),
        )


def caps_shown(caps: Iterable[Cap]) -> list[KeyCap]:
    return [KeyCap(window=c.window, credits=credits_text(c.limit)) for c in caps if c.unit == "milli_credits"]


def multiplier_text(ppm: int) -> str:
    """Parts per million as a factor: `1500000` is `1.5`."""
    whole, rest = divmod(ppm, MULTIPLIER_ONE_PPM)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
