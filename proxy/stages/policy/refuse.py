"""What the caller is told when nobody may answer: verdicts and dropped candidates in, one Refusal out; decides nothing.

Messages say what would fix it; they never hold a multiplier, a raw cost, or a hint that a hidden model exists.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, get_args

from proxy.domain.assistant import AUTO
from proxy.domain.catalog import Catalog
from proxy.domain.decision import DropCode, Dropped, Reason
from proxy.domain.dialect import WISHES
from proxy.domain.errors import ErrorCode, Refusal
from proxy.domain.journey import Ask
from proxy.domain.money import credits_text
from proxy.domain.plan import Plan
from proxy.domain.policy import Action, PolicyTable
from proxy.domain.usage import ENDPOINTS
from proxy.domain.value import dataclass, replace
from proxy.domain.verdict import Verdict
from proxy.stages.policy.sight import unlocked_by

Facts = dict[str, int | str]

BLOCKED: Final = "This request is against the rules of this service and was not sent to any model."
UNCONFIRMED: Final = "This request needs your confirmation: send it again with signalbox.confirm set to this call's id."


@dataclass(frozen=True, slots=True)
class Wording:
    """How one drop code is told. `text` may name {model}, {unlock} and what its rule put into the reason's detail."""

    code: ErrorCode
    param: str | None
    text: str


_NOT_FOUND: Final = Wording(
    "model_not_found", "model", "No model named {names} exists or is open to you; GET /v1/models lists those that are."
)
_ELSEWHERE: Final = Wording("invalid_request", "model", "{model} is not for this endpoint: it is called at POST {endpoint}.")
_RULED_OUT: Final = Wording(
    "invalid_request",
    "model",
    "This {by}'s own list of models, {option}, leaves none: it rules out {model}. Name another, or have the list changed.",
)
_NOBODY_UP: Final = Wording("no_model_available", None, "No model that may answer this can be reached now; try again later.")

# One wording for all that the caller cannot see: an answer that differed would say what exists. `unaffordable` has
# none, for only admission refuses for want of credits.
WORDINGS: Final[Mapping[str, Wording]] = {
    "unknown": _NOT_FOUND,
    "inactive": _NOT_FOUND,
    "unpriced": _NOT_FOUND,
    "not_in_plan": Wording("model_not_in_plan", "model", "Your plan does not include {model}.{unlock}"),
    "not_in_key_scope": Wording("forbidden", "model", "This key may not call {model}; use a key whose scope includes it."),
    "vetoed": Wording(
        "invalid_request", "signalbox.{option}", "signalbox.{option} leaves no model: it rules out {model}; widen it."
    ),
    "risk_not_allowed": Wording(
        "forbidden", "messages", "This request was found {risk}, and {model} is not approved for that; use one that is."
    ),
    "modality": Wording(
        "invalid_request", "messages", "{model} does not take {missing}; leave it out or name a model that does."
    ),
    "tools_unsupported": Wording(
        "invalid_request", "tools", "{model} does not call tools; leave them out or name a model that does."
    ),
    "output_format_unsupported": Wording(
        "invalid_request",
        "response_format",
        "{model} does not answer in {format}; leave it out or name a model that does.",
    ),
    "parameter_unsupported": Wording(
        "invalid_request", "{parameter}", "{model} cannot be asked {wish}; leave it out or name a model that can."
    ),
    "context_too_small": Wording(
        "context_length_exceeded",
        "messages",
        "Prompt and answer take at least {asked} tokens, {model} holds {limit}; shorten them or name a larger model.",
    ),
    "max_output_too_small": Wording(
        "invalid_request", "max_tokens", "max_tokens is {asked}, but {model} writes at most {limit}; lower it."
    ),
    "over_plan_context": Wording(
        "context_length_exceeded",
        "messages",
        "Your plan does not take prompts of {asked} tokens (at most {limit}); shorten it.{unlock}",
    ),
    "provider_down": _NOBODY_UP,
    "cooling_down": _NOBODY_UP,
    "over_max_credits": Wording(
        "invalid_request",
        "signalbox.max_credits",
        "This call could cost {asked_credits} credits on {model}, the cheapest that may answer it, more than your max_credits "
        "of {limit_credits}; lower max_tokens or raise max_credits.",
    ),
}

# The codes stand in the order of the rules (contract 4).
_PLACE: Final[Mapping[str, int]] = {code: place for place, code in enumerate(get_args(DropCode))}


@dataclass(frozen=True, slots=True)
class Hearing:
    """Everything the refusal of an empty chain is worded from."""

    ask: Ask
    catalog: Catalog
    dropped: Sequence[Dropped]


def policy_refusal(ask: Ask, verdict: Verdict, action: Action, plan: Plan, catalog: Catalog) -> Refusal | None:
    """What forbids the call whatever model is asked for: a block, a missing confirmation, more answers than the plan
    allows, a name that stands for chats alone; None when nothing does."""
    table = catalog.policy
    if action == "block":
        return _by_action("content_policy_violation", BLOCKED, verdict, action, table)
    if action == "confirm" and not ask.confirmed:
        return _by_action("confirmation_required", UNCONFIRMED, verdict, action, table)
    if ask.n > plan.n_max:
        message = f"n is {ask.n}, but your plan gives at most {plan.n_max} answers per call; lower n."
        return Refusal("invalid_request", message, "n", details={"asked": ask.n, "limit": plan.n_max})
    return _for_chats(ask, catalog)


def nobody_left(hearing: Hearing) -> Refusal:
    """The refusal of the candidate that failed at the latest rule; of several, the first in the chain (contract 4), or the
    cheapest where each is too dear for the caller's own bound."""
    speaker = max(hearing.dropped, key=_says_most, default=None)
    if speaker is None or WORDINGS[speaker.reason.code] is _NOT_FOUND:
        return _worded(_NOT_FOUND, {"names": _names(hearing.ask)}, {})
    wording = _wording(speaker.reason)
    if wording is _NOBODY_UP:
        return replace(_worded(wording, {}, {"reason": speaker.reason.code}), retry_after_s=_retry_after_s(hearing))
    plan_id = _unlocked_by(speaker, hearing.catalog)
    facts = {**speaker.reason.detail, "model": speaker.model_id, "unlock": f" Plan {plan_id} does." if plan_id else ""}
    said = _in_credits(speaker.reason) | _in_words(speaker.reason) | _in_places(speaker.reason)
    return _worded(wording, facts | said, _details(speaker, plan_id))


def _says_most(dropped: Dropped) -> tuple[int, int]:
    reason = dropped.reason
    cheapness = -int(reason.detail["asked_milli_credits"]) if reason.code == "over_max_credits" else 0
    return _PLACE[reason.code], cheapness


def _wording(reason: Reason) -> Wording:
    if reason.detail.get("kind") in ENDPOINTS:
        return _ELSEWHERE
    return _RULED_OUT if "by" in reason.detail else WORDINGS[reason.code]


def _for_chats(ask: Ask, catalog: Catalog) -> Refusal | None:
    """Vectors of two models do not go together, and an assistant's prompt has no place before an image's: which model it is
    to be is for the caller to say."""
    name = ask.asked[0]
    shown = name in catalog.assistants and catalog.assistants[name].is_shown_on(ask.plan_id)
    if ask.kind == "chat" or (name != AUTO and not shown):
        return None
    message = f"'{name}' chooses models for chats. Name a model of kind {ask.kind} or an alias; GET /v1/models lists them."
    return Refusal("invalid_request", message, "model")


def _by_action(code: ErrorCode, default: str, verdict: Verdict, action: Action, table: PolicyTable) -> Refusal:
    spoke = (*(hazard for hazard in verdict.hazards if table.actions.get(hazard) == action), verdict.risk, action)
    message = next((table.action_messages[name] for name in spoke if name in table.action_messages), default)
    details: Facts = {"risk": verdict.risk}
    if verdict.hazards:
        details["hazards"] = ", ".join(verdict.hazards)
    return Refusal(code, message, "messages", details=details)


def _worded(wording: Wording, facts: Mapping[str, int | str], details: Mapping[str, int | str]) -> Refusal:
    param = None if wording.param is None else wording.param.format_map(facts)
    return Refusal(wording.code, wording.text.format_map(facts), param, details=details)


def _names(ask: Ask) -> str:
    return " or ".join(f"'{name}'" for name in ask.asked)


def _unlocked_by(speaker: Dropped, catalog: Catalog) -> str | None:
    match speaker.reason.code:
        case "not_in_plan":
            return unlocked_by(catalog, speaker.model_id)
        case "over_plan_context":
            return unlocked_by(catalog, speaker.model_id, int(speaker.reason.detail["asked"]))
        case _:
            return None


def _details(speaker: Dropped, plan_id: str | None) -> Facts:
    facts: Facts = {"reason": speaker.reason.code, "model": speaker.model_id, **speaker.reason.detail}
    return facts if plan_id is None else facts | {"unlocked_by": plan_id}


def _in_credits(reason: Reason) -> Facts:
    return {
        name.removesuffix("_milli_credits") + "_credits": credits_text(int(amount))
        for name, amount in reason.detail.items()
        if name.endswith("_milli_credits")
    }


def _in_words(reason: Reason) -> Facts:
    wish = next((wish for feature, wish in WISHES.items() if feature == reason.detail.get("feature")), None)
    return {} if wish is None else {"wish": wish.words}


def _in_places(reason: Reason) -> Facts:
    endpoint = ENDPOINTS.get(str(reason.detail.get("kind")))
    return {} if endpoint is None else {"endpoint": endpoint}


def _retry_after_s(hearing: Hearing) -> int | None:
    probes = [
        int(dropped.reason.detail["retry_at_ms"]) for dropped in hearing.dropped if "retry_at_ms" in dropped.reason.detail
    ]
    return max(1, ceil((min(probes) - hearing.ask.at_ms) / 1000)) if probes else None
