"""What is counted of a call, and that no label can grow without bound."""

from proxy.domain.decision import Reason
from proxy.telemetry.metrics import BOUNDS_MS, SERIES_MAX, Counter, Histogram, Numbers
from tests.builders import attempt, call, decision, dropped, usage


def test_a_call_is_counted_by_status_kind_and_family() -> None:
    numbers = Numbers()
    numbers.count(call())
    numbers.count(call(status="left", family=None))
    assert numbers.calls.totals == {("served", "chat", "open"): 1, ("left", "chat", "none"): 1}


def test_a_refusal_is_counted_by_its_code_and_an_unknown_code_is_other() -> None:
    numbers = Numbers()
    numbers.count(call(status="refused", code="insufficient_credits"))
    numbers.count(call(status="failed", code="what a user wrote"))
    assert numbers.refusals.totals == {("insufficient_credits",): 1, ("other",): 1}


def test_a_dropped_candidate_is_counted_by_its_reason() -> None:
    numbers = Numbers()
    numbers.count(call(decision=decision(dropped=(dropped(reason=Reason("modality")),) * 2)))
    assert numbers.drops.totals == {("modality",): 2}


def test_tokens_are_counted_by_class_at_the_model_that_used_them() -> None:
    numbers = Numbers()
    first = attempt(model_id="p/a", fault="reset", usage=usage(input=7, output=0))
    numbers.count(call(attempts=(first, attempt(model_id="p/b", usage=usage(input=7, output=9)))))
    assert numbers.tokens.totals == {("p/a", "input"): 7, ("p/b", "input"): 7, ("p/b", "output"): 9}


def test_the_same_model_again_is_a_retry_and_another_one_a_failover() -> None:
    numbers = Numbers()
    models = ("p/a", "p/a", "p/b")
    numbers.count(call(attempts=tuple(attempt(model_id=m) for m in models)))
    assert (numbers.retries.totals, numbers.failovers.totals) == ({("p/a",): 1}, {("p/a",): 1})


def test_a_rescue_is_counted_by_who_broke_off_and_who_went_on() -> None:
    numbers = Numbers()
    attempts = (attempt(model_id="p/a"), attempt(model_id="p/b", charged=False), attempt(model_id="p/c"))
    numbers.count(call(attempts=attempts))
    assert numbers.rescues.totals == {("p/a", "p/c"): 1}


def test_attempts_are_counted_by_provider_model_and_fault() -> None:
    numbers = Numbers()
    numbers.count(call(attempts=(attempt(fault="connect"), attempt(fault=None))))
    assert numbers.attempts.totals == {("p", "p/m", "connect"): 1, ("p", "p/m", "none"): 1}


def test_a_counter_never_has_more_series_than_its_bound() -> None:
    counter = Counter()
    for n in range(SERIES_MAX + 500):
        counter.add((f"name-{n}", "x"))
    assert len(counter.totals) == SERIES_MAX + 1
    assert counter.totals[("other", "other")] == 500


def test_a_histogram_never_has_more_series_than_its_bound() -> None:
    histogram = Histogram()
    for n in range(SERIES_MAX + 500):
        histogram.add((f"name-{n}",), 1)
    assert len(histogram.rows) == SERIES_MAX + 1


def test_a_duration_falls_into_the_first_bucket_that_holds_it() -> None:
    histogram = Histogram()
    for duration_ms in (0, BOUNDS_MS[0], BOUNDS_MS[0] + 1, BOUNDS_MS[-1] + 1):
        histogram.add(("x",), duration_ms)
    row = histogram.rows[("x",)]
    assert (row[0], row[1], row[len(BOUNDS_MS)]) == (2, 1, 1)
    assert row[-1] == 2 * BOUNDS_MS[0] + 2 + BOUNDS_MS[-1]


def test_the_bounds_rise() -> None:
    assert list(BOUNDS_MS) == sorted(set(BOUNDS_MS))
