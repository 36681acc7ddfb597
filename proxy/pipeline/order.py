"""What the pipeline is given and what it knows on the way: values of one call, and the rooms it may enter."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Literal

from proxy.domain.account import Caller
from proxy.domain.assistant import Assistant
from proxy.domain.call import Mark, Stage
from proxy.domain.chat import Answer
from proxy.domain.decision import Decision, Health
from proxy.domain.errors import Fault, Refusal
from proxy.domain.journey import Ask, Journey
from proxy.domain.ledger import HoldTerms, IdempotencyKey
from proxy.domain.plan import Plan, Rate
from proxy.domain.request import Request
from proxy.domain.standing import Standing
from proxy.domain.usage import Kind, Usage
from proxy.domain.value import dataclass
from proxy.domain.verdict import Advice, Verdict
from proxy.pipeline.answers import AnswerLimits
from proxy.pipeline.drain import DrainLimits
from proxy.pipeline.footing import Footing
from proxy.pipeline.look import Look
from proxy.pipeline.pieces import Turnstile
from proxy.pipeline.waiting import WaitingLimits
from proxy.ports import (
    Accounts,
    Books,
    CatalogSource,
    Clock,
    Conduct,
    Confirmations,
    HealthBoard,
    Ids,
    Limiter,
    Recorder,
    Threads,
    TokenCounter,
    Upstream,
)
from proxy.stages.intake import IntakeLimits
from proxy.stages.provider.adapter import Dialect
from proxy.stages.stream import Voice


@dataclass(frozen=True, slots=True)
class Knobs:
    """Bounds the operator sets for every call; each is a field of Settings."""

    intake: IntakeLimits = IntakeLimits()
    refused_calls: Rate = Rate(120, 60)
    commit_wait_ms: int = 20_000
    settle_wait_ms: int = 2_000
    lease_ms: int = 60_000
    answer_bytes_max: int = 64 * 1024 * 1024
    error_body_bytes_max: int = 64 * 1024
    retry_share_percent: int = 20
    waiting: WaitingLimits = WaitingLimits()
    answers: AnswerLimits = AnswerLimits()
    drain: DrainLimits = DrainLimits()


@dataclass(frozen=True, slots=True)
class Rooms:
    """Every room a call may enter, by its port, the turnstile that its stream passes, and what is remembered of terms."""

    accounts: Accounts
    books: Books
    upstream: Upstream
    catalog: CatalogSource
    threads: Threads
    confirmations: Confirmations
    health: HealthBoard
    limiter: Limiter
    conduct: Conduct
    recorder: Recorder
    counter: TokenCounter
    clock: Clock
    ids: Ids
    dialects: Mapping[str, Dialect]
    provider_keys: Mapping[str, str]
    knobs: Knobs
    turnstile: Turnstile = field(default_factory=Turnstile)
    footing: Footing = field(default_factory=Footing)


@dataclass(frozen=True, slots=True)
class Order:
    """One request as the api hands it over: who, what bytes, the voice its answer is spoken in, and the key that it is to be
    made once under."""

    call_id: str
    request_id: str
    kind: Kind
    caller: Caller
    body: bytes
    received_ms: int
    started_ns: int
    voice: Callable[[Request], Voice]
    traceparent: str | None = None
    conversation_id: str | None = None
    idempotency: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A call that was read and decided, with everything the decision was made of. `plan` is the plan in force; `look` a second
    look at the prompt that goes on beside the call."""

    journey: Journey
    ask: Ask
    plan: Plan
    terms: HoldTerms
    verdict: Verdict
    advice: Advice
    standing: Standing
    health: Health
    decision: Decision
    look: Look | None = None

    @property
    def assistant(self) -> Assistant | None:
        return self.journey.catalog.assistants.get(self.decision.assistant_id or "")

    @property
    def system_prompt(self) -> str | None:
        """Our own prompt that goes before the caller's messages."""
        return self.assistant.system_prompt if self.assistant is not None else None


Ending = Literal["answered", "failed", "broken", "cut", "stopped", "left"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to. `failed` is before the commit point, `broken` after it; `cut` was ended by us for want of
    credits, `stopped` for another reason of ours, the `refusal`, `left` by the caller. `usage` is what is to be charged if
    anything is."""

    ending: Ending
    usage: Usage
    began_ms: int
    ended_ms: int
    first_byte_ns: int | None = None
    first_byte_ms: int | None = None
    first_token_ns: int | None = None
    fault: Fault | None = None
    refusal: Refusal | None = None
    answer: Answer | None = None
    finish_reason: str | None = None
    provider_status: int | None = None
    provider_request_id: str | None = None


class Marks:
    """The timeline of one call, in the order things happened."""

    __slots__ = ("_clock", "_started_ns", "timeline")

    def __init__(self, clock: Clock, started_ns: int) -> None:
        self._clock = clock
        self._started_ns = started_ns
        self.timeline: list[Mark] = []

    def now_ns(self) -> int:
        return self._clock.monotonic_ns()

    def add(self, stage: Stage, since_ns: int, detail: str | None = None) -> int:
        """Marks `stage` as lasting from `since_ns` until now; returns now."""
        now_ns = self._clock.monotonic_ns()
        self.timeline.append(Mark(stage, (since_ns - self._started_ns) // 1_000, (now_ns - since_ns) // 1_000, detail))
        return now_ns

    def moment(self, stage: Stage, at_ns: int, detail: str | None = None) -> None:
        """Marks something that has no length."""
        self.timeline.append(Mark(stage, (at_ns - self._started_ns) // 1_000, 0, detail))

    def lasted(self, timeline: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """`timeline` with its last mark lasting until now: for what is told once the books have answered."""
        last = timeline[-1]
        until_us = (self._clock.monotonic_ns() - self._started_ns) // 1_000
        return (*timeline[:-1], Mark(last.stage, last.at_us, until_us - last.at_us, last.detail))

    def after_ms(self, at_ns: int | None = None) -> int:
        """How long after the call's start `at_ns` (now, when None) is."""
        return ((self._clock.monotonic_ns() if at_ns is None else at_ns) - self._started_ns) // 1_000_000
