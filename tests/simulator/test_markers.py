"""Claims about what a model name asks for."""

import pytest

from proxy.simulator.behaviour import Behaviour, Chosen
from proxy.simulator.dialects import openai
from proxy.simulator.faults.acts import Break, Refuse, Reply
from proxy.simulator.faults.choosing import act_of, falls_on
from proxy.simulator.markers import MARKERS, UnknownMarkerError, behaviour_of
from proxy.simulator.perform import refused_by


def test_a_plain_name_behaves() -> None:
    assert behaviour_of("sim-small") == Behaviour(base="sim-small")


def test_markers_add_up() -> None:
    assert behaviour_of("sim-small--ttft=5000--pace=0--cut-after=5") == Behaviour(
        base="sim-small", ttft_ms=5_000, pace_tokens_per_s=0, fault=Chosen("cut", {"at": 5})
    )


@pytest.mark.parametrize("name", sorted(MARKERS))
def test_every_marker_changes_something(name: str) -> None:
    value = {"fail": "=500", "retry-after": "=soon", "continue": "=exact"}.get(name, "=7") if MARKERS[name].takes_value else ""
    assert behaviour_of(f"sim--{name}{value}") != Behaviour(base="sim")


@pytest.mark.parametrize(
    "model",
    [
        "sim--slwo",
        "sim--slow=3",
        "sim--ttft",
        "sim--ttft=",
        "sim--pace=-1",
        "sim--fail=200",
        "sim--",
        "sim--n=²",
        "sim--continue=badly",
        "fault:tpyo",
        "fault:cut:to=5",
        "fault:cut:at=x",
        "fault:refused",
        "sim--fault:",
        "fault:cut:times=-1",
    ],
)
def test_a_typo_is_not_taken_for_good_behaviour(model: str) -> None:
    with pytest.raises(UnknownMarkerError):
        behaviour_of(model)


def act(model: str, stream: bool = False) -> object:
    chosen = behaviour_of(model).chosen
    assert chosen is not None
    return act_of(chosen, "openai", stream, 0)[1]


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("sim--fail=500", 500, "server_error"),
        ("sim--fail=429", 429, "rate_limit_exceeded"),
        ("sim--auth", 401, "invalid_api_key"),
        ("sim--no-credit", 402, "insufficient_quota"),
        ("sim--context", 400, "context_length_exceeded"),
        ("sim--refuse", 400, "content_filter"),
        ("sim--error-200", 200, "server_error"),
    ],
)
def test_refusals_have_the_status_and_code_that_providers_use(model: str, status: int, code: str | None) -> None:
    refuse = act(model)
    assert isinstance(refuse, Refuse)
    refused = refused_by(openai, refuse)
    assert (refused.status, refused.code) == (status, code)


def test_mute_and_reset_come_before_the_status_line() -> None:
    assert act("sim--mute") == Break("stall", None)
    assert act("sim--reset") == Break("reset", None)


def test_a_page_is_no_answer_but_says_200() -> None:
    page = act("sim--html")
    assert isinstance(page, Reply)
    assert page.status == 200


def test_a_fault_may_be_the_name_or_a_marker() -> None:
    assert behaviour_of("fault:cut:at=7--words=9").fault == Chosen("cut", {"at": 7})
    assert behaviour_of("sim-small--fault:cut:at=7:times=2").fault == Chosen("cut", {"at": 7}, times=2)


def test_points_may_stand_for_signs() -> None:
    signs, points = "sim--tale=60--fault:cut:at=7:times=2--ttft=9", "sim--tale.60--fault.cut.at.7.times.2--ttft.9"
    assert behaviour_of(points) == behaviour_of(signs)
    assert behaviour_of("fault.cut.at.7").fault == Chosen("cut", {"at": 7})
    assert behaviour_of("sim-4.1") == Behaviour(base="sim-4.1")


def test_a_model_that_fails_at_first_fails_exactly_that_often() -> None:
    chosen = behaviour_of("sim--fail-first=2").chosen
    assert chosen == Chosen("unavailable", times=2)
    assert [falls_on(chosen, "sim", seen) for seen in range(4)] == [True, True, False, False]


def test_what_fails_at_first_can_be_any_fault() -> None:
    assert behaviour_of("sim--fail-first=1--reset").chosen == Chosen("reset", times=1)


def test_other_models_never_get_over_it() -> None:
    chosen = behaviour_of("sim--fail=500").chosen
    assert chosen is not None
    assert falls_on(chosen, "sim", 99)
