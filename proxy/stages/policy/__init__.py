"""Policy: a call without its text and all facts about it in, the ranked chain with its reasons out; waits for nothing.

`eligible` says who may answer, `rank` in which order, `size` how large and dear the call is, `refuse` what is said when
nobody is left, `sight` what a caller may call at all.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from proxy.domain.catalog import Catalog, Model, Vocabulary
from proxy.domain.decision import Candidate, Decision, Dropped, Health, ModelHealth, Reason
from proxy.domain.errors import Refusal
from proxy.domain.journey import Ask
from proxy.domain.plan import Plan, effective, tariff
from proxy.domain.policy import Action, Mode, PolicyTable, Weights
from proxy.domain.standing import Standing
from proxy.domain.usage import ENDPOINTS
from proxy.domain.value import dataclass, maker, replace
from proxy.domain.verdict import Advice, SecondWord, Verdict
from proxy.stages.policy.eligible import Case, first_objection
from proxy.stages.policy.rank import NOBODY, QUALITY_FACTOR, WANTED, Ranked, Standpoint, cheapest, rank
from proxy.stages.policy.refuse import Hearing, nobody_left, policy_refusal
from proxy.stages.policy.shortlist import Shortlist, shortlist
from proxy.stages.policy.sight import meaningless, unlocked_by, visible
from proxy.stages.policy.size import Size, measure

__all__ = [
    "REVISION",
    "act",
    "acted",
    "decide",
    "in_doubt",
    "lacks_credits",
    "meaningless",
    "table_for",
    "uncounted",
    "unlocked_by",
    "visible",
]

# Names this code in every Decision; raise it with any change that can alter an answer.
REVISION: Final = "6"
SEVERITY: Final[tuple[Action, ...]] = ("allow", "flag", "route", "confirm", "block")
# Reasons against a model that an exact count of its input could take away.
BY_SIZE: Final = ("over_max_credits", "unaffordable")
# What is not known to be ill.
WELL: Final = ModelHealth()
NOTHING: Final[frozenset[Vocabulary]] = frozenset()
# A mode that the operator gave no weights looks at everything alike.
EVEN: Final = Weights(quality=1.0, cost=1.0, latency=1.0, health=1.0)
_new_case: Final = maker(Case)
_new_decision: Final = maker(Decision)
_new_standpoint: Final = maker(Standpoint)


@dataclass(frozen=True, slots=True)
class Scene:
    """The facts of one decision, resolved once."""

    ask: Ask
    verdict: Verdict
    advice: Advice
    standing: Standing
    catalog: Catalog
    health: Health
    plan: Plan
    action: Action
    mode: Mode


_new_scene: Final = maker(Scene)


def act(verdict: Verdict, table: PolicyTable) -> Action:
    """What the operator's table does with a verdict: the strictest action of its hazards, else that of its risk level,
    else `allow`."""
    if verdict.hazards:
        by_hazard = [table.actions[hazard] for hazard in verdict.hazards if hazard in table.actions]
        if by_hazard:
            return max(by_hazard, key=SEVERITY.index)
    return table.actions.get(verdict.risk, "allow")


def acted(verdict: Verdict, table: PolicyTable) -> Action:
    """The same, once a second net has spoken in time: its word takes the place of the table's."""
    net, heard = table.second_net, heeded(verdict)
    if net is None or heard is None or heard.said == "failed":
        return act(verdict, table)
    return net.flagged if heard.said == "flagged" else net.cleared or act(verdict, table)


def heeded(verdict: Verdict) -> SecondWord | None:
    """The word of a second net, if it came before the decision."""
    return verdict.second if verdict.second is not None and verdict.second.in_time else None


def table_for(table: PolicyTable, plan_id: str, assistant_id: str | None) -> PolicyTable:
    """The operator's table with the lines that a plan and an assistant have of their own."""
    if not table.plan_actions and not table.assistant_actions:
        return table
    by_plan, by_assistant = table.plan_actions.get(plan_id, {}), table.assistant_actions.get(assistant_id or "", {})
    if not by_plan and not by_assistant:
        return table
    both = {name: max(by_plan[name], by_assistant[name], key=SEVERITY.index) for name in by_plan.keys() & by_assistant.keys()}
    return replace(table, actions={**table.actions, **by_plan, **by_assistant, **both})


def decide(ask: Ask, verdict: Verdict, advice: Advice, standing: Standing, catalog: Catalog, health: Health) -> Decision:
    """Who answers this call, in which order, and why not the others (contract 4).

    A deterministic function of its arguments: the same record decides the same way again. `chain` is empty exactly when
    `refusal` is set.
    """
    plan = effective(catalog.plan(ask.plan_id), ask.overrides, ask.at_ms)
    mode = ask.mode or plan.mode or catalog.policy.default_mode
    own = table_for(catalog.policy, ask.plan_id, advice.assistant_id)
    catalog = catalog if own is catalog.policy else replace(catalog, policy=own)
    scene = _new_scene(ask, verdict, advice, standing, catalog, health, plan, acted(verdict, catalog.policy), mode)
    refusal = policy_refusal(ask, verdict, scene.action, plan, catalog)
    return _decision(scene, refusal=refusal) if refusal is not None else _choose(scene)


def lacks_credits(decision: Decision) -> bool:
    """Whether a richer standing could have given the call more: another model, a longer answer, or one at all."""
    if decision.stepped_down or any([WANTED in kept.reason.detail for kept in decision.chain]):
        return True
    return any([dropped.reason.code == "unaffordable" for dropped in decision.dropped])


def in_doubt(decision: Decision, ask: Ask, plan: Plan, catalog: Catalog) -> frozenset[Vocabulary]:
    """The vocabularies in which a count of the input could change `decision`, as far as it was not made yet: those of models
    that were dropped or shortened for credits, or whose context the input may exceed."""
    sized = [dropped.model_id for dropped in decision.dropped if dropped.reason.code in BY_SIZE] if decision.dropped else []
    together = (
        ask.largest is None
    )  # A count is of the whole input; where each is read by itself, it says nothing of the largest.
    tight = [k.model_id for k in decision.chain if decision.shortened or (together and _may_exceed(k, plan, catalog))]
    return _uncounted(ask, [catalog.models[model_id] for model_id in (*sized, *tight)]) if sized or tight else NOTHING


def uncounted(ask: Ask, catalog: Catalog) -> frozenset[Vocabulary]:
    """Every vocabulary of the catalog in which the input was not counted yet."""
    return _uncounted(ask, catalog.models.values())


def _uncounted(ask: Ask, models: Iterable[Model]) -> frozenset[Vocabulary]:
    spoken = {model.vocabulary for model in models}
    return frozenset(vocabulary for vocabulary in spoken if vocabulary is not None and ask.count(vocabulary) is None)


def _may_exceed(kept: Candidate, plan: Plan, catalog: Catalog) -> bool:
    context_tokens_max = min(plan.context_tokens_max, catalog.models[kept.model_id].context_tokens_max)
    return kept.input_tokens_max + kept.output_tokens_max > context_tokens_max


def _choose(scene: Scene) -> Decision:
    listed = shortlist(scene.ask.asked, scene.advice, scene.verdict.family, scene.catalog, scene.ask.plan_id)
    cases = {entry.name: _case(scene, entry.name) for entry in listed.entries}
    objections = {name: _objection(case) for name, case in cases.items()}
    fit = [case for name, case in cases.items() if case is not None and objections[name] is None]
    if fit and len(fit) == len(cases):
        return _decision(scene, rank(fit, _weights(listed), _standpoint(scene, listed)))
    # Slow is better than nobody: of those dropped for slowness alone, the one that fares best stands by (contract 6).
    forgiven = {name: _objection(_forgiven(case)) if _is_slow(case) else objections[name] for name, case in cases.items()}
    spared = _best(case for name, case in cases.items() if case is not None and objections[name] and not forgiven[name])
    fit = fit if fit or spared else _last_resort(cases, forgiven)
    kept = {case.model.id for case in (*fit, *spared)}
    told = objections if kept else forgiven
    dropped = tuple(Dropped(name, reason) for name, reason in told.items() if reason and name not in kept)
    if not kept:
        return _decision(scene, dropped=dropped, refusal=nobody_left(Hearing(scene.ask, scene.catalog, dropped)))
    return _decision(scene, rank(fit, _weights(listed), _standpoint(scene, listed), spared), dropped)


def _weights(listed: Shortlist) -> Mapping[str, float]:
    return {entry.name: entry.weight for entry in listed.entries}


def _case(scene: Scene, name: str) -> Case | None:
    model = scene.catalog.models.get(name)
    if model is None or model.kind not in ENDPOINTS:
        return None
    spendable_milli = scene.standing.spendable_milli(model.family)
    return _new_case(
        model=model,
        provider=scene.catalog.providers[model.provider_id],
        plan=scene.plan,
        model_scope=scene.ask.model_scope,
        ask=scene.ask,
        risk=scene.verdict.risk,
        action=scene.action,
        size=_size(scene, model, spendable_milli),
        health=scene.health.models.get(model.id, WELL),
        provider_down_until_ms=scene.health.down_until_ms.get(model.provider_id),
        spendable_milli=spendable_milli,
    )


def _size(scene: Scene, model: Model, spendable_milli: int) -> Size:
    assistant_id = scene.advice.assistant_id
    assistant = scene.catalog.assistants.get(assistant_id) if assistant_id is not None else None
    terms = tariff(scene.plan, model.family, scene.catalog.milli_credits_per_dollar)
    return measure(model, scene.ask, scene.plan, assistant, terms, spendable_milli)


def _objection(case: Case | None) -> Reason | None:
    return Reason("unknown") if case is None else first_objection(case)


def _is_slow(case: Case | None) -> bool:
    return case is not None and case.health.slow


def _forgiven(case: Case | None) -> Case | None:
    return None if case is None else replace(case, health=replace(case.health, open=False))


def _best(slow: Iterable[Case]) -> list[Case]:
    best = max(slow, key=lambda case: case.health.score, default=None)
    return [] if best is None else [best]


def _last_resort(cases: Mapping[str, Case | None], objections: Mapping[str, Reason | None]) -> list[Case]:
    # Standing is advice: credits alone empty no chain, for only admission's answer makes a 402.
    poor = [case for name, case in cases.items() if case is not None and _is_poor(objections[name])]
    return [cheapest(poor)] if poor else []


def _is_poor(reason: Reason | None) -> bool:
    return reason is not None and reason.code == "unaffordable"


def _standpoint(scene: Scene, listed: Shortlist) -> Standpoint:
    table = scene.catalog.policy
    may_step_down = listed.by_us and scene.ask.allow_downgrade
    return _new_standpoint(
        order=listed.order,
        family=listed.family,
        mode=scene.mode,
        weights=table.modes.get(scene.mode, EVEN),
        learned=scene.catalog.learned.quality.get(listed.family, {}),
        quality_factor=QUALITY_FACTOR[scene.verdict.complexity],
        milli_credits_per_dollar=scene.catalog.milli_credits_per_dollar,
        sticky_model_id=scene.ask.sticky_model_id,
        in_exchange=scene.ask.in_exchange and listed.by_us,
        left_family=scene.ask.left_family,
        cheap_first=may_step_down and scene.standing.left_ppm < table.step_down_below_ppm,
    )


def _decision(
    scene: Scene, ranked: Ranked = NOBODY, dropped: tuple[Dropped, ...] = (), refusal: Refusal | None = None
) -> Decision:
    return _new_decision(
        revision=REVISION,
        catalog_revision=scene.catalog.revision,
        assistant_id=scene.advice.assistant_id,
        action=scene.action,
        mode=scene.mode,
        chain=ranked.chain,
        dropped=dropped,
        refusal=refusal,
        stepped_down=ranked.stepped_down,
        shortened=ranked.shortened,
        learned_revision=scene.catalog.learned.revision or None,
        second=heeded(scene.verdict),
    )
