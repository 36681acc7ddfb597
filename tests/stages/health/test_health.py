"""Which fault speaks against whom, and what first tokens and endings make of a condition."""

from typing import get_args

import pytest

from proxy.domain.decision import ModelHealth
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.health import Tried
from proxy.stages import health
from proxy.stages.health import NEW, Condition
from proxy.stages.health.breaker import HEALTHY

NOW_MS = 10_000_000
USUAL_MS = 1_000
# What every kind says of the model and of the provider, with a status where the provider itself spoke.
MEANINGS: dict[FaultKind, tuple[str, str]] = {
    "connect": ("failed", "failed"),
    "connect_timeout": ("failed", "failed"),
    "first_byte_timeout": ("failed", "nothing"),
    "idle_timeout": ("failed", "well"),
    "deadline": ("nothing", "nothing"),
    "total_timeout": ("nothing", "well"),
    "reset": ("failed", "nothing"),
    "rate_limited": ("failed", "well"),
    "server_error": ("failed", "well"),
    "garbled": ("failed", "well"),
    "empty": ("failed", "well"),
    "truncated": ("failed", "well"),
    "error_event": ("failed", "well"),
    "our_key": ("nothing", "failed"),
    "our_credit": ("nothing", "failed"),
    "bad_request": ("well", "well"),
    "context_length": ("well", "well"),
    "content_refused": ("well", "well"),
    "disjoint": ("well", "well"),
    "unknown_model": ("failed", "well"),
}
_SILENT = ("connect", "connect_timeout", "first_byte_timeout", "deadline", "reset")


@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_every_fault_speaks_of_its_model_and_of_its_provider(kind: FaultKind) -> None:
    fault = Fault(kind, status=None if kind in _SILENT else 500)
    assert (health.of_model(fault), health.of_provider(fault)) == MEANINGS[kind]


def test_a_full_gate_of_ours_says_nothing() -> None:
    assert health.of_model(Fault("rate_limited")) == health.of_provider(Fault("rate_limited")) == "nothing"


def run(condition: Condition, ttft_ms: int, now_ms: int = NOW_MS, fault: Fault | None = None) -> Condition:
    """After one stream, whose end comes with its first token."""
    condition, turn = health.entered(condition, now_ms)
    condition = health.answering(condition, turn, ttft_ms, now_ms, 0.5)
    return health.ended(condition, turn, Tried(fault), now_ms, 0.5)


def known() -> Condition:
    """A model that used to be quick, an hour ago."""
    condition = NEW
    for _ in range(100):
        condition = run(condition, USUAL_MS, NOW_MS - 3_600_000)
    return condition


def slowed() -> Condition:
    condition = known()
    for _ in range(5):
        condition = run(condition, USUAL_MS * 10)
    return condition


def retry_at(condition: Condition) -> int:
    assert condition.breaker.retry_at_ms is not None
    return condition.breaker.retry_at_ms


def test_a_model_far_slower_than_usual_is_ejected_for_a_while() -> None:
    shown = health.shown(slowed(), NOW_MS)
    assert (shown.open, shown.slow, shown.retry_at_ms) == (True, True, NOW_MS + health.MODEL_TERMS.pause_ms)


def test_one_quick_first_token_on_trial_brings_it_back_and_its_past_is_forgiven() -> None:
    ejected = slowed()
    for _ in range(10):
        ejected = run(ejected, USUAL_MS * 10)
    back = run(ejected, USUAL_MS, retry_at(ejected))
    assert health.shown(back, retry_at(ejected)) == ModelHealth()
    assert not health.shown(run(back, USUAL_MS * 10, retry_at(ejected)), retry_at(ejected)).open


def test_one_late_first_token_on_trial_ejects_it_for_longer() -> None:
    ejected = slowed()
    again = run(ejected, USUAL_MS * 10, retry_at(ejected))
    assert retry_at(again) == retry_at(ejected) + 2 * health.MODEL_TERMS.pause_ms


def test_a_whole_answer_on_trial_brings_it_back_on_probation() -> None:
    ejected = slowed()
    at_ms = retry_at(ejected)
    condition, turn = health.entered(ejected, at_ms)
    back = health.ended(condition, turn, Tried(), at_ms, 0.5)
    assert not health.shown(back, at_ms).open
    assert health.shown(run(back, USUAL_MS * 10, at_ms), at_ms).slow
    assert health.vitals(run(back, USUAL_MS, at_ms), at_ms).why is None


def test_slowness_lowers_the_score_before_it_ejects() -> None:
    condition = known()
    for _ in range(4):
        condition = run(condition, USUAL_MS * 3)
    shown = health.shown(condition, NOW_MS)
    assert (shown.open, 0.5 < shown.score < 1.0) == (False, True)


def test_vitals_tell_phase_cause_and_recent_figures() -> None:
    condition = NEW
    for _ in range(5):
        condition = run(condition, 300, fault=Fault("truncated", status=200))
    vitals = health.vitals(condition, NOW_MS)
    assert (vitals.phase, vitals.since_ms, vitals.why) == ("open", NOW_MS, "truncated")
    assert (vitals.retry_at_ms, vitals.attempts, vitals.success_share) == (NOW_MS + 5_000, 5.0, 0.0)
    assert (vitals.ttft_ms, vitals.tokens_per_s, vitals.heard_at_ms) == (300, None, NOW_MS)


def provider_after(*faults: Fault | None) -> bool:
    """Whether a provider is down after attempts that came to this."""
    state = HEALTHY
    for fault in faults:
        state = health.provider_ended(state, health.entered(NEW, NOW_MS)[1], Tried(fault), NOW_MS, 0.5)
    return health.is_shut(state, NOW_MS)


def test_one_refusal_of_our_key_or_credit_is_enough_but_for_a_403_that_does_not_say_so() -> None:
    assert provider_after(Fault("our_key", status=401))
    assert provider_after(Fault("our_key", status=403, provider_code="permission_denied"))
    assert provider_after(Fault("our_credit", status=403))
    unsaid = Fault("our_key", status=403)
    assert not provider_after(unsaid, unsaid, None, unsaid, unsaid)
    assert provider_after(unsaid, unsaid, unsaid)


def test_an_address_that_takes_no_connection_three_times_in_a_row_is_down_and_one_answer_between_saves_it() -> None:
    refused = Fault("connect")
    assert not provider_after(refused, refused)
    assert provider_after(refused, refused, refused)
    assert not provider_after(refused, refused, Fault("server_error", status=500), refused, refused)
    assert not provider_after(*[Fault("server_error", status=500)] * 50)
    assert not provider_after(*[refused, None] * 50)


def after_empties(*accounts: str | None, every_ms: int = 1_000) -> bool:
    """Whether a model is open after answers with nothing in them to these accounts, one after the other."""
    condition, now_ms = NEW, NOW_MS
    for account in accounts:
        now_ms += every_ms
        condition, turn = health.entered(condition, now_ms)
        condition = health.ended(condition, turn, Tried(Fault("empty", status=200), account=account), now_ms, 0.5)
    return health.shown(condition, now_ms).open


def test_empty_answers_to_one_account_alone_open_no_breaker_and_those_to_many_do() -> None:
    assert not after_empties(*["usr_1"] * 1_000, every_ms=1)
    assert not after_empties(*["usr_1", "usr_2"] * 100)
    assert after_empties("usr_1", "usr_2", "usr_3", "usr_4", "usr_5")
    assert after_empties(*[None] * 5)


def test_a_model_that_has_nothing_for_an_account_for_long_is_open_all_the_same() -> None:
    assert after_empties(*["usr_1"] * 5, every_ms=health.EMPTY_AGAIN_MS)


def test_an_empty_answer_that_does_not_count_leaves_a_trial_to_the_next_and_a_success_still_counts() -> None:
    condition = NEW
    for account in ("usr_1", "usr_2", "usr_3", "usr_4", "usr_5"):
        condition, turn = health.entered(condition, NOW_MS)
        condition = health.ended(condition, turn, Tried(Fault("empty"), account=account), NOW_MS, 0.5)
    at_ms = retry_at(condition)
    condition, turn = health.entered(condition, at_ms)
    condition = health.ended(condition, turn, Tried(Fault("empty"), account="usr_1"), at_ms, 0.5)
    assert (condition.breaker.trying, retry_at(condition)) == (False, at_ms)
    condition, turn = health.entered(condition, at_ms)
    condition = health.ended(condition, turn, Tried(account="usr_1"), at_ms, 0.5)
    assert not health.shown(condition, at_ms).open


def test_no_more_accounts_are_remembered_than_tell_anything() -> None:
    condition = NEW
    for number in range(100):
        condition = health.ended(
            condition, health.entered(condition, NOW_MS)[1], Tried(Fault("empty"), account=str(number)), NOW_MS, 0.5
        )
        condition = run(condition, USUAL_MS)
    assert len(condition.empties) == health.EMPTY_ACCOUNTS_MAX
