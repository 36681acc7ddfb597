"""Claims about what a model name asks for."""

import pytest

from proxy.simulator.faults import (
    MARKERS,
    Behaviour,
    Break,
    Page,
    Refused,
    UnknownMarkerError,
    behaviour_of,
    failing,
)


def test_a_plain_name_behaves() -> None:
    assert behaviour_of("sim-small") == Behaviour(base="sim-small")


def test_markers_add_up() -> None:
    assert behaviour_of("sim-small--ttft=5000--pace=0--cut-after=5") == Behaviour(
        base="sim-small", ttft_ms=5_000, pace_tokens_per_s=0, fault=Break("cut", 5)
    )


@pytest.mark.parametrize("name", sorted(MARKERS))
def test_every_marker_changes_something(name: str) -> None:
    value = {"fail": "=500", "retry-after": "=soon"}.get(name, "=7") if MARKERS[name].takes_value else ""
    assert behaviour_of(f"sim--{name}{value}") != Behaviour(base="sim")


@pytest.mark.parametrize(
    "model",
    ["sim--slwo", "sim--slow=3", "sim--ttft", "sim--ttft=", "sim--pace=-1", "sim--fail=200", "sim--", "sim--n=²"],
)
def test_a_typo_is_not_taken_for_good_behaviour(model: str) -> None:
    with pytest.raises(UnknownMarkerError):
        behaviour_of(model)


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("sim--fail=500", 500, None),
        ("sim--fail=429", 429, "rate_limit_exceeded"),
        ("sim--auth", 401, "invalid_api_key"),
        ("sim--no-credit", 402, "insufficient_quota"),
        ("sim--context", 400, "context_length_exceeded"),
        ("sim--refuse", 400, "content_filter"),
        ("sim--error-200", 200, "server_error"),
    ],
)
def test_refusals_have_the_status_and_code_that_providers_use(model: str, status: int, code: str | None) -> None:
    fault = behaviour_of(model).fault
    assert isinstance(fault, Refused)
    assert (fault.status, fault.code) == (status, code)


def test_mute_and_reset_come_before_the_status_line() -> None:
    assert behaviour_of("sim--mute").fault == Break("stall", None)
    assert behaviour_of("sim--reset").fault == Break("reset", None)


def test_a_page_is_no_answer_but_says_200() -> None:
    fault = behaviour_of("sim--html").fault
    assert isinstance(fault, Page)
    assert fault.status == 200


def test_a_model_that_fails_at_first_fails_exactly_that_often() -> None:
    behaviour = behaviour_of("sim--fail-first=2")
    assert [behaviour.on_call(seen).fault for seen in range(4)] == [failing(503), failing(503), None, None]


def test_what_fails_at_first_can_be_any_fault() -> None:
    behaviour = behaviour_of("sim--fail-first=1--reset")
    assert [behaviour.on_call(seen).fault for seen in range(2)] == [Break("reset", None), None]


def test_other_models_never_get_over_it() -> None:
    assert behaviour_of("sim--fail=500").on_call(99).fault == failing(500)
