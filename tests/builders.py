"""Domain values for tests: a sensible default of everything, any field replaced by keyword; never a mock, never a port.

`catalog(model("p/cheap"), alias("gpt", "p/cheap"))` makes a whole snapshot: providers, plan and default assistant that
nobody gave are filled in, so that a test names only what it is about.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar

from proxy.domain.account import App, Caller, Key, User
from proxy.domain.assistant import Assistant, Preference
from proxy.domain.call import Attempt, Call
from proxy.domain.catalog import Alias, Catalog, Model, Provider
from proxy.domain.chat import Chat, Options
from proxy.domain.decision import Candidate, Decision, Dropped, Health, Reason
from proxy.domain.journey import Ask, Journey
from proxy.domain.money import Prices, PriceTier
from proxy.domain.plan import Allowance, Entitlement, Override, Plan
from proxy.domain.policy import PolicyTable, Weights
from proxy.domain.standing import BucketStanding, CapStanding, Standing, WindowStanding
from proxy.domain.usage import Usage
from proxy.domain.verdict import Advice, RuleBook, Verdict

NOW_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z

Row = Provider | Model | Alias | Assistant | Plan
R = TypeVar("R", Provider, Model, Alias, Assistant, Plan)


# --- what can be called ---------------------------------------------------------------------------------------------


def prices(**changes: Any) -> Prices:
    """1 dollar per million input tokens, 4 per million output tokens; cached input costs a tenth, reasoning as output."""
    given = {"input": 10**9, "output": 4 * 10**9} | changes
    return Prices(**({"cached_input": given["input"] // 10, "reasoning": given["output"]} | given))


def tiers(**changes: Any) -> tuple[PriceTier, ...]:
    """One tier of `prices(**changes)`."""
    return (PriceTier(0, prices(**changes)),)


def provider(id: str = "p", **changes: Any) -> Provider:
    return replace(Provider(id=id, name=id.title(), base_url="http://127.0.0.1:9/v1"), **changes)


def model(id: str = "p/m", **changes: Any) -> Model:
    """A priced text model; the part of `id` before the slash names its provider."""
    base = Model(
        id=id,
        name=id,
        family="open",
        provider_id=id.split("/")[0],
        upstream_name=id.split("/", 1)[1],
        context_tokens_max=100_000,
        output_tokens_max=8_000,
        tiers=tiers(),
        tokens_per_byte_max=1.0,
        tokens_per_byte_min=0.1,
    )
    return replace(base, **changes)


def alias(id: str, *models: str) -> Alias:
    return Alias(id, models)


def assistant(id: str = "general", *models: str, **changes: Any) -> Assistant:
    """An ordered assistant over `models`, each of weight 1."""
    base = Assistant(id=id, name=id.title(), family=id, task_types=(id,), preferences=tuple(Preference(m) for m in models))
    return replace(base, **changes)


def plan(id: str = "basic", **changes: Any) -> Plan:
    """1,000 credits a month; its models are filled in by `catalog` when they are not given."""
    return replace(Plan(id=id, name=id.title(), allowances=(Allowance("month", 1_000_000),), models=()), **changes)


def override(id: str = "o1", **changes: Any) -> Override:
    return replace(Override(id=id, reason="a test"), **changes)


def policy_table(**changes: Any) -> PolicyTable:
    base = PolicyTable(
        modes={
            "economy": Weights(quality=0.5, cost=2.0, latency=0.2, health=1.0),
            "balanced": Weights(quality=1.0, cost=1.0, latency=0.5, health=1.0),
            "best": Weights(quality=2.0, cost=0.1, latency=0.1, health=1.0),
            "fast": Weights(quality=0.5, cost=0.2, latency=2.0, health=1.0),
        },
        actions={"disallowed": "block", "sensitive": "flag"},
    )
    return replace(base, **changes)


def rule_book(**changes: Any) -> RuleBook:
    return replace(RuleBook(revision="rules-1", rules=(), families={}, risks={}, assistants={}), **changes)


def catalog(*rows: Row, **changes: Any) -> Catalog:
    """A snapshot of `rows`. Not given: a provider per model, a plan with all models, `general` over all models."""
    models = _by_id(rows, Model)
    ids = tuple(models)
    plans = _by_id(rows, Plan) or {"basic": plan()}
    base = Catalog(
        revision="catalog-1",
        milli_credits_per_dollar=1_000_000,
        providers={m.provider_id: provider(m.provider_id) for m in models.values()} | _by_id(rows, Provider),
        models=models,
        aliases=_by_id(rows, Alias),
        assistants={"general": assistant("general", *ids)} | _by_id(rows, Assistant),
        plans={p.id: p if p.models else replace(p, models=ids) for p in plans.values()},
        policy=policy_table(),
        rules=rule_book(),
    )
    return replace(base, **changes)


# --- who calls --------------------------------------------------------------------------------------------------------


def key(id: str = "key000000001", **changes: Any) -> Key:
    base = Key(
        id=id,
        kind="user",
        secret_hash=b"\x00" * 32,
        user_id="u1",
        app_id=None,
        name="test key",
        lineage=(id,),
        created_at_ms=NOW_MS,
    )
    return replace(base, **changes)


def user(id: str = "u1", **changes: Any) -> User:
    return replace(User(id=id, name=id, created_at_ms=NOW_MS), **changes)


def app(id: str = "a1", **changes: Any) -> App:
    return replace(App(id=id, name=id, user_id=f"{id}-own", default_plan_id="basic"), **changes)


def entitlement(user_id: str = "u1", **changes: Any) -> Entitlement:
    return replace(Entitlement(id=f"ent-{user_id}", user_id=user_id, plan_id="basic"), **changes)


def caller(**changes: Any) -> Caller:
    return replace(Caller(key=key(), user=user(), entitlement=entitlement()), **changes)


def window(**changes: Any) -> WindowStanding:
    base = WindowStanding(window="month", family=None, limit=1_000_000, spent=0, held=0, resets_at_ms=None)
    return replace(base, **changes)


def bucket(**changes: Any) -> BucketStanding:
    base = BucketStanding(id="b1", kind="topup", family=None, limit=1_000, spent=0, held=0, expires_at_ms=None)
    return replace(base, **changes)


def cap(**changes: Any) -> CapStanding:
    base = CapStanding(scope="user:u1", window="day", unit="milli_credits", limit=1_000, spent=0, held=0)
    return replace(base, **changes)


def standing(*parts: WindowStanding | BucketStanding | CapStanding, **changes: Any) -> Standing:
    """What is left of `parts`; without a window or bucket among them, 1,000 credits of a month."""
    windows = tuple(p for p in parts if isinstance(p, WindowStanding))
    buckets = tuple(p for p in parts if isinstance(p, BucketStanding))
    caps = tuple(p for p in parts if isinstance(p, CapStanding))
    base = Standing(
        account_id="u1",
        at_ms=NOW_MS,
        windows=windows if windows or buckets else (window(),),
        buckets=buckets,
        caps=caps,
    )
    return replace(base, **changes)


# --- one call ---------------------------------------------------------------------------------------------------------


def chat(*asked: str, **changes: Any) -> Chat:
    """A one-message text request for `asked` (`auto` when nothing is named)."""
    base = Chat(
        asked=asked or ("auto",),
        messages=({"role": "user", "content": "Hello."},),
        fields={},
        unknown={},
        stream=False,
        include_usage=False,
        output_tokens_max=None,
        n=1,
        text_bytes=6,
        image_count=0,
        audio=False,
        tools=False,
        format="text",
    )
    return replace(base, **changes)


def options(**changes: Any) -> Options:
    return replace(Options(), **changes)


def journey(**changes: Any) -> Journey:
    base = Journey(
        call_id="call-1",
        request_id="req-1",
        kind="chat",
        received_ms=NOW_MS,
        started_ns=0,
        caller=caller(),
        request=chat(),
        catalog=catalog(model()),
    )
    return replace(base, **changes)


def ask(*asked: str, **changes: Any) -> Ask:
    """A 1,000-byte text request for `asked` (`auto` when nothing is named) on plan `basic`."""
    base = Ask(
        kind="chat",
        asked=asked or ("auto",),
        at_ms=NOW_MS,
        text_bytes=1_000,
        message_count=1,
        image_count=0,
        modalities=("text",),
        tools=False,
        format="text",
        stream=False,
        output_tokens_max=None,
        n=1,
        plan_id="basic",
        overrides=(),
        model_scope=None,
        mode=None,
        avoid=(),
        only=(),
        max_credits_milli=None,
        allow_downgrade=True,
    )
    return replace(base, **changes)


def verdict(**changes: Any) -> Verdict:
    base = Verdict(
        category="general",
        family="general",
        complexity="standard",
        risk="safe",
        hazards=(),
        confidence=1.0,
        evidence=(),
        recommended_assistant=None,
        rules_revision="rules-1",
    )
    return replace(base, **changes)


def advice(assistant_id: str | None = None, **changes: Any) -> Advice:
    return replace(Advice(assistant_id, "none" if assistant_id is None else "asked"), **changes)


def health(**changes: Any) -> Health:
    return replace(Health(), **changes)


def candidate(model_id: str = "p/m", **changes: Any) -> Candidate:
    base = Candidate(
        model_id=model_id,
        provider_id=model_id.split("/")[0],
        reason=Reason("named"),
        score=0.0,
        input_tokens_max=1_000,
        output_tokens_max=1_000,
        worst_milli_credits=5_000,
    )
    return replace(base, **changes)


def dropped(model_id: str = "p/m", **changes: Any) -> Dropped:
    return replace(Dropped(model_id, Reason("inactive")), **changes)


def decision(*chain: Candidate, **changes: Any) -> Decision:
    base = Decision(
        revision="1",
        catalog_revision="catalog-1",
        assistant_id=None,
        action="allow",
        mode="balanced",
        chain=chain or (candidate(),),
        dropped=(),
    )
    return replace(base, **changes)


def usage(**changes: Any) -> Usage:
    return replace(Usage(input=100, output=50), **changes)


def attempt(**changes: Any) -> Attempt:
    """The first try of `p/m`: answered and charged."""
    base = Attempt(
        number=1,
        model_id="p/m",
        provider_id="p",
        family="open",
        started_ms=NOW_MS,
        first_byte_ms=NOW_MS + 50,
        ended_ms=NOW_MS + 100,
        fault=None,
        provider_status=200,
        provider_code=None,
        provider_request_id="upstream-1",
        usage=usage(),
        raw_nano_usd=300_000,
        credits_milli=300,
        multiplier_ppm=1_000_000,
        charged=True,
    )
    return replace(base, **changes)


def call(id: str = "call-1", **changes: Any) -> Call:
    """A served call of user `u1` that has no attempts yet."""
    base = Call(
        id=id,
        request_id="req-1",
        kind="chat",
        at_ms=NOW_MS,
        user_id="u1",
        app_id=None,
        key_id="key000000001",
        catalog_revision="catalog-1",
        asked=("p/m",),
        stream=False,
        status="served",
        http_status=200,
        code=None,
        reason=None,
        conversation_id=None,
        assistant_id=None,
        model_id="p/m",
        provider_id="p",
        family="open",
        duration_ms=100,
        ttft_ms=50,
        usage=usage(),
        credits_milli=300,
        raw_nano_usd=300_000,
        absorbed_milli=0,
        ask=ask("p/m"),
        verdict=verdict(),
        advice=advice(),
        standing=standing(),
        health=health(),
        decision=decision(),
    )
    return replace(base, **changes)


def _by_id(rows: Iterable[Row], kind: type[R]) -> dict[str, R]:
    return {row.id: row for row in rows if isinstance(row, kind)}
