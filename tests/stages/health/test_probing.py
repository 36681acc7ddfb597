"""Whom to probe: only where calls tell nothing, and nobody whose bill could surprise."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.catalog import Catalog, Model
from proxy.domain.health import HealthReport, Vitals
from proxy.stages.health.probing import Silence, due
from tests import builders as make
from tests.builders import NOW_MS

BOUND_MS = 600_000
QUIET = Silence(BOUND_MS, NOW_MS - BOUND_MS)


def probed(
    catalog: Catalog, *, probed_at_ms: dict[str, int] | None = None, silence: Silence = QUIET, **heard: Vitals
) -> str | None:
    """Whose turn it is; `heard` by the model's name at provider p, `provider` for p itself."""
    providers = {"p": heard.pop("provider")} if "provider" in heard else {}
    report = HealthReport({f"p/{name}": vitals for name, vitals in heard.items()}, providers)
    model = due(catalog, report, {"p"}, probed_at_ms or {}, silence, NOW_MS)
    return None if model is None else model.id


def one(**changes: Any) -> Catalog:
    return make.catalog(make.model("p/m", **changes))


def heard(ms_ago: int, **changes: Any) -> Vitals:
    return replace(Vitals(heard_at_ms=NOW_MS - ms_ago), **changes)


def test_a_model_nothing_was_heard_of_for_long_is_probed() -> None:
    assert probed(one()) == "p/m"
    assert probed(one(), m=heard(BOUND_MS)) == "p/m"


def test_where_calls_tell_enough_nobody_is_probed() -> None:
    assert probed(one(), m=heard(BOUND_MS - 1)) is None


def test_who_was_probed_a_moment_ago_waits_whatever_came_of_it() -> None:
    assert probed(one(), probed_at_ms={"p/m": NOW_MS - 1}) is None


def test_a_restart_costs_nothing_before_the_bound() -> None:
    assert probed(one(), silence=Silence(BOUND_MS, NOW_MS - 1)) is None


def test_the_longest_silence_goes_first() -> None:
    catalog = make.catalog(make.model("p/a"), make.model("p/b"))
    assert probed(catalog, a=heard(BOUND_MS), b=heard(2 * BOUND_MS)) == "p/b"


def test_an_open_breaker_is_left_alone_and_a_half_open_one_is_probed() -> None:
    assert probed(one(), m=heard(BOUND_MS, phase="open")) is None
    assert probed(one(), provider=Vitals(phase="open")) is None
    assert probed(one(), m=heard(BOUND_MS, phase="half_open")) == "p/m"


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"tiers": ()},
        {"kind": "image"},
        {"hidden_output": True},
        {"tiers": make.tiers(request=1)},
        {"tiers": make.tiers(output=10**12)},
        {"output_tokens_min": 1_000_000},
    ],
    ids=["inactive", "unpriced", "no chat", "hidden thoughts", "priced per request", "dear", "never brief"],
)
def test_nobody_whose_bill_could_surprise_is_probed(changes: dict[str, Any]) -> None:
    assert probed(one(**changes)) is None


def test_a_provider_that_is_disabled_or_has_no_key_of_ours_is_not_probed() -> None:
    model: Model = make.model("p/m")
    assert probed(make.catalog(model, make.provider("p", status="disabled"))) is None
    assert due(make.catalog(model), HealthReport({}, {}), set(), {}, QUIET, NOW_MS) is None
