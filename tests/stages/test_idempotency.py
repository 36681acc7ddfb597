"""Claims about requests under an idempotency key: who is told to wait, who has mistaken a key, and what frees one."""

import pytest

from proxy.domain.call import CallStatus
from proxy.domain.ledger import IdempotencyKey, KeyUsed
from proxy.stages import idempotency

ASKED = IdempotencyKey("POST /v1/chat/completions", "k-1", b"hash of the body")
USED = KeyUsed("call_1", ASKED.body_hash, running=False)
RUNNING = KeyUsed("call_1", ASKED.body_hash, running=True)


def test_a_call_that_has_ended_may_be_answered_again() -> None:
    assert idempotency.objection(USED, ASKED) is None


def test_a_call_that_is_running_is_to_be_asked_for_again_soon() -> None:
    refusal = idempotency.objection(RUNNING, ASKED)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.retry_after_s, refusal.should_retry) == (409, "in_progress", 1, True)
    assert refusal.details == {"call": "call_1"}


@pytest.mark.parametrize("running", [False, True])
def test_another_body_under_the_same_key_is_a_mistake_whatever_became_of_the_first(running: bool) -> None:
    refusal = idempotency.objection(KeyUsed("call_1", b"of another body", running), ASKED)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.should_retry) == (422, "idempotency_mismatch", False)


def test_an_answer_that_is_gone_names_its_call_and_is_not_to_be_retried() -> None:
    refusal = idempotency.gone(USED)
    assert (refusal.status, refusal.code, refusal.should_retry, refusal.details) == (
        409,
        "answer_gone",
        False,
        {"call": "call_1"},
    )


@pytest.mark.parametrize(
    ("status", "charged_milli", "frees"),
    [
        ("failed", 0, True),
        ("refused", 0, True),
        ("crashed", 0, True),
        ("left", 0, True),
        ("cut", 0, True),
        ("left", 1, False),
        ("crashed", 1, False),
        ("cut", 1, False),
        ("served", 1, False),
        ("served", 0, False),
    ],
)
def test_what_gave_nothing_and_cost_nothing_frees_its_key(status: CallStatus, charged_milli: int, frees: bool) -> None:
    assert idempotency.frees_key(status, charged_milli) is frees
