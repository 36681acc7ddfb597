"""How much to hold for a candidate: sizes in, credits and raw cost out; never touches the books."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from proxy.domain.account import App, Caller, User
from proxy.domain.assistant import Assistant
from proxy.domain.catalog import Catalog, Model
from proxy.domain.decision import Candidate
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask
from proxy.domain.ledger import ConcurrencyLimit, HoldRefusalCode, HoldRefused, HoldTerms
from proxy.domain.money import PriceTier, Tab, Tariff, credits_text, worst_bill, worst_charge
from proxy.domain.plan import Plan, tariff
from proxy.domain.standing import Cap, CapStanding, Standing, WindowStanding, assistant_of, budget_scope, resets_at_ms
from proxy.domain.value import dataclass, maker, replace

# How far a stream leads where there is room for so many times what that takes: it asks the books a third as often, and no other
# stream goes short for it. So much a crash loses of it, and so much it goes on when its caller is stopped.
AMPLE_LEADS: Final = 4
AMPLE_TIMES: Final = 256

# The operator's own budget is no fault of the caller, and a day is long: one try an hour is enough.
_OPERATORS: Final = ("installation", "provider:")
_CEILING: Final = "This gateway has used up its budget for today. Ask its operator, or try again tomorrow."
_CEILING_RETRY_AFTER_S: Final = 3_600
_CEILING_HELD: Final = "Running calls hold what is left of this gateway's budget. Try again when they have finished."

# Live holds and leases end by themselves within seconds; spent credits do not.
_ENROLMENT: Final = "This app has taken on as many new users today as it may. Its known users are served as ever."
_NOBODY: Final = Tab()
_REFUSALS: Final[Mapping[HoldRefusalCode, tuple[str, int | None]]] = {
    "insufficient_credits": ("Not enough credits are left for this call. Wait for the reset, or ask for more.", None),
    "budget_cap_reached": (
        "A spending cap of this key, user or app leaves too little for this. Wait for its reset, or raise it.",
        None,
    ),
    "credits_on_hold": ("Running calls hold the remaining credits. Try again when they have finished.", 1),
    "concurrency_limit": ("Too many calls are running at once. Try again when one has finished.", 1),
}


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a candidate's holds are computed from. `output_tokens_max` is over all choices of the answer, `images` are those
    that it reads or makes, `tiers` its model's prices for them, `tab` what earlier writers of the same answer come to."""

    model: Model
    tiers: tuple[PriceTier, ...]
    tariff: Tariff
    input_tokens_max: int
    output_tokens_max: int
    images: int
    stepped: bool
    tab: Tab = _NOBODY


_new_sizing: Final = maker(Sizing)


@dataclass(frozen=True, slots=True)
class HoldSize:
    """An amount to hold: credits for the account, raw cost for the operator's ceilings; it covers `output_tokens`."""

    amount_milli: int
    raw_nano_usd: int
    output_tokens: int


class Lead(NamedTuple):
    """How far a stream may come, in tokens seen. Beyond `due_tokens` less than a lead is left, and it asks for more when others
    do; beyond `late_tokens` less than half of one, and it asks at once; beyond `short_tokens` it waits for the answer."""

    due_tokens: int
    late_tokens: int
    short_tokens: int


NEVER: Final = 1 << 62
NO_END: Final = Lead(NEVER, NEVER, NEVER)


def sizing(candidate: Candidate, catalog: Catalog, plan: Plan, ask: Ask, tab: Tab = _NOBODY) -> Sizing:
    """A stream whose output we see, on a model that stops billing when closed, is held in steps; all else at its worst."""
    model = catalog.models[candidate.model_id]
    return _new_sizing(
        model=model,
        tiers=model.tiers_for(ask.picture),
        tariff=tariff(plan, model.family, catalog.milli_credits_per_dollar),
        input_tokens_max=candidate.input_tokens_max,
        output_tokens_max=candidate.output_tokens_max * ask.n,
        images=ask.images,
        stepped=ask.stream and model.stops_billing_on_close and not model.hidden_output,
        tab=tab,
    )


def first(sizing: Sizing, lead_tokens: int) -> HoldSize:
    """The hold before the call."""
    return _size(sizing, 2 * lead_tokens if sizing.stepped else sizing.output_tokens_max)


def exactly(sizing: Sizing, output_tokens: int) -> HoldSize:
    """The hold for an answer of known length."""
    return _size(sizing, output_tokens)


def following(sizing: Sizing, delivered_tokens: int, lead_tokens: int) -> HoldSize:
    """The larger hold that a stream asks for: two leads at a time, so that it asks once a lead and not once a chunk."""
    return _size(sizing, delivered_tokens + 2 * lead_tokens)


def ample(sizing: Sizing, delivered_tokens: int, lead_tokens: int) -> HoldSize:
    """What it asks for before that: it is held only where there is room for AMPLE_TIMES what it adds."""
    return _size(sizing, delivered_tokens + AMPLE_LEADS * lead_tokens)


def lead(sizing: Sizing, covered_tokens: int, seen_tokens: int, lead_tokens: int) -> Lead:
    """How far a stream that has come to `seen_tokens` leads. Where all is held already, what it delivers is told to the books
    once a lead all the same, and never waited for."""
    if not sizing.stepped:
        due_tokens = seen_tokens + lead_tokens - 1
        return Lead(due_tokens, due_tokens + lead_tokens // 2, NEVER)
    if covered_tokens >= sizing.output_tokens_max:
        return NO_END
    late_tokens, short_tokens = covered_tokens - lead_tokens // 2, covered_tokens - reserve_tokens(lead_tokens)
    return Lead(covered_tokens - lead_tokens, late_tokens, short_tokens)


def terms(caller: Caller, plan: Plan) -> HoldTerms:
    """The limits in force for this caller under its effective plan."""
    account = account_terms(caller.user, caller.app, plan)
    caps = caller.key.caps
    return replace(account, caps=caps + account.caps) if caps else account


def on_budget(terms: HoldTerms, user_id: str, *assistants: Assistant | None) -> HoldTerms:
    """The same limits, and what one user may spend on each of these assistants: of a call, on the one that handles it."""
    budgets = [
        Cap(budget_scope(user_id, assistant.id), budget.window, budget.limit_milli_credits)
        for assistant in assistants
        if assistant is not None
        for budget in assistant.budgets
    ]
    return replace(terms, caps=(*terms.caps, *budgets)) if budgets else terms


def under_ceilings(terms: HoldTerms, ceilings: Iterable[Cap], provider_id: str, app: App | None) -> HoldTerms:
    """The same limits for a call at one provider: the operator's ceilings on raw cost stand over it too (contract 5)."""
    over = {"installation", f"provider:{provider_id}", f"app:{app.id}" if app else None}
    caps = [ceiling for ceiling in ceilings if ceiling.scope in over]
    return replace(terms, caps=(*terms.caps, *caps)) if caps else terms


def account_terms(user: User, app: App | None, plan: Plan) -> HoldTerms:
    """The limits in force for a user of `app` under its effective plan, whatever key it calls with."""
    return HoldTerms(
        allowances=plan.allowances,
        caps=user.caps + (app.caps if app else ()),
        concurrency=(ConcurrencyLimit(f"user:{user.id}", plan.concurrency_max),),
        anchor_day=user.anchor_day,
    )


def draws_on(account_id: str, terms: HoldTerms) -> frozenset[str]:
    """Every scope that can refuse this account credits under `terms`, and gets some back when its hold is resolved."""
    return frozenset((f"user:{account_id}", *(cap.scope for cap in terms.caps)))


def refusal(refused: HoldRefused, plan: Plan, family: str) -> Refusal:
    """What the caller hears when the books said no to a model of `family`: what is left for it, when it resets, and whether
    trying again helps."""
    if refused.scope.startswith(_OPERATORS) and refused.code == "credits_on_hold":
        return Refusal("no_model_available", _CEILING_HELD, retry_after_s=1)
    if refused.scope.startswith(_OPERATORS):
        return Refusal("no_model_available", _CEILING, retry_after_s=_CEILING_RETRY_AFTER_S)
    if refused.code == "enrolment_limit":
        return day_is_full(refused.standing.at_ms)
    if refused.code == "budget_cap_reached" and (budget := refused.standing.budget(refused.scope)) is not None:
        return _over_budget(budget, refused.standing, plan)
    message, retry_after_s = _REFUSALS[refused.code]
    window = _tightest(refused.standing, family)
    return Refusal(
        refused.code,
        message,
        retry_after_s=retry_after_s,
        should_retry=retry_after_s is not None,
        details={
            "credits_left": credits_text(refused.standing.spendable_milli(family)),
            "resets_at_ms": window.resets_at_ms if window else None,
            "plan": plan.id,
        },
    )


def day_is_full(now_ms: int) -> Refusal:
    """What a user hears whom its app may not enrol today any more."""
    resets_ms = resets_at_ms("day", now_ms, anchor_day=1) or now_ms
    wait_s = (resets_ms - now_ms + 999) // 1_000
    # Some SDKs take no notice of so long a wait and try again at once.
    details = {"resets_at_ms": resets_ms}
    return Refusal("rate_limit_exceeded", _ENROLMENT, retry_after_s=wait_s, should_retry=False, details=details)


def least(sizing: Sizing, delivered_tokens: int, lead_tokens: int) -> HoldSize:
    """The smallest hold that a stream asks for when `following` is refused: an eighth of a lead ahead of its need, so that
    what is left of shared credits is used up without asking for every chunk."""
    return _size(sizing, delivered_tokens + lead_tokens + reserve_tokens(lead_tokens))


def wanted(sizing: Sizing, covered_tokens: int, delivered_tokens: int, lead_tokens: int) -> list[HoldSize]:
    """What a stream asks for, the most first; whatever of it there is room for will do. Who has come to its last half lead
    takes an eighth of a lead more than it has too, so that what others give back by then goes to somebody."""
    sizes = [
        ample(sizing, delivered_tokens, lead_tokens),
        following(sizing, delivered_tokens, lead_tokens),
        least(sizing, delivered_tokens, lead_tokens),
    ]
    if delivered_tokens > lead(sizing, covered_tokens, delivered_tokens, lead_tokens).late_tokens:
        sizes.append(_size(sizing, max(covered_tokens, delivered_tokens) + reserve_tokens(lead_tokens)))
    return sizes


def reserve_tokens(lead_tokens: int) -> int:
    """What a hold keeps ahead of a stream to its very end: a provider goes on for a moment when it is closed."""
    return lead_tokens // 8


def _size(sizing: Sizing, output_tokens: int) -> HoldSize:
    tokens = min(output_tokens, sizing.output_tokens_max)
    size = (sizing.tiers, sizing.tariff, sizing.input_tokens_max, tokens, sizing.images)
    milli, raw_nano_usd = worst_bill(*size)
    if sizing.tab.charges:
        milli = sizing.tab.and_then(worst_charge(*size)).milli
    return HoldSize(milli, raw_nano_usd, tokens)


def _over_budget(budget: CapStanding, standing: Standing, plan: Plan) -> Refusal:
    assistant_id = assistant_of(budget.scope)
    return Refusal(
        "assistant_budget_reached",
        f"The credits that you may spend on {assistant_id} in this {budget.window} are used up. Ask another assistant, name a "
        "model, or wait for the reset.",
        should_retry=False,
        details={
            "assistant": assistant_id,
            "credits_left": credits_text(max(0, budget.limit - budget.spent)),
            "resets_at_ms": resets_at_ms(budget.window, standing.at_ms, standing.anchor_day),
            "plan": plan.id,
        },
    )


def _tightest(standing: Standing, family: str) -> WindowStanding | None:
    """The window that keeps the caller from more: of those without a family, else of the family's own."""
    plain = [w for w in standing.windows if w.family is None]
    bound = [w for w in standing.windows if w.family == family]
    return min(plain or bound, key=lambda w: w.limit - w.spent, default=None)
