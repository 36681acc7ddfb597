"""Recorded calls in, the same calls decided and billed on other terms out; faults, live holds and departures stay as they
happened, and under the same terms so does everything else. Calls nobody."""

from collections.abc import Sequence
from typing import Final, Literal

from proxy.domain.call import Attempt, Call
from proxy.domain.catalog import Catalog
from proxy.domain.decision import Candidate, Decision, Reason
from proxy.domain.journey import Ask
from proxy.domain.money import Charge, Tab, ceil_div, credits_milli, raw_cost_nano_usd
from proxy.domain.plan import Override, Plan, effective, tariff
from proxy.domain.usage import Usage
from proxy.domain.value import dataclass, replace
from proxy.domain.verdict import Advice, Verdict
from proxy.pipeline.shadow import Page, Shadow, Spending
from proxy.stages import assistant, hold, policy

Fate = Literal["same", "refused", "admitted", "downgraded", "rerouted", "shortened"]

_ANSWERED: Final = ("served", "cut", "left", "crashed")
# What the books refuse for want of credits depends on the terms; every other refusal of theirs on the moment.
_WANTING: Final = ("insufficient_credits", "budget_cap_reached", "assistant_budget_reached")
_ANY: Final = Reason("ranked")
_SHORTENED: Final = "output_shortened"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is different for every caller beside the catalog; None leaves it as it was."""

    plan_id: str | None = None
    multiplier_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call came to. `model_id` is None where nobody answered, and then `code` says why; `output_shortened` is the code
    of an answer that may not be as long as it was."""

    model_id: str | None
    code: str | None
    credits_milli: int = 0
    absorbed_milli: int = 0
    raw_nano_usd: int = 0


@dataclass(frozen=True, slots=True)
class Replayed:
    """One call as it was and as it would have been.

    `fate`: `refused` or `admitted` where it was not before, answered by a cheaper model (`downgraded`) or another one
    (`rerouted`), `shortened` by a lower bound, or none of these. Of a call that would only now be admitted nobody knows the
    tokens: it costs nothing here, and `cost_is_known` is False.
    """

    call: Call
    decision: Decision
    was: Bill
    would: Bill
    fate: Fate
    cost_is_known: bool


@dataclass(frozen=True, slots=True)
class _Scene:
    """A recorded call on other terms: all that its bill is made of. `is_unchanged` says that standing and chain are the
    recorded ones, so that whatever happened then happens again."""

    call: Call
    recorded: Decision
    ask: Ask
    plan: Plan
    catalog: Catalog
    page: Page
    decision: Decision
    is_unchanged: bool


class Replay:
    """Takes calls oldest first: what an account's earlier calls would have spent is what later ones find spent."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._shadows: dict[str, Shadow] = {}

    def take(self, call: Call, catalog: Catalog) -> Replayed | None:
        """The call under `catalog` and these terms; None when it was never decided."""
        shadow = self._shadows.setdefault(call.user_id, Shadow())
        scene = self._scene(call, catalog, shadow)
        if scene is None:
            return None
        was = Bill(
            model_id=call.model_id if call.status in _ANSWERED else None,
            code=call.code,
            credits_milli=call.credits_milli,
            absorbed_milli=call.absorbed_milli,
            raw_nano_usd=call.raw_nano_usd,
        )
        would = _bill(scene, was)
        shadow.note(scene.page, _spending(call.family, was), _spending(_family(scene, would), would))
        return Replayed(
            call=call,
            decision=scene.decision,
            was=was,
            would=would,
            fate=_fate(scene, was, would),
            cost_is_known=would.model_id is None or call.status in _ANSWERED,
        )

    def _scene(self, call: Call, catalog: Catalog, shadow: Shadow) -> _Scene | None:
        recorded, verdict, advice, standing, health = call.decision, call.verdict, call.advice, call.standing, call.health
        if call.ask is None or recorded is None or verdict is None or advice is None or standing is None or health is None:
            return None
        ask = self._asked(call.ask)
        plan = effective(catalog.plan(ask.plan_id), ask.overrides, ask.at_ms)
        page = shadow.page(standing, plan.allowances)
        advice = _advised(advice, ask, verdict, catalog)
        decision = policy.decide(ask, verdict, advice, page.standing, catalog, health)
        is_unchanged = page.standing == standing and _route(decision) == _route(recorded)
        return _Scene(call, recorded, ask, plan, catalog, page, decision, is_unchanged)

    def _asked(self, ask: Ask) -> Ask:
        plan_id, multiplier_ppm = self._terms.plan_id, self._terms.multiplier_ppm
        if plan_id is not None:
            ask = replace(ask, plan_id=plan_id)
        if multiplier_ppm is not None:
            ask = replace(ask, overrides=(*ask.overrides, Override("replay", "a replay", multiplier_ppm=multiplier_ppm)))
        return ask


def _advised(recorded: Advice, ask: Ask, verdict: Verdict, catalog: Catalog) -> Advice:
    """The assistant that was advised or, where this catalog has it no more, the one that would be."""
    if recorded.assistant_id is None:
        return recorded
    advised = catalog.assistants.get(recorded.assistant_id)
    is_there = advised is not None and advised.is_open_on(ask.plan_id)
    return recorded if is_there else assistant.advise(ask.asked, verdict, catalog, ask.plan_id)


def _route(decision: Decision) -> tuple[object, ...]:
    """What becomes of a call; which code decided it, and how it says why, changes nothing of that."""
    refusal = decision.refusal
    chain = tuple(replace(kept, reason=_ANY, score=0.0) for kept in decision.chain)
    return chain, None if refusal is None else refusal.code


def _bill(scene: _Scene, was: Bill) -> Bill:
    call, decision = scene.call, scene.decision
    if decision.refusal is not None:
        return Bill(None, decision.refusal.code)
    let_down = call.status == "refused" and scene.recorded.refusal is None and call.code not in _WANTING
    if let_down or call.status == "crashed":
        return was
    if scene.is_unchanged:
        return _paid(scene, was, call.attempts) if call.attempts else was
    return _tried_anew(scene, was)


def _tried_anew(scene: _Scene, was: Bill) -> Bill:
    """Along the other chain: who failed then fails again, who cannot be held is passed over, the next one answers."""
    failed = {attempt.model_id for attempt in scene.call.attempts if not attempt.charged}
    short: str | None = None
    for candidate in scene.decision.chain:
        if candidate.model_id in failed:
            continue
        refused = scene.page.refuses(_held(scene, candidate))
        if refused in (None, "credits_on_hold"):
            return _answered(scene, candidate, was)
        short = short or refused
    return replace(_paid(scene, was, _lost(scene)), model_id=None, code=short or scene.call.code)


def _answered(scene: _Scene, candidate: Candidate, was: Bill) -> Bill:
    """The call as `candidate` would have answered it: with as many tokens as were used, or fewer where it may not write so
    many."""
    lost = _lost(scene)
    written = _written(scene.call)
    if written is None:
        in_vain_milli = _in_vain_milli(scene, lost)
        return Bill(candidate.model_id, None, absorbed_milli=in_vain_milli, raw_nano_usd=_raw_nano_usd(scene, lost))
    model = scene.catalog.models[candidate.model_id]
    usage = _shortened(scene, candidate, written)
    stands_in = replace(written, model_id=model.id, provider_id=model.provider_id, family=model.family, usage=usage)
    bill = _paid(scene, was, (*lost, stands_in))
    left_milli = min(bill.credits_milli, scene.page.standing.spendable_milli(model.family))
    return replace(
        bill,
        model_id=model.id,
        code=was.code if usage == written.usage else _SHORTENED,
        credits_milli=left_milli,
        absorbed_milli=bill.absorbed_milli + bill.credits_milli - left_milli,
    )


def _paid(scene: _Scene, was: Bill, attempts: Sequence[Attempt]) -> Bill:
    """The attempts at these prices. Of what is billed above the hold, and of what is billed in vain, the operator loses the
    same share as it did."""
    in_vain_milli, raw_nano_usd = _in_vain_milli(scene, attempts), _raw_nano_usd(scene, attempts)
    was_in_vain_milli = sum(attempt.credits_milli for attempt in scene.call.attempts if not attempt.charged)
    was_answered = any(attempt.charged for attempt in scene.call.attempts)
    charges = [_charge(scene, attempt.family, attempt.model_id, attempt.usage) for attempt in attempts if attempt.charged]
    if charges:
        billed_milli = Tab([charge for charge in charges if charge is not None]).milli
        was_over_milli = was.absorbed_milli - was_in_vain_milli
        lost_milli = _share(billed_milli, was_over_milli, was.credits_milli + was_over_milli)
        paid_milli, absorbed_milli = billed_milli - lost_milli, lost_milli + in_vain_milli
    else:
        paid_milli = 0 if was_answered else _share(in_vain_milli, was.credits_milli, was_in_vain_milli)
        absorbed_milli = in_vain_milli - paid_milli
    return replace(was, credits_milli=paid_milli, absorbed_milli=absorbed_milli, raw_nano_usd=raw_nano_usd)


def _share(amount: int, part: int, whole: int) -> int:
    """As much of `amount` as `part` was of `whole`."""
    return ceil_div(amount * part, whole) if part and whole else 0


def _in_vain_milli(scene: _Scene, attempts: Sequence[Attempt]) -> int:
    """What the operator loses to attempts that nobody pays."""
    lost = [attempt for attempt in attempts if not attempt.charged and attempt.credits_milli]
    charges = [_charge(scene, attempt.family, attempt.model_id, attempt.usage) for attempt in lost]
    return sum(credits_milli([charge]) for charge in charges if charge is not None)


def _charge(scene: _Scene, family: str, model_id: str, usage: Usage | None) -> Charge | None:
    if usage is None:
        return None
    terms = tariff(scene.plan, family, scene.catalog.milli_credits_per_dollar)
    return Charge(scene.catalog.models[model_id].tiers_for(scene.ask.picture), terms, usage)


def _raw_nano_usd(scene: _Scene, attempts: Sequence[Attempt]) -> int:
    models, picture = scene.catalog.models, scene.ask.picture
    used = [(models[attempt.model_id].tiers_for(picture), attempt.usage) for attempt in attempts]
    return sum(raw_cost_nano_usd(tiers, usage) for tiers, usage in used if usage is not None)


def _written(call: Call) -> Attempt | None:
    """Who wrote, with all that was used where others went on with it."""
    writers = [attempt for attempt in call.attempts if attempt.charged]
    return replace(writers[0], usage=call.usage) if len(writers) > 1 else next(iter(writers), None)


def _lost(scene: _Scene) -> list[Attempt]:
    """The attempts that failed and would be made again."""
    chain = {candidate.model_id for candidate in scene.decision.chain}
    return [attempt for attempt in scene.call.attempts if not attempt.charged and attempt.model_id in chain]


def _shortened(scene: _Scene, candidate: Candidate, written: Attempt) -> Usage | None:
    usage = written.usage
    before = next((c.output_tokens_max for c in scene.recorded.chain if c.model_id == written.model_id), None)
    if usage is None or before is None or candidate.output_tokens_max >= before:
        return usage
    bound = candidate.output_tokens_max * scene.ask.n
    reasoning = min(usage.reasoning, bound)
    return replace(usage, output=min(usage.output, bound - reasoning), reasoning=reasoning)


def _held(scene: _Scene, candidate: Candidate) -> Spending:
    sizing = hold.sizing(candidate, scene.catalog, scene.plan, scene.ask)
    size = hold.first(sizing, scene.catalog.policy.hold_lead_tokens)
    return Spending(sizing.model.family, size.amount_milli, size.raw_nano_usd)


def _spending(family: str | None, bill: Bill) -> Spending:
    return Spending(family or "", bill.credits_milli, bill.raw_nano_usd)


def _family(scene: _Scene, bill: Bill) -> str | None:
    model = scene.catalog.models.get(bill.model_id or "")
    return scene.call.family if model is None else model.family


def _fate(scene: _Scene, was: Bill, would: Bill) -> Fate:
    if would.model_id is None:
        return "same" if scene.call.status == "refused" or would.code == was.code else "refused"
    if was.model_id is None:
        return "admitted"
    if would.model_id != was.model_id:
        return "downgraded" if _is_cheaper(scene, would.model_id) else "rerouted"
    return "shortened" if would.code == _SHORTENED else "same"


def _is_cheaper(scene: _Scene, model_id: str) -> bool:
    """Whether this model's price for the tokens used is below that of the one that wrote."""
    written = _written(scene.call)
    if written is None or written.usage is None:
        return False
    models, picture = scene.catalog.models, scene.ask.picture
    before = models.get(written.model_id)
    tiers = before.tiers_for(picture) if before is not None else ()
    paid_nano = raw_cost_nano_usd(tiers, written.usage) if tiers else written.raw_nano_usd
    return raw_cost_nano_usd(models[model_id].tiers_for(picture), written.usage) < paid_nano
