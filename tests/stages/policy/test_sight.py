"""What a caller may call at all, and which plan opens the rest."""

from proxy.stages.policy import unlocked_by, visible
from tests.builders import catalog, model, plan, provider

CATALOG = catalog(
    model("p/small", tags=("small",)),
    model("p/large", context_tokens_max=10),
    model("p/off", active=False),
    model("q/gone"),
    model("p/priceless", tiers=()),
    provider("q", status="disabled"),
    plan("basic", models=("p/small",), rank=0, context_tokens_max=1_000),
    plan("all", models=("p/small", "p/large"), rank=2, context_tokens_max=4_000),
    plan("pro", models=("p/small", "p/large"), rank=1, context_tokens_max=2_000),
)


def seen(plan_id: str, scope: tuple[str, ...] | None = None) -> dict[str, str | None]:
    listed = visible(CATALOG, CATALOG.plans[plan_id], scope)
    return {model.id: reason.code if reason is not None else None for model, reason in listed}


def test_every_model_is_listed_with_the_reason_that_hides_it() -> None:
    assert seen("basic") == {
        "p/small": None,
        "p/large": "not_in_plan",
        "p/off": "inactive",
        "q/gone": "inactive",
        "p/priceless": "unpriced",
    }


def test_a_larger_plan_shows_more() -> None:
    assert seen("pro")["p/large"] is None


def test_a_key_scope_hides_what_the_plan_shows() -> None:
    assert [seen("pro", ("tag:small",))[name] for name in ("p/small", "p/large")] == [None, "not_in_key_scope"]


def test_the_lowest_plan_that_has_the_model_unlocks_it() -> None:
    assert [unlocked_by(CATALOG, name) for name in ("p/small", "p/large", "p/off")] == ["basic", "pro", None]


def test_a_long_prompt_is_unlocked_by_a_plan_that_reads_it() -> None:
    assert [unlocked_by(CATALOG, "p/small", tokens) for tokens in (1_000, 1_001, 2_001, 4_001)] == [
        "basic",
        "pro",
        "all",
        None,
    ]
