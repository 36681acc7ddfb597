"""Health: what is known of a model or provider and what a try came to in, what is known next out; given the time, it reads
no clock, draws no chance, calls nobody and drops no candidate.

`breaker` says who may be tried, `pace` how fast a model answers; here stands which fault speaks against whom.
"""

from typing import Final, Literal, NamedTuple

from proxy.domain.decision import ModelHealth
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.health import Tried, Turn, Vitals
from proxy.domain.value import replace
from proxy.stages.health import breaker, pace
from proxy.stages.health.breaker import HEALTHY, Blow, State, Terms
from proxy.stages.health.pace import UNKNOWN, Pace

MODEL_TERMS: Final = Terms()
# An address that took no connection three times in a row, with nothing heard from it between, fails all models behind it: once
# more than a call tries one model, so that it can still go on to another there. One that is reached now and then is a matter
# for each model's own breaker, so no share of failures counts.
DEAD_TERMS: Final = Terms(consecutive_max=3, failure_share=1.0)
# A provider that says it refuses our key or credit refuses every call alike: once is enough, and only a person mends it.
REFUSAL_TERMS: Final = Terms(consecutive_max=1, pause_ms=30_000, pause_ms_max=600_000)

# Whoever asks for nothing gets it: so that one caller alone shuts no model for all others, the empty answers of an account
# count once in this time. It takes five accounts to open a breaker by them, or one for which the model has nothing for long.
EMPTY_AGAIN_MS: Final = 300_000
EMPTY_ACCOUNTS_MAX: Final = 8

_SCORE_STEPS: Final = 20
_REFUSES_US: Final[frozenset[FaultKind]] = frozenset({"our_key", "our_credit"})
_UNREACHED: Final[frozenset[FaultKind]] = frozenset({"connect", "connect_timeout"})
# What is no fault of the model's: the request, or how it was asked to go on with another's answer.
_CALLERS: Final[frozenset[FaultKind]] = frozenset({"bad_request", "context_length", "content_refused", "disjoint"})

Meaning = Literal["well", "failed", "nothing"]


class Condition(NamedTuple):
    """All that is known of one model at its provider. `empties` are the accounts whose empty answers counted lately, and when.
    A NamedTuple because several are made per attempt."""

    breaker: State = HEALTHY
    pace: Pace = UNKNOWN
    heard_at_ms: int | None = None
    empties: tuple[tuple[str, int], ...] = ()


NEW: Final = Condition()


def of_model(fault: Fault | None) -> Meaning:
    """What an attempt says of its model. What the caller did wrong was answered well; our own limits (a full gate, the call's
    deadline, an answer longer than its attempt may take) and trouble with our account say nothing."""
    if fault is None or fault.kind in _CALLERS:
        return "well"
    is_ours = fault.kind in ("deadline", "total_timeout") or (fault.kind == "rate_limited" and fault.status is None)
    return "nothing" if is_ours or fault.kind in _REFUSES_US else "failed"


def of_provider(fault: Fault | None) -> Meaning:
    """What an attempt says of its provider: it fails where it cannot be reached or refuses us. Any other answer of its own,
    errors too, shows that it is there: a model that fails must not condemn its provider."""
    if fault is None:
        return "well"
    if fault.kind in _REFUSES_US or fault.kind in _UNREACHED:
        return "failed"
    return "nothing" if fault.status is None else "well"


def entered(condition: Condition, now_ms: int) -> tuple[Condition, Turn]:
    """With one attempt more on its way."""
    state, turn = breaker.enter(condition.breaker, now_ms)
    return (condition._replace(breaker=state) if turn.trial else condition), turn


def answering(condition: Condition, turn: Turn, ttft_ms: int, now_ms: int, jitter: float) -> Condition:
    """After the first token of a stream."""
    known = pace.faded(condition.pace, now_ms)
    following = pace.began(known, ttft_ms, now_ms)
    state = condition.breaker
    # One is enough for whoever was slow before, and it is measured by what was usual before it.
    is_slow = pace.is_late(known, ttft_ms) if state.why == "slow" else pace.is_slow(following)
    if is_slow:
        after = breaker.slow(state, turn, now_ms, MODEL_TERMS, jitter)
    else:
        after = breaker.answering(breaker.quick(state, turn), turn)
    if after.retry_at_ms != state.retry_at_ms:
        following = pace.forgiven(following)
    return Condition(after, following, now_ms, condition.empties)


def ended(condition: Condition, turn: Turn, tried: Tried | None, now_ms: int, jitter: float) -> Condition:
    """After an attempt came to something (None: it was broken off and taught nothing)."""
    meaning = "nothing" if tried is None else of_model(tried.fault)
    if tried is None or meaning == "nothing" or _was_empty_before(condition, tried, now_ms):
        return condition._replace(breaker=breaker.left(condition.breaker, turn))
    if meaning == "well":
        state = breaker.succeeded(condition.breaker, turn, now_ms, MODEL_TERMS)
    else:
        state = breaker.failed(condition.breaker, turn, now_ms, MODEL_TERMS, _blow(tried.fault, jitter))
    speed = tried.tokens_per_s
    known = condition.pace if speed is None else pace.ran(condition.pace, speed, now_ms)
    return Condition(state, known, now_ms, _empties(condition, tried, now_ms))


def provider_ended(state: State, turn: Turn, tried: Tried | None, now_ms: int, jitter: float) -> State:
    """The same for the provider of the attempt."""
    meaning = "nothing" if tried is None else of_provider(tried.fault)
    if tried is None or meaning == "nothing":
        return breaker.left(state, turn)
    if meaning == "well":
        return breaker.succeeded(state, turn, now_ms, DEAD_TERMS)
    terms = REFUSAL_TERMS if _is_refusal_for_sure(tried.fault) else DEAD_TERMS
    return breaker.failed(state, turn, now_ms, terms, _blow(tried.fault, jitter))


def shown(condition: Condition, now_ms: int) -> ModelHealth:
    """As decisions see it: in steps, so that a snapshot changes rarely. Half open it is closed for whoever asks first."""
    state = condition.breaker
    steps = round(breaker.score(state, now_ms, MODEL_TERMS) * pace.score(condition.pace, now_ms) * _SCORE_STEPS)
    is_open = is_shut(state, now_ms)
    retry_at_ms = state.retry_at_ms if is_open else None
    return ModelHealth(steps / _SCORE_STEPS, is_open, retry_at_ms, slow=is_open and state.why == "slow")


def is_well(condition: Condition) -> bool:
    """Whether decisions see nothing wrong with it, now and as time passes; cheaper than looking closely."""
    return breaker.is_well(condition.breaker) and pace.is_as_usual(condition.pace)


def is_shut(state: State, now_ms: int) -> bool:
    """Whether nobody else is to be sent there now: it is open, or its trial is under way."""
    return breaker.phase(state, now_ms) == "open" or state.trying


def vitals(condition: Condition, now_ms: int) -> Vitals:
    """As operators see it."""
    known = pace.faded(condition.pace, now_ms)
    return replace(
        provider_vitals(condition.breaker, now_ms),
        ttft_ms=pace.ttft_ms(known),
        tokens_per_s=pace.tokens_per_s(known),
        heard_at_ms=condition.heard_at_ms,
    )


def provider_vitals(state: State, now_ms: int) -> Vitals:
    """The same for a provider, which has no pace of its own."""
    state = breaker.faded(state, now_ms, MODEL_TERMS)
    attempts = state.successes + state.failures
    return Vitals(
        phase=breaker.phase(state, now_ms),
        since_ms=state.since_ms or None,
        why=state.why,
        retry_at_ms=state.retry_at_ms,
        attempts=round(attempts, 2),
        success_share=round(state.successes / attempts, 3) if attempts >= 0.01 else 1.0,
    )


def _was_empty_before(condition: Condition, tried: Tried, now_ms: int) -> bool:
    """Whether an account that has counted for its empty answers lately got one more."""
    return _is_empty(tried) and any(
        account == tried.account and now_ms - at_ms < EMPTY_AGAIN_MS for account, at_ms in condition.empties
    )


def _empties(condition: Condition, tried: Tried, now_ms: int) -> tuple[tuple[str, int], ...]:
    if tried.account is None or not _is_empty(tried):
        return condition.empties
    others = [(account, at_ms) for account, at_ms in condition.empties if account != tried.account]
    return (*others, (tried.account, now_ms))[-EMPTY_ACCOUNTS_MAX:]


def _is_empty(tried: Tried) -> bool:
    return tried.fault is not None and tried.fault.kind == "empty"


def _is_refusal_for_sure(fault: Fault | None) -> bool:
    """A 403 that says no more may be about one prompt: a firewall before the provider may have read it, and some
    providers refuse requests so (https://docs.together.ai/docs/error-codes). Were one enough, whoever finds such a prompt could
    shut the provider for everybody."""
    if fault is None or fault.kind not in _REFUSES_US:
        return False
    return fault.kind == "our_credit" or fault.status != 403 or fault.provider_code is not None


def _blow(fault: Fault | None, jitter: float) -> Blow:
    return Blow("server_error", jitter) if fault is None else Blow(fault.kind, jitter, fault.retry_after_ms or 0)
