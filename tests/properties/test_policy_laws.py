"""Laws of policy over generated calls: deterministic, deaf to forbidden models, true to its rules, stable when one leaves."""

from dataclasses import dataclass, replace
from typing import TypeVar

import orjson
import pydantic
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from proxy.domain.catalog import Catalog, Model
from proxy.domain.decision import Decision, Health, ModelHealth
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.domain.verdict import Advice, Verdict
from proxy.stages.assistant import advise
from proxy.stages.policy import decide
from proxy.stages.policy.shortlist import CANDIDATES_MAX
from tests import builders as make

T = TypeVar("T")
DECISION = pydantic.TypeAdapter(Decision)
ASK = pydantic.TypeAdapter(Ask)
# Some laws speak of calls that somebody answers; the others are generated and set aside.
FEW_FIT = settings(suppress_health_check=[HealthCheck.filter_too_much])


@dataclass(frozen=True, slots=True)
class World:
    """All that a decision is a function of, but for the advice, which follows."""

    ask: Ask
    verdict: Verdict
    standing: Standing
    catalog: Catalog
    health: Health

    @property
    def advice(self) -> Advice:
        return advise(self.ask.asked, self.verdict, self.catalog)

    def decide(self) -> Decision:
        return decide(self.ask, self.verdict, self.advice, self.standing, self.catalog, self.health)


def mostly(usual: T, *seldom: T) -> st.SearchStrategy[T]:
    """The usual value nineteen times in twenty, so that most worlds leave somebody to answer."""
    return st.sampled_from([usual] * (19 * len(seldom)) + list(seldom))


@st.composite
def models(draw: st.DrawFn, number: int) -> Model:
    price = draw(st.sampled_from([10**9, 0, 10**7, 3 * 10**10]))
    return make.model(
        f"{draw(st.sampled_from('pqr'))}/{number}",
        active=draw(mostly(True, False)),
        family=draw(mostly("open", "closed")),
        context_tokens_max=draw(mostly(100_000, 200, 2_000)),
        output_tokens_max=draw(mostly(8_000, 100)),
        modalities=draw(mostly(("text", "image"), ("text",))),
        tools=draw(mostly(True, False)),
        json_schema=draw(mostly(True, False)),
        tiers=draw(mostly(make.tiers(input=price, output=4 * price), ())),
        latency_tier=draw(st.sampled_from(["fast", "medium", "slow"])),
        quality={"general": draw(st.sampled_from([0.2, 0.5, 0.9]))},
        tags=draw(mostly(("small",), ())),
        risks=draw(mostly(("safe", "sensitive"), ("safe",))),
    )


@st.composite
def asks(draw: st.DrawFn, ids: list[str]) -> Ask:
    chains = st.lists(st.sampled_from([*ids, "all", "nobody"]), min_size=1, max_size=4).map(tuple)
    return make.ask(
        *draw(st.sampled_from([("auto",), ("general",), ("weighted",), ("all",)]) | chains),
        text_bytes=draw(mostly(1_000, 0, 20_000)),
        image_count=draw(mostly(0, 2)),
        modalities=draw(st.sampled_from([("text",), ("text", "image")])),
        tools=draw(st.booleans()),
        format=draw(st.sampled_from(["text", "json_object", "json_schema"])),
        output_tokens_max=draw(mostly(None, 1, 500, 9_000)),
        n=draw(mostly(1, 2, 3)),
        model_scope=draw(mostly(None, ("p/*", "q/*"), ("tag:small",))),
        avoid=draw(mostly((), ("r/*",), (ids[0],))),
        only=draw(mostly((), ("p/*", "q/*"))),
        mode=draw(st.sampled_from([None, "economy", "best", "fast"])),
        max_credits_milli=draw(mostly(None, 0, 10_000, 100_000)),
        allow_downgrade=draw(st.booleans()),
        sticky_model_id=draw(st.sampled_from([None, *ids])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    rows = [draw(models(number)) for number in range(draw(st.integers(2, 5)))]
    ids = [row.id for row in rows]
    limit = draw(mostly(10**9, 1, 5_000, 10**6))
    spent = limit * draw(st.sampled_from([0, 50, 95, 100])) // 100
    down, cooling = draw(mostly((), ("r",))), draw(mostly((), (ids[0],), tuple(ids)))
    slow = draw(st.sets(st.sampled_from(ids)))
    return World(
        ask=draw(asks(ids)),
        verdict=make.verdict(
            risk=draw(st.sampled_from(["safe", "sensitive"])),
            complexity=draw(st.sampled_from(["simple", "standard", "hard"])),
            recommended_assistant=draw(st.sampled_from([None, "weighted"])),
        ),
        standing=make.standing(make.window(limit=limit, spent=spent, held=limit)),
        catalog=make.catalog(
            *rows,
            make.plan(
                models=draw(mostly(tuple(ids), tuple(ids[1:]))),
                n_max=2,
                context_tokens_max=draw(mostly(50_000, 150)),
            ),
            make.alias("all", *ids),
            make.assistant("general", *ids, system_prompt=draw(st.sampled_from([None, "Be brief."]))),
            make.assistant("weighted", *ids, ordered=False),
            policy=make.policy_table(actions={"sensitive": "route"}),
        ),
        health=Health(
            models={id: ModelHealth(0.2, open=True, retry_at_ms=make.NOW_MS + 1_000, slow=id in slow) for id in cooling},
            down_until_ms=dict.fromkeys(down, make.NOW_MS + 1_000),
        ),
    )


@given(worlds())
def test_the_same_inputs_give_the_same_decision(world: World) -> None:
    assert world.decide() == world.decide()


@given(worlds())
def test_a_chain_is_empty_exactly_when_there_is_a_refusal(world: World) -> None:
    decision = world.decide()
    assert (decision.refusal is None) == bool(decision.chain)


@given(worlds())
def test_every_candidate_is_kept_or_dropped_once(world: World) -> None:
    decision = world.decide()
    judged = [c.model_id for c in decision.chain] + [d.model_id for d in decision.dropped]
    assert len(judged) == len(set(judged)) <= CANDIDATES_MAX


@given(worlds(), st.data())
@FEW_FIT
def test_a_forbidden_model_never_changes_the_chain(world: World, data: st.DataObject) -> None:
    forbidden = replace(data.draw(models(99)), quality={"general": 1.0})
    kind = data.draw(st.sampled_from(["not_in_plan", "inactive", "unpriced", "avoided", "cooling"]))
    before = world.decide()
    assume(before.chain)
    after = _with_forbidden(world, forbidden, kind).decide()
    assert after.chain == before.chain
    assert (after.stepped_down, after.shortened) == (before.stepped_down, before.shortened)


@given(worlds())
def test_no_candidate_in_the_chain_violates_a_rule(world: World) -> None:
    decision = world.decide()
    for candidate in decision.chain:
        _assert_lawful(world, world.catalog.models[candidate.model_id])
        assert candidate.worst_milli_credits <= (world.ask.max_credits_milli or candidate.worst_milli_credits)
        affordable = candidate.worst_milli_credits <= world.standing.spendable_milli(
            world.catalog.models[candidate.model_id].family
        )
        # One candidate goes on without means, so that admission may say no; it goes alone.
        assert affordable or len(decision.chain) == 1


@given(worlds())
@FEW_FIT
def test_when_the_winner_leaves_the_runner_up_leads_and_the_others_keep_their_order(world: World) -> None:
    before = world.decide()
    assume(len(before.chain) > 1)
    winner, *others = (candidate.model_id for candidate in before.chain)
    open_now = {**world.health.models, winner: ModelHealth(score=0.0, open=True)}
    after = replace(world, health=replace(world.health, models=open_now)).decide()
    assert [candidate.model_id for candidate in after.chain] == others


@given(worlds(), st.data())
def test_slowness_ejects_whoever_others_can_stand_in_for_and_never_the_last(well: World, data: st.DataObject) -> None:
    ill = data.draw(st.sets(st.sampled_from(sorted(well.catalog.models)), min_size=1))
    slow = ModelHealth(0.2, open=True, retry_at_ms=make.NOW_MS + 1_000, slow=True)
    well = replace(well, health=replace(well.health, models={}))
    world = replace(well, health=replace(well.health, models=dict.fromkeys(ill, slow)))
    chain, otherwise = world.decide().chain, well.decide().chain
    assert bool(chain) == bool(otherwise)
    assert len([c for c in chain if c.model_id in ill]) <= 1
    assert all(c.model_id not in ill for c in chain[:-1])


@given(worlds())
def test_the_output_bound_never_exceeds_what_the_model_writes_or_the_caller_asked_for(world: World) -> None:
    for candidate in world.decide().chain:
        assert 1 <= candidate.output_tokens_max <= world.catalog.models[candidate.model_id].output_tokens_max
        assert candidate.output_tokens_max <= (world.ask.output_tokens_max or candidate.output_tokens_max)


@given(worlds())
def test_a_decision_and_its_ask_survive_the_record(world: World) -> None:
    decision = world.decide()
    assert DECISION.validate_json(orjson.dumps(decision)) == decision
    assert ASK.validate_json(orjson.dumps(world.ask)) == world.ask


@given(worlds())
def test_a_recorded_call_decides_again_to_the_same_answer(world: World) -> None:
    recorded = replace(world, ask=ASK.validate_json(orjson.dumps(world.ask)))
    assert orjson.dumps(recorded.decide()) == orjson.dumps(world.decide())


def _with_forbidden(world: World, forbidden: Model, kind: str) -> World:
    if kind == "inactive":
        forbidden = replace(forbidden, active=False)
    if kind == "unpriced":
        forbidden = replace(forbidden, tiers=())
    catalog, id = world.catalog, forbidden.id
    plan = catalog.plans["basic"]
    ids = tuple(catalog.models)
    health = world.health
    if kind == "cooling":
        health = replace(health, models={**health.models, id: ModelHealth(open=True)})
    changed = replace(
        catalog,
        models={id: forbidden, **catalog.models},
        plans={"basic": plan if kind == "not_in_plan" else replace(plan, models=(*plan.models, id))},
        providers={**catalog.providers, forbidden.provider_id: make.provider(forbidden.provider_id)},
        aliases={"all": make.alias("all", id, *ids)},
        assistants={
            name: replace(row, preferences=make.assistant("x", id, *ids).preferences)
            for name, row in catalog.assistants.items()
        },
    )
    avoid = (*world.ask.avoid, id) if kind == "avoided" else world.ask.avoid
    return replace(world, catalog=changed, health=health, ask=replace(world.ask, avoid=avoid))


def _assert_lawful(world: World, model: Model) -> None:
    """The rules once more, in the words of the contract and not of the code."""
    ask, plan = world.ask, world.catalog.plans["basic"]
    assert model.active
    assert model.tiers
    assert model.id in plan.models
    assert ask.n <= plan.n_max
    assert ask.model_scope is None or ("tag:small" in ask.model_scope and "small" in model.tags) or _in_p_or_q(model)
    assert model.id not in ask.avoid
    assert not ("r/*" in ask.avoid and model.id.startswith("r/"))
    assert not ask.only or _in_p_or_q(model)
    assert world.verdict.risk in model.risks
    assert set(ask.modalities) <= set(model.modalities)
    assert model.tools or not ask.tools
    assert model.json_schema or ask.format != "json_schema"
    assert ask.text_bytes // 10 + min(ask.output_tokens_max or 16, 16) <= model.context_tokens_max
    assert (ask.output_tokens_max or 0) <= model.output_tokens_max
    assert ask.text_bytes // 10 <= plan.context_tokens_max
    assert model.provider_id not in world.health.down_until_ms
    seen = world.health.models.get(model.id, ModelHealth())
    assert seen.slow or not seen.open


def _in_p_or_q(model: Model) -> bool:
    return model.id.startswith(("p/", "q/"))
