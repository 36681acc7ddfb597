"""Claims about the ladder: what counts, how it is forgotten, and what follows."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.abuse import AbuseRules, Offence, Record
from proxy.stages import abuse
from tests.builders import NOW_MS

RULES: Final = AbuseRules()
HOUR_MS: Final = 3_600_000


def after(*offences: Offence, rules: AbuseRules = RULES, record: Record | None = None, at_ms: int = NOW_MS) -> Record:
    record = record or Record()
    for offence in offences:
        record = abuse.offended(record, "user", offence, rules, at_ms)
    return record


def blocked(times: int) -> Record:
    offence: Offence = "blocked"
    return after(*[offence] * times)


def step(record: Record, at_ms: int = NOW_MS) -> str:
    return abuse.step_of("user", abuse.score_at(record, RULES, at_ms), RULES)


def test_the_steps_are_slow_then_cool_off_then_alert() -> None:
    steps = [step(blocked(count)) for count in range(10)]
    assert steps == ["none"] * 3 + ["slow"] * 3 + ["cool_off"] * 3 + ["alert"]


def test_a_score_halves_in_its_half_life() -> None:
    record = after("blocked", "blocked")
    assert abuse.score_at(record, RULES, NOW_MS + RULES.half_life_s * 1_000) == pytest.approx(1.0)
    assert step(after("blocked", "blocked", "blocked"), NOW_MS + HOUR_MS) == "none"


def test_a_cool_off_does_not_wipe_the_score() -> None:
    record = blocked(6)
    assert abuse.score_at(record, RULES, record.cooling_until_ms) == record.score
    assert abuse.score_at(record, RULES, record.cooling_until_ms + HOUR_MS) < record.score


def test_each_cool_off_is_twice_as_long_up_to_a_day() -> None:
    record, lengths_s = blocked(5), []
    for _ in range(9):
        at_ms = record.cooling_until_ms or NOW_MS
        record = after("blocked", record=record, at_ms=at_ms)
        lengths_s.append((record.cooling_until_ms - at_ms) // 1_000)
    assert lengths_s[:4] == [900, 1_800, 3_600, 7_200]
    assert lengths_s[-1] == 86_400


def test_who_cools_off_is_told_how_long_and_not_to_retry() -> None:
    refusal = abuse.objection(blocked(6), RULES, NOW_MS + 100_000)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after_s, refusal.should_retry) == ("cooling_off", 800, False)
    assert "800 s" in refusal.message


def test_who_is_slowed_may_call_once_in_a_while() -> None:
    record = blocked(3)
    assert abuse.objection(record, RULES, NOW_MS) is None
    called = abuse.called(record, RULES, NOW_MS)
    refusal = abuse.objection(called, RULES, NOW_MS + 4_001)
    assert refusal is not None
    assert (refusal.code, refusal.retry_after_s) == ("rate_limit_exceeded", 6)
    assert abuse.objection(called, RULES, NOW_MS + 10_000) is None


def test_nobody_is_slowed_any_more_once_the_score_has_decayed() -> None:
    record = replace(abuse.called(blocked(3), RULES, NOW_MS), may_call_ms=NOW_MS + HOUR_MS * 2)
    assert abuse.objection(record, RULES, NOW_MS + HOUR_MS) is None


def test_who_did_nothing_waits_for_nothing() -> None:
    assert abuse.called(Record(), RULES, NOW_MS) == Record()
    assert abuse.objection(Record(), RULES, NOW_MS) is None


@pytest.mark.parametrize("scope", ["app", "address"])
def test_those_behind_whom_many_stand_are_only_told_of(scope: str) -> None:
    record = Record()
    for _ in range(100):
        record = abuse.offended(record, "app" if scope == "app" else "address", "blocked", RULES, NOW_MS)
    assert record.cooling_until_ms == 0
    assert abuse.step_of("app", record.score, RULES) == "alert"


def test_what_others_saw_weighs_as_much_and_sends_nobody_to_rest_by_itself() -> None:
    record = abuse.heard(after("blocked"), "blocked", 9, RULES, NOW_MS)
    assert (record.score, record.offences, record.cooling_until_ms) == (10.0, {"blocked": 10}, 0)
    assert abuse.heard(record, "blocked", 0, RULES, NOW_MS + 1) == record
    assert abuse.offended(record, "user", "blocked", RULES, NOW_MS).cooling_until_ms > NOW_MS


def test_an_offence_without_points_counts_for_nothing() -> None:
    assert after("blocked", "repeated", rules=AbuseRules(points={"blocked": 0})).score == 0


@given(st.lists(st.tuples(st.sampled_from(["blocked", "repeated", "growing"]), st.integers(0, 7_200_000)), max_size=30))
def test_a_score_only_falls_between_offences(history: list[tuple[Offence, int]]) -> None:
    record, at_ms = Record(), NOW_MS
    for offence, pause_ms in history:
        at_ms += pause_ms
        assert 0 <= abuse.score_at(record, RULES, at_ms) <= record.score
        before = abuse.score_at(record, RULES, at_ms)
        record = abuse.offended(record, "user", offence, RULES, at_ms)
        assert record.score == pytest.approx(before + RULES.points[offence])
