"""The register's record of one request: its decision, attempts, usage, cost and timeline; ids, sizes and codes, no text."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from proxy.domain.decision import Decision, Health
from proxy.domain.errors import FaultKind
from proxy.domain.journey import Ask
from proxy.domain.policy import Mode
from proxy.domain.standing import Standing
from proxy.domain.usage import Kind, Usage
from proxy.domain.value import dataclass
from proxy.domain.verdict import Advice, Verdict

CallStatus = Literal["running", "served", "cut", "left", "refused", "failed", "crashed"]
# Whose the calls are that we make for ourselves; no user can be named so.
NOBODY: Final = "(probe)"
# The reason of a call that got no answer and paid its input all the same (contract 5).
INPUT_CHARGED: Final = "input_charged"
Stage = Literal["intake", "precheck", "decision", "hold", "attempt", "first_byte", "rescue", "settle"]


@dataclass(frozen=True)
class Mark:
    """One stage of the timeline: when it began after the call did, and how long it took, in microseconds."""

    stage: Stage
    at_us: int
    duration_us: int
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upstream try. `fault` is None when it answered. `charged` says whether the caller pays for it; if not, what its
    provider reported all the same is the operator's loss, and `credits_milli` says what that came to.

    Times are wall-clock milliseconds; `multiplier_ppm` is the one its credits were computed with (0: own credit prices).
    """

    number: int
    model_id: str
    provider_id: str
    family: str
    started_ms: int
    first_byte_ms: int | None
    ended_ms: int
    fault: FaultKind | None
    provider_status: int | None
    provider_code: str | None
    provider_request_id: str | None
    usage: Usage | None
    raw_nano_usd: int
    credits_milli: int
    multiplier_ppm: int
    charged: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One request from first byte to ledger entry. `code` is the error code where one was answered, `reason` the coded
    cause shown to the caller. `status`: served whole, cut by us or a fault after the commit point, left by the caller,
    refused before any upstream call, failed at all candidates, crashed with its process. `credits_milli` is what was
    charged, `refunded_milli` what of it was given back, `absorbed_milli` what else was billed, for which nobody pays. The
    model is the first writer's where an answer was rescued."""

    id: str
    request_id: str
    kind: Kind
    at_ms: int
    user_id: str
    app_id: str | None
    key_id: str
    catalog_revision: str
    asked: tuple[str, ...]
    stream: bool
    status: CallStatus
    http_status: int
    code: str | None
    reason: str | None
    conversation_id: str | None
    assistant_id: str | None
    model_id: str | None
    provider_id: str | None
    family: str | None
    duration_ms: int
    ttft_ms: int | None
    usage: Usage | None
    credits_milli: int
    raw_nano_usd: int
    absorbed_milli: int
    ask: Ask | None
    verdict: Verdict | None
    advice: Advice | None
    standing: Standing | None
    health: Health | None
    decision: Decision | None
    attempts: tuple[Attempt, ...] = ()
    timeline: tuple[Mark, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    refunded_milli: int = 0

    @property
    def paid_milli(self) -> int:
        """What the caller pays in the end."""
        return self.credits_milli - self.refunded_milli

    @property
    def rescued_by(self) -> tuple[str, ...]:
        """The models that went on with the answer after its first writer broke off, in their order."""
        if len(self.attempts) < 2:
            return ()
        return tuple(attempt.model_id for attempt in self.attempts if attempt.charged)[1:]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller is told about a finished call: who answered, why, and what it cost in credits; never raw cost.

    `explain` holds the decision in plain words when it was asked for. `note` is a coded remark: `credits_exhausted`,
    `output_shortened`, `stepped_down`. `mode` and `why` say how we chose, in two or three sentences; None and empty where the
    caller chose. `rescued_by` are the models that went on where `model_id` broke off.
    """

    call_id: str
    created_s: int
    assistant_id: str | None
    model_id: str
    reason: str
    attempts: int
    credits_milli: int
    usage: Usage
    finish_reason: str | None
    note: str | None = None
    explain: Mapping[str, object] | None = None
    mode: Mode | None = None
    why: tuple[str, ...] = ()
    rescued_by: tuple[str, ...] = ()
