"""Whom `auto` chooses in each mode, what that costs beside always calling the best or the cheapest, and what it says of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any, Final

import httpx2

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog, Model
from proxy.domain.money import credits_text
from tests.proofs.auto.ground import ShippedHouse, ask_all, code_of, table, user_key
from tests.proofs.claims import Case

PLAN: Final = "pro"
MODES: Final = ("economy", "balanced", "best", "fast")
# Credits enough for whatever a mode may choose.
BUDGET: Final = {"kind": "topup", "amount": "1000000", "reason": "a proof"}
REASONS_MAX: Final = 3


@dataclass(slots=True)
class Round:
    """One way to ask for all prompts: what was answered, and the record of each call."""

    name: str
    answers: list[httpx2.Response]
    calls: dict[str, Call] = field(default_factory=dict)

    def call(self, place: int) -> Call | None:
        return self.calls.get(self.answers[place].headers["x-signalbox-call"])


def rivals(catalog: Catalog) -> tuple[Model, Model]:
    """Of the models that assistants choose from: the best by the catalog's own figures, and the cheapest."""
    named = {preference.model_id for assistant in catalog.assistants.values() for preference in assistant.preferences}
    models = [catalog.models[model_id] for model_id in sorted(named)]
    best = max(models, key=lambda model: mean(model.quality.values()))
    return best, min(models, key=lambda model: model.tiers[0].prices.input + model.tiers[0].prices.output)


def ask_in_every_way(house: ShippedHouse, admin: str, texts: Sequence[str]) -> list[Round]:
    """All texts in each mode of `auto`, and of the two rivals by name; a user for each way."""
    best, cheapest = rivals(house.catalog)
    ways: list[tuple[str, str, dict[str, Any]]] = [(mode, "auto", {"mode": mode}) for mode in MODES]
    ways += [(f"always {model.id}", model.id, {}) for model in (best, cheapest)]
    rounds = []
    for number, (name, model, options) in enumerate(ways):
        user_id = f"way-{number}"
        key = user_key(house, admin, user_id, PLAN)
        with house.http(admin) as http:
            assert http.post(f"/api/admin/users/{user_id}/grants", json=BUDGET).status_code == 201
        answers = ask_all(house, key, texts, model, explain=True, **options)
        rounds.append(Round(name, answers, {call.id: call for call in house.calls(user_id)}))
    return rounds


def shared_places(rounds: Sequence[Round]) -> list[int]:
    """The prompts that were answered in every way, for only these can be compared."""
    places = range(len(rounds[0].answers))
    return [place for place in places if all(one.answers[place].status_code == 200 for one in rounds)]


def claim(case: Case, house: ShippedHouse, rounds: Sequence[Round]) -> None:
    """What must be so of every answer, and of the sums."""
    said = [(one, answer) for one in rounds for answer in one.answers]
    codes = Counter(code_of(answer) or "answered" for _, answer in said)
    fine = {"answered", "content_policy_violation", "forbidden"}
    case.claim(f"{len(said)} calls in {len(rounds)} ways: {dict(sorted(codes.items()))}", set(codes) <= fine)
    chosen = [answer.json()["signalbox"] for one, answer in said if one.name in MODES and answer.status_code == 200]
    told = sum(_is_told(one) for one in chosen)
    case.claim(
        f"{told} of {len(chosen)} answers say assistant, mode, reasons, credits, and on request who was rejected",
        told == len(chosen),
    )
    spent = {one.name: _credits(one, shared_places(rounds)) for one in rounds}
    *modes, best, cheapest = [spent[one.name] for one in rounds]
    cheap_ok = all(cheapest <= credits <= best for credits in modes)
    case.claim(
        f"every mode costs between always-cheapest ({credits_text(cheapest)}) and always-best ({credits_text(best)}) credits",
        cheap_ok,
    )
    economy, balanced, top = (spent[name] for name in ("economy", "balanced", "best"))
    case.claim(
        f"economy {credits_text(economy)}, balanced {credits_text(balanced)}, best {credits_text(top)} credits",
        economy <= balanced <= top,
    )
    quality = {one.name: _quality(one, shared_places(rounds), house.catalog) for one in rounds}
    rising = quality["economy"] <= quality["balanced"] <= quality["best"]
    case.claim(f"quality by the catalog: {', '.join(f'{name} {quality[name]:.2f}' for name in MODES)}", rising)


def _is_told(said: Mapping[str, Any]) -> bool:
    explained = said.get("explain", {})
    whole = all(said.get(name) for name in ("assistant", "mode", "reason", "credits", "why"))
    return whole and 1 <= len(said["why"]) <= REASONS_MAX and "rejected" in explained


def sums(house: ShippedHouse, rounds: Sequence[Round]) -> str:
    """A row for each way: credits, beside the two rivals, and quality by the catalog's own figures."""
    places, catalog = shared_places(rounds), house.catalog
    *_, best, cheapest = [_credits(one, places) for one in rounds]
    rows = [
        (
            one.name,
            credits_text(_credits(one, places)),
            f"{_credits(one, places) * 100 / best:.0f} %",
            f"{_credits(one, places) / cheapest:.1f}",
            f"{_quality(one, places, catalog):.2f}",
            len({call.model_id for call in _calls(one, places)}),
        )
        for one in rounds
    ]
    return table(("way", "credits", "of always-best", "times always-cheapest", "quality", "models"), rows)


def families(rounds: Sequence[Round]) -> str:
    """A row for each assistant and mode: how many prompts it had, and who answered them."""
    rows = []
    for one in (one for one in rounds if one.name in MODES):
        answered = [call for call in one.calls.values() if call.model_id is not None]
        for assistant in sorted({call.assistant_id or "-" for call in answered}):
            own = [call for call in answered if (call.assistant_id or "-") == assistant]
            models = Counter(call.model_id for call in own).most_common()
            rows.append((one.name, assistant, len(own), ", ".join(f"{model} {count}" for model, count in models)))
    return table(("mode", "assistant", "prompts", "who answered"), rows)


def _calls(one: Round, places: Sequence[int]) -> list[Call]:
    return [call for place in places if (call := one.call(place)) is not None]


def _credits(one: Round, places: Sequence[int]) -> int:
    return sum(call.credits_milli for call in _calls(one, places))


def _quality(one: Round, places: Sequence[int], catalog: Catalog) -> float:
    figures = [
        catalog.quality(catalog.models[call.model_id], call.verdict.family) or 0.0
        for call in _calls(one, places)
        if call.model_id is not None and call.verdict is not None
    ]
    return mean(figures)
