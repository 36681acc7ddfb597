"""Request rates over several workers: what one limiter in memory would say, whichever of them is asked."""

from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.plan import Rate
from proxy.limits.memory import MemoryLimiter
from proxy.limits.shared import WAYS, SharedLimiter
from tests.limits.test_memory import RATE, SECOND_NS, HandClock

STEPS = st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 2), st.sampled_from("ab")), max_size=100)


def _crew(clock: HandClock, folder: Path, count: int = 2, buckets: int = 4) -> list[SharedLimiter]:
    return [SharedLimiter(clock, folder, number, count, buckets) for number in range(1, count + 1)]


def test_what_one_worker_let_pass_counts_at_the_other(tmp_path: Path) -> None:
    one, two = _crew(HandClock(), tmp_path)
    quotas = [limiter.take_now("k", RATE) for limiter in (one, two, two, one)]
    assert [(q.allowed, q.limit, q.remaining) for q in quotas] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
    ]


@given(STEPS, st.integers(0, 8), st.integers(1, 10))
def test_three_workers_say_what_one_limiter_in_memory_would(
    steps: list[tuple[int, int, str]], requests: int, period_s: int
) -> None:
    clock, rate = HandClock(), Rate(requests, period_s)
    alone = MemoryLimiter(clock, keys_max=10)
    with TemporaryDirectory() as folder:
        crew = _crew(clock, Path(folder), count=3)
        for at_ms, (_, worker, key) in zip(accumulate(ms for ms, _, _ in steps), steps, strict=True):
            clock.ns = SECOND_NS * 100 + at_ms * 1_000_000
            assert crew[worker].take_now(key, rate) == alone.take_now(key, rate)


def test_what_a_dead_worker_let_pass_still_counts_at_its_successor(tmp_path: Path) -> None:
    clock = HandClock()
    for _ in range(3):
        assert SharedLimiter(clock, tmp_path, 1, 2, 4).take_now("k", RATE).allowed
    assert not SharedLimiter(clock, tmp_path, 1, 2, 4).take_now("k", RATE).allowed


def test_a_full_bucket_forgets_the_key_that_was_used_least_recently(tmp_path: Path) -> None:
    clock, once = HandClock(), Rate(1, 60)
    limiter = SharedLimiter(clock, tmp_path, 1, 1, buckets=1)
    for number in range(WAYS + 1):
        assert limiter.take_now(f"key {number}", once).allowed
        clock.ns += 1_000_000
    assert not limiter.take_now("key 1", once).allowed
    assert limiter.take_now("key 0", once).allowed


def test_a_rate_that_changes_holds_from_the_next_request(tmp_path: Path) -> None:
    one, two = _crew(HandClock(), tmp_path)
    for _ in range(3):
        one.take_now("k", RATE)
    assert not two.take_now("k", Rate(2, 60)).allowed
    assert two.take_now("k", Rate(5, 60)).remaining == 1


async def test_keys_do_not_share_a_rate(tmp_path: Path) -> None:
    limiter = SharedLimiter(HandClock(), tmp_path, 1, 2)
    once = Rate(1, 60)
    assert [(await limiter.take(key, once)).allowed for key in ("a", "b", "a")] == [True, True, False]
