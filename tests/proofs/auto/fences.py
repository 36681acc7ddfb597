"""Prompts asked under every kind of bound: plans, vetoes and lists of calls, keys and users, max_credits and caps; and how
often one was overstepped by what the books saw, judged in words of its own."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog, Model
from proxy.domain.money import credits_text
from tests.proofs.auto.ground import ShippedHouse, ask_all, code_of, table, user_key
from tests.proofs.claims import Case

Allows = Callable[[Model], bool]
CAP_MILLI: Final = 2_000
MAX_MILLI: Final = 300


@dataclass(frozen=True, slots=True)
class Fence:
    """One kind of bound: the user's plan and terms, what the call says, which models it leaves, what the key wishes, and what
    may be spent (milli-credits) in all, or by each call."""

    name: str
    plan: str
    terms: dict[str, Any]
    options: dict[str, Any]
    allows: Allows
    key_wishes: Mapping[str, Any] | None = None
    spent_max: int | None = None
    each_max: int | None = None


@dataclass(frozen=True, slots=True)
class Fenced:
    """What came of one fence. `outside` are attempts at models that it rules out; `over` is what was spent beyond it."""

    fence: Fence
    codes: Counter[str]
    calls: list[Call]
    outside: int
    over: int


def _named(*wishes: str) -> Allows:
    """What a list of wishes means, written down anew."""
    return lambda model: any(
        wish.removeprefix("tag:") in model.tags if wish.startswith("tag:") else fnmatchcase(model.id, wish) for wish in wishes
    )


def _anything(_: Model) -> bool:
    return True


def _but(allows: Allows) -> Allows:
    return lambda model: not allows(model)


FENCES: Final = (
    Fence("plan free", "free", {}, {}, _anything),
    Fence("the call avoids OpenRouter", "plus", {}, {"avoid": ["openrouter/*"]}, _but(_named("openrouter/*"))),
    Fence("the call allows cheap models alone", "pro", {}, {"only": ["tag:cheap"]}, _named("tag:cheap")),
    Fence("the key avoids OpenAI", "pro", {}, {}, _but(_named("openai/*")), {"avoid": ["openai/*"]}),
    Fence("the user allows OpenRouter alone", "pro", {"wishes": {"only": ["openrouter/*"]}}, {}, _named("openrouter/*")),
    Fence(
        f"max_credits {credits_text(MAX_MILLI)}",
        "pro",
        {},
        {"max_credits": credits_text(MAX_MILLI)},
        _anything,
        each_max=MAX_MILLI,
    ),
    Fence(
        f"a cap of {credits_text(CAP_MILLI)} credits a day",
        "plus",
        {"caps": [{"window": "day", "credits": credits_text(CAP_MILLI)}]},
        {},
        _anything,
        spent_max=CAP_MILLI,
    ),
)


def ask_behind_fences(house: ShippedHouse, admin: str, texts: Sequence[str]) -> list[Fenced]:
    """The texts dealt out over the fences, a user for each."""
    catalog = house.catalog
    return [
        _fenced(house, admin, catalog, fence, f"fenced-{number}", texts[number :: len(FENCES)])
        for number, fence in enumerate(FENCES)
    ]


def _fenced(house: ShippedHouse, admin: str, catalog: Catalog, fence: Fence, user_id: str, texts: Sequence[str]) -> Fenced:
    key = user_key(house, admin, user_id, fence.plan, fence.key_wishes, **fence.terms)
    codes = Counter(code_of(answer) or "answered" for answer in ask_all(house, key, texts, **fence.options))
    calls = house.calls(user_id)
    tried = [catalog.models[attempt.model_id] for call in calls for attempt in call.attempts]
    outside = sum(model.id not in catalog.plans[fence.plan].models or not fence.allows(model) for model in tried)
    spent = sum(call.credits_milli for call in calls)
    over = max(0, spent - fence.spent_max) if fence.spent_max is not None else 0
    if fence.each_max is not None:
        over += sum(max(0, call.credits_milli - fence.each_max) for call in calls)
    return Fenced(fence, codes, calls, outside, over)


def claim(case: Case, found: Sequence[Fenced]) -> None:
    """Nothing outside, nothing over, and every fence was really met."""
    tried = sum(len(call.attempts) for one in found for call in one.calls)
    outside, over = sum(one.outside for one in found), sum(one.over for one in found)
    case.claim(
        f"{tried} upstream calls under {len(found)} kinds of bounds, {outside} outside plan, veto or list",
        tried > 0 and not outside,
    )
    case.claim(f"{credits_text(over)} credits beyond a cap or max_credits", over == 0)
    met = [one.fence.name for one in found if one.codes["answered"]]
    case.claim(f"{len(met)} of {len(found)} kinds had answers", len(met) == len(found))
    capped = next(one for one in found if one.fence.spent_max is not None)
    case.claim(f"the cap was met: {dict(sorted(capped.codes.items()))}", capped.codes["budget_cap_reached"] > 0)


def shown(found: Sequence[Fenced]) -> str:
    """A row for each fence."""
    rows = [
        (
            one.fence.name,
            one.fence.plan,
            ", ".join(f"{code} {count}" for code, count in sorted(one.codes.items())),
            sum(len(call.attempts) for call in one.calls),
            one.outside,
            credits_text(sum(call.credits_milli for call in one.calls)),
            credits_text(one.over),
        )
        for one in found
    ]
    return table(("bound", "plan", "answers", "upstream calls", "outside it", "credits", "over it"), rows)
