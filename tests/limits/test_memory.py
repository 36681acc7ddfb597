"""Request rates in memory: never more than allowed in any window, never refused for long, never more keys than bounded."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.plan import Rate
from proxy.limits.memory import SLOTS, MemoryLimiter

RATE = Rate(requests=3, period_s=60)
SECOND_NS = 1_000_000_000


class HandClock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.ns = 123_456_789_000

    def now_ms(self) -> int:
        return self.ns // 1_000_000

    def monotonic_ns(self) -> int:
        return self.ns

    def elapsed_ns(self) -> int:
        return self.ns


async def test_requests_pass_up_to_the_rate_and_say_what_is_left() -> None:
    limiter = MemoryLimiter(HandClock(), keys_max=10)
    quotas = [await limiter.take("k", RATE) for _ in range(4)]
    assert [(q.allowed, q.limit, q.remaining) for q in quotas] == [
        (True, 3, 2),
        (True, 3, 1),
        (True, 3, 0),
        (False, 3, 0),
    ]


def test_keys_do_not_share_a_rate() -> None:
    limiter = MemoryLimiter(HandClock(), keys_max=10)
    assert [limiter.take_now("a", Rate(1, 60)).allowed, limiter.take_now("b", Rate(1, 60)).allowed] == [True, True]


def test_a_refused_request_may_pass_when_its_quota_says_so() -> None:
    clock = HandClock()
    limiter = MemoryLimiter(clock, keys_max=10)
    quotas = [limiter.take_now("k", RATE) for _ in range(10)]
    clock.ns += quotas[-1].reset_s * SECOND_NS
    assert limiter.take_now("k", RATE).allowed


def test_refused_requests_do_not_prolong_the_wait() -> None:
    clock = HandClock()
    limiter = MemoryLimiter(clock, keys_max=10)
    for _ in range(3):
        limiter.take_now("k", RATE)
    waits = []
    while not (quota := limiter.take_now("k", RATE)).allowed:
        waits.append(quota.reset_s)
        clock.ns += SECOND_NS
    assert waits == sorted(waits, reverse=True)
    assert 60 <= len(waits) <= 60 + 60 // SLOTS + 1


def test_a_rate_of_nothing_refuses_and_says_when_to_ask_again() -> None:
    quota = MemoryLimiter(HandClock(), keys_max=10).take_now("k", Rate(0, 60))
    assert (quota.allowed, quota.remaining, quota.reset_s) == (False, 0, 60)


def test_a_forgotten_key_passes_and_the_busiest_is_forgotten_last() -> None:
    limiter = MemoryLimiter(HandClock(), keys_max=2)
    once = Rate(1, 60)
    limiter.take_now("busy", once)
    limiter.take_now("idle", once)
    limiter.take_now("busy", once)
    limiter.take_now("new", once)
    assert not limiter.take_now("busy", once).allowed
    assert limiter.take_now("idle", once).allowed


def test_a_rate_that_changes_holds_from_the_next_request() -> None:
    limiter = MemoryLimiter(HandClock(), keys_max=2)
    for _ in range(3):
        limiter.take_now("k", RATE)
    assert not limiter.take_now("k", Rate(2, 60)).allowed
    assert limiter.take_now("k", Rate(5, 60)).remaining == 1


STEPS_MS = st.lists(st.integers(0, 4_000), max_size=200)


@given(STEPS_MS, st.integers(1, 8), st.integers(1, 10))
def test_no_window_ever_holds_more_than_the_rate(steps_ms: list[int], requests: int, period_s: int) -> None:
    clock, rate = HandClock(), Rate(requests, period_s)
    limiter = MemoryLimiter(clock, keys_max=1)
    passed: list[int] = []
    for at_ms in accumulate(steps_ms):
        clock.ns = at_ms * 1_000_000
        if limiter.take_now("k", rate).allowed:
            passed.append(at_ms)
    period_ms = period_s * 1_000
    for start in passed:
        assert sum(start <= at_ms < start + period_ms for at_ms in passed) <= requests


@given(STEPS_MS, st.integers(1, 8), st.integers(1, 10))
def test_whoever_is_refused_had_used_the_rate_within_a_period_and_a_slot(
    steps_ms: list[int], requests: int, period_s: int
) -> None:
    clock, rate = HandClock(), Rate(requests, period_s)
    limiter = MemoryLimiter(clock, keys_max=1)
    passed: list[int] = []
    for at_ms in accumulate(steps_ms):
        clock.ns = at_ms * 1_000_000
        if limiter.take_now("k", rate).allowed:
            passed.append(at_ms)
        else:
            reach_ms = period_s * 1_000 * (SLOTS + 1) / SLOTS
            assert sum(at_ms - reach_ms <= earlier for earlier in passed) >= requests


@given(STEPS_MS)
def test_a_window_never_keeps_more_than_its_slots(steps_ms: list[int]) -> None:
    clock = HandClock()
    limiter = MemoryLimiter(clock, keys_max=1)
    for at_ms in accumulate(steps_ms):
        clock.ns = at_ms * 1_000_000
        limiter.take_now("k", Rate(1_000, 10))
        assert len(limiter._windows["k"].slots) <= SLOTS + 2
