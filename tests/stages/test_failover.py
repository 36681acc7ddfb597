"""Claims about the failover machine: every row of its table, and the bounds nothing gets past."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.errors import Fault, FaultKind, Refusal
from proxy.stages.failover import (
    TABLE,
    Bounds,
    Chances,
    Stop,
    Try,
    after,
    after_break,
    broken,
    explains_emptiness,
    give_up,
    pass_over,
    skip,
)

KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
TWO = Bounds(contexts=(8_000, 128_000), attempts_max=4, retries_per_model_max=1)
CALM = Chances(left_ms=60_000, retry_allowed=True, jitter=0.0)
NO_RETRY = Chances(left_ms=60_000, retry_allowed=False, jitter=0.0)


def test_every_fault_has_a_row() -> None:
    assert set(TABLE) == set(KINDS)


@pytest.mark.parametrize("kind", ["connect", "reset", "server_error", "rate_limited"])
def test_a_transient_fault_is_tried_once_more_on_the_same_model(kind: FaultKind) -> None:
    assert after(Fault(kind), Try(0), TWO, CALM) == Try(0, attempt=2, retry=1, wait_ms=100)


def test_the_second_transient_fault_goes_to_the_next_model() -> None:
    assert after(Fault("reset"), Try(0, attempt=2, retry=1), TWO, CALM) == Try(1, attempt=3)


@pytest.mark.parametrize(
    "kind", ["connect_timeout", "first_byte_timeout", "idle_timeout", "empty", "garbled", "our_key", "our_credit"]
)
def test_silence_nonsense_and_our_own_troubles_are_never_retried_on_the_same_model(kind: FaultKind) -> None:
    assert after(Fault(kind), Try(0), TWO, CALM) == Try(1, attempt=2)


def test_an_empty_retry_budget_sends_a_transient_fault_onward() -> None:
    assert after(Fault("server_error"), Try(0), TWO, NO_RETRY) == Try(1, attempt=2)


def test_the_providers_wish_to_wait_is_honoured_where_it_is_short() -> None:
    assert after(Fault("rate_limited", retry_after_ms=1_500), Try(0), TWO, CALM) == Try(0, 2, 1, 1_500)


@pytest.mark.parametrize("retry_after_ms", [5_001, 31_536_000_000])
def test_the_providers_wish_to_wait_is_not_honoured_where_another_model_can_answer_sooner(retry_after_ms: int) -> None:
    assert after(Fault("rate_limited", retry_after_ms=retry_after_ms), Try(0), TWO, CALM) == Try(1, attempt=2)


def test_a_longer_wish_is_honoured_where_nobody_else_can_answer() -> None:
    wishing = Fault("rate_limited", retry_after_ms=30_000)
    assert after(wishing, Try(1, attempt=2), TWO, CALM) == Try(1, 3, 1, 30_000)
    too_late = Chances(left_ms=30_000, retry_allowed=True, jitter=0.0)
    assert isinstance(after(wishing, Try(1, attempt=2), TWO, too_late), Stop)
    assert isinstance(after(Fault("rate_limited", retry_after_ms=60_001), Try(1, attempt=2), TWO, CALM), Stop)


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.999])
def test_calls_that_were_sent_away_together_come_back_apart_and_none_too_soon(jitter: float) -> None:
    step = after(Fault("rate_limited", retry_after_ms=1_000), Try(0), TWO, replace(CALM, jitter=jitter))
    assert isinstance(step, Try)
    assert 1_000 <= step.wait_ms == 1_000 + int(200 * jitter)


def test_no_retry_is_begun_that_the_deadline_would_end() -> None:
    tight = Chances(left_ms=1_000, retry_allowed=True, jitter=0.0)
    assert after(Fault("rate_limited", retry_after_ms=1_000), Try(0), TWO, tight) == Try(1, attempt=2)


def test_a_prompt_too_long_for_one_model_goes_to_a_larger_one() -> None:
    three = Bounds(contexts=(32_000, 8_000, 128_000), attempts_max=4, retries_per_model_max=1)
    assert after(Fault("context_length"), Try(0), three, CALM) == Try(2, attempt=2)


def test_a_prompt_too_long_for_all_says_so() -> None:
    step = after(Fault("context_length"), Try(1), TWO, CALM)
    assert isinstance(step, Stop)
    assert step.refusal.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("kind", "code"), [("bad_request", "invalid_request"), ("content_refused", "content_policy_violation")]
)
def test_what_a_provider_refused_is_never_routed_around(kind: FaultKind, code: str) -> None:
    step = after(Fault(kind, param="temperature"), Try(0), TWO, CALM)
    assert isinstance(step, Stop)
    assert (step.refusal.code, step.refusal.param) == (code, "temperature")


def test_a_request_that_was_not_accepted_is_told_what_the_provider_minds_as_far_as_it_said_so() -> None:
    named = give_up(Fault("bad_request", status=400, param="temperature", provider_code="unsupported_value")).body()["error"]
    assert (named["param"], named["provider_code"], named["code"]) == ("temperature", "unsupported_value", "invalid_request")
    assert "`temperature`" in str(named["message"])
    unnamed = give_up(Fault("bad_request", status=400)).body()["error"]
    assert "did not say" in str(unnamed["message"])
    assert "provider_code" not in unnamed


@pytest.mark.parametrize("kind", ["our_key", "our_credit", "unknown_model", "rate_limited"])
def test_our_own_troubles_reach_the_caller_as_503_to_be_tried_again(kind: FaultKind) -> None:
    refusal = give_up(Fault(kind))
    assert (refusal.status, refusal.retry_after_s) == (503, 1)


def test_a_call_without_time_left_stops() -> None:
    step = after(Fault("connect"), Try(0), TWO, Chances(left_ms=0, retry_allowed=True, jitter=0.0))
    assert isinstance(step, Stop)


def test_a_hold_that_was_refused_skips_to_a_candidate_that_may_cost_less() -> None:
    assert skip(Try(0, attempt=2), TWO, Refusal("insufficient_credits", ""), None) == Try(1, attempt=2)


@pytest.mark.parametrize("code", ["concurrency_limit", "store_unavailable"])
def test_no_candidate_makes_room_among_running_calls_or_mends_the_store(code: str) -> None:
    refusal = Refusal(code, "")  # type: ignore[arg-type]  # parametrised over a literal
    assert skip(Try(0), TWO, refusal, None) == Stop(refusal)


def test_the_last_candidate_without_a_hold_leaves_the_refusal() -> None:
    refusal = Refusal("insufficient_credits", "")
    assert skip(Try(1), TWO, refusal, None) == Stop(refusal)


def test_a_failure_speaks_before_the_hold_that_was_refused_after_it() -> None:
    fallen, short = Refusal("upstream_error", ""), Refusal("insufficient_credits", "")
    three = replace(TWO, contexts=(8_000, 8_000, 8_000))
    assert skip(Try(1, attempt=2), three, short, fallen) == Try(2, attempt=2)
    assert skip(Try(2, attempt=2), three, short, fallen) == Stop(fallen)


def test_a_candidate_whose_breaker_has_shut_is_passed_over_without_counting_as_a_try() -> None:
    assert pass_over(Try(0, attempt=3, retry=1), TWO) == Try(1, attempt=3)
    stop = pass_over(Try(1), TWO)
    assert isinstance(stop, Stop)
    assert (stop.refusal.status, stop.refusal.retry_after_s) == (503, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_breaks_off_goes_to_the_next_model_and_no_other(kind: FaultKind) -> None:
    step = after_break(Fault(kind), Try(0), TWO, CALM)
    rescued = kind not in ("content_refused", "deadline")
    assert step == (Try(1, attempt=2) if rescued else Stop(broken(Fault(kind))))
    assert after_break(Fault(kind), Try(1, attempt=2), TWO, CALM) == Stop(broken(Fault(kind)))


@pytest.mark.parametrize(("attempt", "left_ms"), [(4, 60_000), (1, 0), (1, -5)])
def test_a_rescue_is_bounded_by_attempts_and_time(attempt: int, left_ms: int) -> None:
    chances = Chances(left_ms, retry_allowed=True, jitter=0.0)
    assert isinstance(after_break(Fault("reset"), Try(0, attempt), TWO, chances), Stop)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_breaks_says_so_and_blames_no_caller(kind: FaultKind) -> None:
    refusal = broken(Fault(kind))
    assert refusal.status in (400, 502, 504)
    assert refusal.code in ("upstream_error", "upstream_timeout", "content_policy_violation")


@pytest.mark.parametrize(
    ("finish_reason", "stops", "reasoned", "explained"),
    [
        ("length", False, False, True),
        ("content_filter", False, False, True),
        ("stop", True, False, True),
        ("stop", False, True, True),
        ("stop", False, False, False),
        (None, True, False, False),
    ],
)
def test_an_empty_answer_is_a_fault_unless_the_caller_asked_for_it(
    finish_reason: str | None, stops: bool, reasoned: bool, explained: bool
) -> None:
    assert explains_emptiness(finish_reason, stops, reasoned) is explained


@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=20, max_size=20),
    contexts=st.lists(st.integers(1, 10**6), min_size=1, max_size=16),
    attempts_max=st.integers(1, 8),
    jitter=st.floats(0, 0.999),
)
def test_whatever_fails_the_machine_ends_within_its_attempts_and_never_goes_back(
    kinds: list[FaultKind], contexts: list[int], attempts_max: int, jitter: float
) -> None:
    bounds = Bounds(tuple(contexts), attempts_max, retries_per_model_max=1)
    step: Try | Stop = Try(0)
    for kind in kinds:
        if isinstance(step, Stop):
            break
        following = after(Fault(kind), step, bounds, Chances(60_000, True, jitter))
        if isinstance(following, Try):
            assert following.attempt == step.attempt + 1 <= attempts_max
            assert step.position <= following.position < len(contexts)
            assert (following.position == step.position) == (following.retry == step.retry + 1)
        step = following
    assert isinstance(step, Stop)
