"""What holds of every history of attempts: one trial at a time, recovery once the provider answers, nobody ejected last."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.domain.errors import Fault, FaultKind
from proxy.domain.health import Permit, Tried
from proxy.stages import policy
from proxy.stages.health import MODEL_TERMS, REFUSAL_TERMS
from proxy.upstream.health import PassiveHealth
from tests import builders as make

FAULTS: list[Fault | None] = [
    None,
    Fault("server_error", status=500),
    Fault("connect"),
    Fault("our_key", status=401),
    Fault("first_byte_timeout"),
    Fault("rate_limited", status=429, retry_after_ms=600_000),
    Fault("bad_request", status=400),
    Fault("deadline"),
]
MODELS = ("p/a", "p/b", "q/c")
WAITS_MS = (1_000, 7_000, 40_000, 400_000, 800_000)
Step = tuple[str, int]
ROWS = make.catalog(*(make.model(id) for id in MODELS))


@dataclass
class History:
    """A board that lives through `steps`; its clock is moved by hand. Attempts that run are kept, and so is what is on trial
    with nothing heard of it yet: it claims that a second is never let through."""

    jitter: float = 0.5
    now_ms_: int = make.NOW_MS
    running: list[Permit] = field(default_factory=list)
    heard: list[Permit] = field(default_factory=list)
    on_trial: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.board = PassiveHealth(self, lambda: self.jitter)

    def now_ms(self) -> int:
        return self.now_ms_

    def elapsed_ns(self) -> int:
        return self.monotonic_ns()

    def monotonic_ns(self) -> int:
        return self.now_ms_ * 1_000_000

    def live(self, step: Step) -> None:
        what, number = step
        if what == "wait":
            self.now_ms_ += WAITS_MS[number % len(WAITS_MS)]
        elif what == "begin":
            self._begin(MODELS[number % 3])
        elif what == "burst":
            self._burst(MODELS[number % 3], FAULTS[number % len(FAULTS)])
        elif self.running:
            self._go_on(what, number)

    def _go_on(self, what: str, number: int) -> None:
        permit = self.running[number % len(self.running)]
        self._heard_of(permit)
        if what == "token":
            self.board.answering(permit, number * 1_000)
            return
        self.running.remove(permit)
        self.board.ended(permit, None if what == "leave" else Tried(FAULTS[number % len(FAULTS)]))

    def _burst(self, model_id: str, fault: Fault | None) -> None:
        for _ in range(5):
            before = len(self.running)
            self._begin(model_id)
            if len(self.running) > before:
                permit = self.running.pop()
                self._heard_of(permit)
                self.board.ended(permit, Tried(fault))

    def _begin(self, model_id: str) -> None:
        permit = self.board.admit(model_id, model_id.split("/")[0])
        if permit is None:
            return
        self.running.append(permit)
        trials = _trials(permit)
        assert not trials & self.on_trial
        self.on_trial |= trials

    def _heard_of(self, permit: Permit) -> None:
        # Only its first sign of life frees the place: by its end another may be on trial.
        if permit not in self.heard:
            self.heard.append(permit)
            self.on_trial -= _trials(permit)


def _trials(permit: Permit) -> set[str]:
    """What the attempt is a trial of."""
    of_model = {permit.model_id} if permit.at_model.trial else set()
    return of_model | ({permit.provider_id} if permit.at_provider.trial else set())


moves = st.sampled_from(["begin", "begin", "begin", "token", "end", "end", "leave", "burst", "wait", "wait"])
steps = st.lists(st.tuples(moves, st.integers(0, 60)), min_size=5, max_size=120)


@given(steps, st.floats(0, 1, exclude_max=True))
@settings(max_examples=300)
def test_while_half_open_never_more_than_one_trial_is_under_way(lived: list[Step], jitter: float) -> None:
    history = History(jitter)
    for step in lived:
        history.live(step)


@given(steps, st.floats(0, 1, exclude_max=True))
@settings(max_examples=300)
def test_whatever_happened_a_provider_that_answers_again_is_well_again(lived: list[Step], jitter: float) -> None:
    history = History(jitter)
    for step in lived:
        history.live(step)
    for broken_off in history.running:
        history.board.ended(broken_off, None)
    longest_ms = int(1.25 * max(MODEL_TERMS.pause_ms_max, REFUSAL_TERMS.pause_ms_max))
    for _ in range(3):
        history.now_ms_ += longest_ms
        for id in MODELS:
            permit = history.board.admit(id, id.split("/")[0])
            assert permit is not None
            history.board.answering(permit, 1)
            history.board.ended(permit, Tried())
    report = history.board.report()
    assert {vitals.phase for vitals in report.models.values()} == {"closed"}
    assert {vitals.why for vitals in (*report.models.values(), *report.providers.values())} == {None}


streams = st.tuples(st.sampled_from(MODELS), st.sampled_from([200, 5_000, 60_000]), st.integers(1, 8), st.integers(0, 9_000))


@given(st.lists(streams, max_size=60))
@settings(max_examples=200)
def test_slowness_alone_never_leaves_a_call_without_a_candidate(lived: list[tuple[str, int, int, int]]) -> None:
    history = History()
    for id in MODELS:
        for _ in range(30):
            _stream(history, id, 200)
    history.now_ms_ += 120_000
    for id, ttft_ms, times, later_ms in lived:
        history.now_ms_ += later_ms
        for _ in range(times):
            _stream(history, id, ttft_ms)
        health = history.board.snapshot()
        ask, verdict = make.ask(*MODELS), make.verdict()
        decision = policy.decide(ask, verdict, make.advice(), make.standing(), ROWS, health)
        assert decision.chain
        assert all(seen.slow for seen in health.models.values() if seen.open)


def _stream(history: History, id: str, ttft_ms: int) -> None:
    permit = history.board.admit(id, id.split("/")[0])
    assert permit is not None
    history.board.answering(permit, ttft_ms)
    history.board.ended(permit, Tried())


KINDS: list[FaultKind] = ["server_error", "connect", "first_byte_timeout"]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2_000)), min_size=20, max_size=60))
def test_of_a_provider_that_only_fails_few_are_let_through(lived: list[tuple[FaultKind, int]]) -> None:
    history = History()
    let_through = 0
    for kind, later_ms in lived:
        history.now_ms_ += later_ms
        permit = history.board.admit("p/a", "p")
        if permit is not None:
            let_through += 1
            history.board.ended(permit, Tried(Fault(kind, status=500 if kind == "server_error" else None)))
    passed_ms = history.now_ms_ - make.NOW_MS
    assert let_through <= MODEL_TERMS.consecutive_max + 1 + passed_ms // MODEL_TERMS.pause_ms
