"""In which order eligible candidates are tried: cases in, a ranked chain with a reason each out; drops nobody.

A score is a sum over facts of one candidate alone, never relative to its rivals: whoever leaves, the others keep their
order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import log10
from typing import Final

from proxy.domain.catalog import LatencyTier, Model
from proxy.domain.decision import Candidate, KeepCode, Reason
from proxy.domain.policy import Mode, Weights
from proxy.domain.value import dataclass, maker
from proxy.domain.verdict import Complexity
from proxy.stages.policy.eligible import Case
from proxy.stages.policy.shortlist import Order

_new_candidate: Final = maker(Candidate)

# A model of unknown quality is neither praised nor blamed.
QUALITY_UNKNOWN: Final = 0.5
SPEED: Final[Mapping[LatencyTier, float]] = {"fast": 1.0, "medium": 0.5, "slow": 0.0}
# A hard task is worth a better model; a simple one is not.
QUALITY_FACTOR: Final[Mapping[Complexity, float]] = {"simple": 0.5, "standard": 1.0, "hard": 2.0}
# Prices of models span about four orders of magnitude, from a cent to a hundred dollars for a million tokens.
CHEAPEST_LOG_DOLLARS: Final = -2.0
DEAREST_LOG_DOLLARS: Final = 2.0
SCORE_DIGITS: Final = 6
# What of a reason says that the caller's credits shortened the answer.
WANTED: Final = "output_tokens_wanted"


@dataclass(frozen=True, slots=True)
class Standpoint:
    """How to look at candidates. `mode` names the `weights`; `quality_factor` is the task's; `cheap_first` says that credits
    run low. `in_exchange`: the sticky model waits for what its tools found, and goes first whatever the order. `learned` is
    quality at this family by model, where it is known better than by the model's row."""

    order: Order
    family: str
    mode: Mode
    weights: Weights
    quality_factor: float
    milli_credits_per_dollar: int
    sticky_model_id: str | None = None
    in_exchange: bool = False
    left_family: str | None = None
    cheap_first: bool = False
    learned: Mapping[str, float] = field(default_factory=dict)

    @property
    def bound_to(self) -> str | None:
        """The model that began the tool exchange which this call goes on with."""
        return self.sticky_model_id if self.in_exchange else None


@dataclass(frozen=True, slots=True)
class Ranked:
    """The chain, whether low credits changed its order, and whether they shortened the first candidate's answer."""

    chain: tuple[Candidate, ...]
    stepped_down: bool
    shortened: bool


# A reason before it is known whether the answer is shortened.
Why = tuple[KeepCode, Mapping[str, int | str]]
NOBODY: Final = Ranked((), stepped_down=False, shortened=False)


def rank(cases: Sequence[Case], preferences: Mapping[str, float], view: Standpoint, spared: Sequence[Case] = ()) -> Ranked:
    """The cases as candidates in the order to try them, and after them the `spared`; one at least of both. `preferences` are
    weights by model id.

    Ties break by id.
    """
    # What was not asked to be scored has no score.
    scores = {case.model.id: _score(case, preferences, view) for case in cases} if view.order == "score" else {}
    usual = _usual(cases, scores, view)
    chosen = _frugal(cases, view) if view.cheap_first else usual
    stepped_down = chosen != usual
    chain = [
        _candidate(case, _reason(place, case, view, stepped_down), scores.get(case.model.id, 0.0))
        for place, case in enumerate(chosen)
    ]
    chain += [_candidate(case, ("spared", {}), 0.0) for case in spared]
    return Ranked(tuple(chain), stepped_down, shortened=WANTED in chain[0].reason.detail)


def cheapest(cases: Sequence[Case]) -> Case:
    """The case that admission is most likely to let in: the least that an answer could cost, ties by id."""
    return min(cases, key=lambda case: (case.size.worst_milli_credits, case.model.id))


def _usual(cases: Sequence[Case], scores: Mapping[str, float], view: Standpoint) -> list[Case]:
    if view.order != "score":
        return sorted(cases, key=lambda case: case.model.id != view.bound_to) if view.bound_to else list(cases)
    return sorted(cases, key=lambda case: (_standing_back(case, view), -scores[case.model.id], case.model.id))


def _standing_back(case: Case, view: Standpoint) -> int:
    """A model with room for the answer goes before one without, even where a conversation would stay; a tool exchange does."""
    if case.model.id == view.bound_to:
        return 0
    if case.size.is_cramped:
        return 3
    return 1 if case.model.id == view.sticky_model_id else 2


def _frugal(cases: Sequence[Case], view: Standpoint) -> list[Case]:
    return sorted(cases, key=lambda case: (case.model.id != view.bound_to, case.size.yard_milli_credits, case.model.id))


def _reason(place: int, case: Case, view: Standpoint, stepped_down: bool) -> Why:
    code = _keep_code(place, case, view, stepped_down)
    if code == "named":
        return code, {}
    detail: dict[str, int | str] = {"mode": view.mode} if code in ("best_score", "ranked") else {}
    if code == "best_score" and view.left_family is not None:
        detail |= {"left": view.left_family, "family": view.family}
    if code == "switched" and view.bound_to is not None:
        detail = {"from": view.bound_to}
    return code, detail


def _keep_code(place: int, case: Case, view: Standpoint, stepped_down: bool) -> KeepCode:
    if view.bound_to is not None:
        return "sticky" if case.model.id == view.bound_to else "switched"
    if stepped_down:
        return "stepped_down"
    if view.order != "score":
        return view.order
    if case.size.is_cramped:
        return "cramped"
    if case.model.id == view.sticky_model_id:
        return "sticky"
    return "best_score" if place == 0 else "ranked"


def _score(case: Case, preferences: Mapping[str, float], view: Standpoint) -> float:
    model, weights = case.model, view.weights
    merit = (
        weights.quality * view.quality_factor * _quality(case.model, view)
        + weights.cost * _cheapness(case, view.milli_credits_per_dollar)
        + weights.latency * SPEED[model.latency_tier]
        + weights.health * case.health.score
    )
    # Rounded before it is compared, so that the recorded score explains the order on any machine.
    return round(merit * preferences.get(model.id, 1.0), SCORE_DIGITS)


def _quality(model: Model, view: Standpoint) -> float:
    learned = view.learned.get(model.id)
    return model.quality.get(view.family, QUALITY_UNKNOWN) if learned is None else learned


def _cheapness(case: Case, milli_credits_per_dollar: int) -> float:
    dollars = case.size.yard_milli_credits / milli_credits_per_dollar * 1_000_000 / case.size.yard_tokens
    if dollars <= 0:
        return 1.0
    share = (DEAREST_LOG_DOLLARS - log10(dollars)) / (DEAREST_LOG_DOLLARS - CHEAPEST_LOG_DOLLARS)
    return min(1.0, max(0.0, share))


def _candidate(case: Case, why: Why, score: float) -> Candidate:
    size, (code, detail) = case.size, why
    if size.is_shortened:
        detail = {**detail, WANTED: size.output_tokens_wanted}
    return _new_candidate(
        model_id=case.model.id,
        provider_id=case.model.provider_id,
        reason=Reason(code, detail),
        score=score,
        input_tokens_max=size.input_tokens_max,
        output_tokens_max=size.output_tokens_max,
        worst_milli_credits=size.worst_milli_credits,
    )
