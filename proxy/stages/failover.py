"""The failover machine: what an attempt came to in, the next step out; a pure table, driven by the pipeline."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from proxy.domain.catalog import Catalog
from proxy.domain.decision import Decision
from proxy.domain.errors import ErrorCode, Fault, FaultKind, Refusal
from proxy.domain.value import dataclass

RETRY_WAIT_MS: Final = 200
# How long a provider may ask us to wait before its model is tried again: briefly where another could answer meanwhile, longer
# where there is no other. Who asks for more leaves the call without an answer.
RETRY_AFTER_MS_MAX: Final = 5_000
RETRY_AFTER_ALONE_MS_MAX: Final = 60_000


class Row(NamedTuple):
    """What a kind of fault leads to. Before the commit point: `retry`, the same model may be tried again; `onward`, where to
    go when it may not. After it: `rescue`, the next model may go on with the answer. `code` and `message` are the answer when
    nobody is left."""

    retry: bool
    onward: Literal["next", "larger", "stop"]
    rescue: bool
    code: ErrorCode
    message: str


_FAILED = "The model provider failed. Try again, or choose another model."
_SILENT = "The model did not answer in time. Try again, or choose another model."
_BUSY = "No model could take this call right now. Try again shortly."
_REFUSED = "The model provider did not accept this request."
_TOO_LONG = "The prompt is longer than any model of this call can read. Shorten it, or choose a model with a larger context."
_CONTENT = "The model provider's content policy refused this request. Change the prompt."

# One row per fault (contract 6). Silence is not retried: a mute model stays mute. Our own key's or credit's trouble is
# never the caller's, so it ends as 503 and not as the provider's 401, 402 or 403. What one model will not go on with another
# may, for the first did; but a content refusal is nobody's to go round, and nothing goes on beyond the deadline.
TABLE: Final[Mapping[FaultKind, Row]] = {
    "connect": Row(True, "next", True, "upstream_error", _FAILED),
    "reset": Row(True, "next", True, "upstream_error", _FAILED),
    "server_error": Row(True, "next", True, "upstream_error", _FAILED),
    "rate_limited": Row(True, "next", True, "no_model_available", _BUSY),
    "connect_timeout": Row(False, "next", True, "upstream_timeout", _SILENT),
    "first_byte_timeout": Row(False, "next", True, "upstream_timeout", _SILENT),
    "idle_timeout": Row(False, "next", True, "upstream_timeout", _SILENT),
    "total_timeout": Row(False, "next", True, "upstream_timeout", _SILENT),
    "garbled": Row(False, "next", True, "upstream_error", _FAILED),
    "empty": Row(False, "next", True, "upstream_error", _FAILED),
    "truncated": Row(False, "next", True, "upstream_error", _FAILED),
    "error_event": Row(False, "next", True, "upstream_error", _FAILED),
    "disjoint": Row(False, "next", True, "upstream_error", _FAILED),
    "our_key": Row(False, "next", True, "no_model_available", _BUSY),
    "our_credit": Row(False, "next", True, "no_model_available", _BUSY),
    "unknown_model": Row(False, "next", True, "no_model_available", _BUSY),
    "context_length": Row(False, "larger", True, "context_length_exceeded", _TOO_LONG),
    "bad_request": Row(False, "stop", True, "invalid_request", _REFUSED),
    "content_refused": Row(False, "stop", False, "content_policy_violation", _CONTENT),
    "deadline": Row(False, "stop", False, "upstream_timeout", _SILENT),
}


# A breaker that shut a moment ago: whoever comes again is told by the next decision how long it takes.
BARRED: Final = Refusal("no_model_available", _BUSY, retry_after_s=1)
_MAY_BE_CHEAPER: Final = (
    "insufficient_credits",
    "budget_cap_reached",
    "assistant_budget_reached",
    "credits_on_hold",
    "no_model_available",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may spend on trying. `contexts` are the chain's context windows in tokens, in order."""

    contexts: tuple[int, ...]
    attempts_max: int
    retries_per_model_max: int


@dataclass(frozen=True, slots=True)
class Try:
    """Call candidate `position` of the chain after `wait_ms`; `attempt` counts from 1, `retry` the tries of this model."""

    position: int
    attempt: int = 1
    retry: int = 0
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Nobody is left to try: answer with this refusal (an event where the stream is open already)."""

    refusal: Refusal


Step = Try | Stop


@dataclass(frozen=True, slots=True)
class Chances:
    """Facts of the moment: time left until the call's deadline, whether the retry budget allows one more, and a random
    number in [0, 1) that spreads retries."""

    left_ms: int
    retry_allowed: bool
    jitter: float


def bounds(decision: Decision, catalog: Catalog) -> Bounds:
    """What a call so decided may spend on trying."""
    contexts = tuple(catalog.models[candidate.model_id].context_tokens_max for candidate in decision.chain)
    return Bounds(contexts, catalog.policy.attempts_max, catalog.policy.retries_per_model_max)


def after(fault: Fault, tried: Try, bounds: Bounds, chances: Chances) -> Step:
    """The step after `tried` failed before the commit point."""
    row = TABLE[fault.kind]
    if tried.attempt >= bounds.attempts_max or chances.left_ms <= 0 or row.onward == "stop":
        return Stop(give_up(fault))
    onward = _onward(row, fault, tried, bounds)
    if row.retry and chances.retry_allowed and tried.retry < bounds.retries_per_model_max:
        wait_ms = _wait_ms(fault, tried, chances.jitter)
        wait_ms_max = RETRY_AFTER_ALONE_MS_MAX if isinstance(onward, Stop) else RETRY_AFTER_MS_MAX
        if wait_ms < chances.left_ms and (fault.retry_after_ms or 0) <= wait_ms_max:
            return Try(tried.position, tried.attempt + 1, tried.retry + 1, wait_ms)
    return onward


def after_break(fault: Fault, tried: Try, bounds: Bounds, chances: Chances) -> Step:
    """The step after an answer broke off behind the commit point, and after every model that was then to go on with it and
    failed: each gets one chance (contract 6)."""
    if TABLE[fault.kind].rescue and tried.attempt < bounds.attempts_max and chances.left_ms > 0:
        return pass_over(Try(tried.position, tried.attempt + 1), bounds, broken(fault))
    return Stop(broken(fault))


def skip(tried: Try, bounds: Bounds, short: Refusal, fallen: Refusal | None) -> Step:
    """The step when a candidate was not called at all because its hold was refused. Another may cost less; none makes room
    among running calls or mends the store. Where a model was called before and failed, that is what the caller hears."""
    return pass_over(tried, bounds, fallen or short) if may_be_cheaper(short) else Stop(fallen or short)


def pass_over(tried: Try, bounds: Bounds, refusal: Refusal = BARRED) -> Step:
    """The step when a candidate is not called at all, be it that its breaker has shut since the decision or that it cannot go
    on with an answer; `refusal` is what the caller hears when it was the last."""
    position = tried.position + 1
    return Try(position, tried.attempt) if position < len(bounds.contexts) else Stop(refusal)


def may_be_cheaper(refusal: Refusal) -> bool:
    """Whether a smaller hold could have stood where this one was refused."""
    return refusal.code in _MAY_BE_CHEAPER


def give_up(fault: Fault) -> Refusal:
    """What the caller hears when this fault was the last thing that happened before the commit point."""
    row = TABLE[fault.kind]
    retry_after_s = None
    if row.code == "no_model_available":
        retry_after_s = max(1, min(60, -(-(fault.retry_after_ms or 1_000) // 1_000)))
    if fault.kind != "bad_request":
        return Refusal(row.code, row.message, param=fault.param, retry_after_s=retry_after_s)
    # What the provider minds, as far as it said so in words that we know: param and code were read by a list of such.
    hint = f"Check `{fault.param}`." if fault.param is not None else "It did not say which parameter it minds."
    details = {} if fault.provider_code is None else {"provider_code": fault.provider_code}
    return Refusal(row.code, f"{row.message} {hint}", param=fault.param, details=details)


def broken(fault: Fault) -> Refusal:
    """What a stream that failed after the commit point says: always an error, never a quiet end."""
    row = TABLE[fault.kind]
    code: ErrorCode = row.code if row.code in ("upstream_timeout", "content_policy_violation") else "upstream_error"
    return Refusal(code, "The answer broke off before its end. What you have is incomplete.")


def explains_emptiness(finish_reason: str | None, stops: bool, reasoned: bool) -> bool:
    """Whether an answer with nothing in it is what the caller asked for (contract 5): its own bound, what it `stops` at (words
    of its own, or a bias that makes the end likely), hidden reasoning, or a content refusal that must not be routed around."""
    return finish_reason in ("length", "content_filter") or (finish_reason == "stop" and stops) or reasoned


def _onward(row: Row, fault: Fault, tried: Try, bounds: Bounds) -> Step:
    size = bounds.contexts[tried.position]
    for position in range(tried.position + 1, len(bounds.contexts)):
        if row.onward == "next" or bounds.contexts[position] > size:
            return Try(position, tried.attempt + 1)
    return Stop(give_up(fault))


def _wait_ms(fault: Fault, tried: Try, jitter: float) -> int:
    """Never before the moment that the provider named, and not all of those it sent away at once."""
    ceiling_ms: int = RETRY_WAIT_MS * 2**tried.retry
    if fault.retry_after_ms is not None:
        return fault.retry_after_ms + int(ceiling_ms * jitter)
    return int(ceiling_ms * (0.5 + jitter / 2))
