"""Claims about what measures: load generator and provider, each proved by the other's counts; no time is compared but with
times of the same run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import load, machine
from tests.bench.load import Provider, Seen
from tests.bench.programs import Program, Yard
from tests.e2e.harness import eventually

DELAY_MS = 30
LATE_US = 1_000  # What lies between the clocks of two programs that round to microseconds.


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    yard = Yard(tmp_path_factory.mktemp("yard"))
    try:
        yield load.provider(yard, _core())
    finally:
        yard.clear()


@pytest.fixture(autouse=True)
def _forgets(provider: Provider) -> None:
    provider.forget()


def test_generator_and_provider_count_the_same_calls(provider: Provider) -> None:
    seen = load.sound(_calls(provider, "mock-b300", calls=1_000, connections=32))
    assert provider.stats()["finished"] == seen.calls == seen.counts["latency_us"]["count"] == 1_000


def test_no_call_is_seen_faster_than_the_provider_answers_it_nor_slower_than_it_took(provider: Provider) -> None:
    def is_whole() -> bool:
        seen = load.sound(_calls(provider, f"mock-d{DELAY_MS}", calls=10))
        mean_us = seen.percentile_us("mean")
        assert mean_us >= DELAY_MS * 1_000 - LATE_US
        share_of_the_run = 10 * mean_us / (float(seen.counts["seconds"]) * 1e6)
        assert share_of_the_run <= 1.0
        return share_of_the_run >= 0.8

    # One connection waits for one answer after the other: their times make up the whole run, but where the machine kept the
    # generator waiting between two.
    eventually(is_whole, "a run that was not disturbed")


@pytest.mark.parametrize("chunk_bytes", [1, 20, 5_000])
def test_every_chunk_of_a_burst_is_counted_however_reads_cut_them(provider: Provider, chunk_bytes: int) -> None:
    seen = load.sound(_calls(provider, f"mock-c300-b{chunk_bytes}", stream=True, calls=40, connections=4))
    assert (seen.chunks, seen.counts["streams_whole"]) == (300 * 40, 40)


def test_paced_chunks_come_one_by_one_and_none_before_its_time(provider: Provider) -> None:
    seen = load.sound(_calls(provider, "mock-d10-c6-i20", stream=True, calls=4, connections=4))
    assert seen.chunks == 24
    assert (seen.counts["first_chunk_us"]["count"], seen.counts["gap_us"]["count"]) == (4, 20)
    assert seen.percentile_us("mean", "first_chunk_us") >= 10_000 - LATE_US
    assert seen.percentile_us("mean") >= 10_000 + 5 * 20_000 - LATE_US
    streamed_us = seen.percentile_us("mean", "first_chunk_us") + 5 * seen.percentile_us("mean", "gap_us")
    assert streamed_us <= seen.percentile_us("mean") + LATE_US


def test_an_open_loop_counts_the_time_that_calls_waited_for_a_connection(provider: Provider) -> None:
    """One connection serves a call in 30 ms, and one is due every 5: most of what the last one sees is waiting."""
    seen = _calls(provider, f"mock-d{DELAY_MS}", seconds=1, rate=200)
    assert seen.counts["unsent"] > seen.calls
    assert seen.percentile_us("max") > 5 * DELAY_MS * 1_000
    assert seen.percentile_us("max") > 0.5 * float(seen.counts["seconds"]) * 1e6


def test_callers_who_leave_are_noticed_one_by_one_and_after_they_left(provider: Provider) -> None:
    seen = _calls(provider, "mock-d5000", calls=10, leave_ppm=1_000_000, leave_after=10)
    noticed = provider.stats()["left_us"]
    assert seen.counts["left"] == len(noticed) == 10
    assert all(left <= at for left, at in zip(seen.counts["left_us"], noticed, strict=True))


def test_faults_come_as_error_as_silence_and_as_half_an_answer_in_turn(provider: Provider) -> None:
    seen = _calls(provider, "mock-c10-f1000000", stream=True, calls=30)
    assert provider.stats()["faults"] == 30
    assert (seen.counts["statuses"]["500"], seen.counts["broken"], seen.counts["streams_cut"]) == (10, 10, 10)
    with pytest.raises(load.LoadFailed):
        load.sound(seen)


def test_a_crowd_of_streams_is_opened_bit_by_bit_and_all_are_open_at_the_end(provider: Provider) -> None:
    seen = _calls(provider, "mock-c100-i1000", stream=True, seconds=2, connections=300, ramp=1_000)
    assert seen.counts["open"] == 300


def test_cost_counts_children_that_live_and_children_that_have_ended(tmp_path: Path) -> None:
    yard = Yard(tmp_path)
    busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    until_told = "until [ -e told ]; do sleep 0.05; done"
    work = f"cd {tmp_path}; ({busy}); echo one; {until_told}; ({busy}; echo two; sleep 60); wait"
    try:
        shell = yard.start(["sh", "-c", work], _core())
        after_one_s = _cost_after(shell, "one")
        (tmp_path / "told").touch()
        after_two_s = _cost_after(shell, "two")
        assert 1.5 * after_one_s < after_two_s
        assert len(machine.tree(shell.pid)) >= 2
    finally:
        yard.clear()


def _cost_after(shell: Program, word: str) -> float:
    eventually(lambda: word in shell.tail, word)
    return machine.cpu_s(shell.pid)


def _calls(provider: Provider, model: str, stream: bool = False, **options: int) -> Seen:
    return load.run(provider.port, [load.request(model, stream=stream)], options, _core())


def _core() -> int:
    return min(os.sched_getaffinity(0))
