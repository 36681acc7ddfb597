"""A number in, that many calls with everything a call can bring out, each as the pipeline hands it to the books twice: as it
begins and as it ended; asks no books."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from proxy.domain.account import Caller
from proxy.domain.call import Attempt, Call, Mark, Stage
from proxy.domain.decision import Candidate, Reason
from proxy.domain.ledger import HoldRequest, Settlement
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from proxy.domain.verdict import Span
from proxy.ids import RandomIds
from proxy.stages import hold
from proxy.stages.hold import under_ceilings
from tests import builders

HELD_MILLI: Final = 3_000
HELD_NANO: Final = 3_000_000
CHARGED_MILLI: Final = 700
COST_NANO: Final = 700_000
AMPLE: Final = 10**15
CALLS_PER_CONVERSATION: Final = 8
USERS_PER_APP: Final = 8
_MODELS: Final = ("p/small", "p/large", "q/small", "q/large")
_ASSISTANTS: Final = ("coder", "writer", "general")
_FAULTY_EVERY: Final = 20
_STAGES: Final[tuple[Stage, ...]] = ("intake", "precheck", "decision", "hold", "attempt", "first_byte", "settle")
_PLAN: Final = builders.plan(allowances=(Allowance("day", AMPLE), Allowance("month", AMPLE)), concurrency_max=1_000_000)
_CEILINGS: Final = tuple(Cap(scope, "day", AMPLE, "nano_usd") for scope in ("installation", "provider:p", "provider:q"))
_IDS: Final = RandomIds(b"bench")


@dataclass(frozen=True, slots=True)
class WholeCall:
    """A call before and after."""

    hold: HoldRequest
    settlement: Settlement


def whole_calls(callers: int, each: int, now_ms: int) -> list[list[WholeCall]]:
    """`each` calls for each of `callers`, fresh values all of them: the books can remember nothing of one for the next."""
    known = [_caller(number) for number in range(callers)]
    return [[_whole(caller, number, now_ms + number) for number in range(each)] for caller in known]


def _caller(number: int) -> Caller:
    """A user of an app's, with caps on key, user and app."""
    app_id, user_id, key_id = f"app{number // USERS_PER_APP:03d}", f"user{number:08d}", f"key{number:09d}"
    return builders.caller(
        key=builders.key(key_id, caps=(Cap(f"key:{key_id}", "month", AMPLE),)),
        user=builders.user(user_id, anchor_day=1 + number % 28, caps=(Cap(f"user:{user_id}", "month", AMPLE),)),
        app=builders.app(app_id, caps=(Cap(f"app:{app_id}", "month", AMPLE),)),
    )


def _number(caller: Caller) -> int:
    return int(caller.user.id.removeprefix("user"))


def _whole(caller: Caller, number: int, now_ms: int) -> WholeCall:
    model_id = _MODELS[(_number(caller) + number) % len(_MODELS)]
    began = _began(caller, number, now_ms, model_id)
    terms = under_ceilings(hold.terms(caller, _PLAN), _CEILINGS, model_id[0], caller.app)
    request = HoldRequest(
        hold_id=began.id,
        account_id=caller.user.id,
        family="open",
        amount_milli=HELD_MILLI,
        raw_nano_usd=HELD_NANO,
        terms=terms,
        scopes=tuple(limit.scope for limit in terms.concurrency),
        lease_ms=600_000,
        began=began,
    )
    return WholeCall(request, Settlement(began.id, CHARGED_MILLI, COST_NANO, _ended(began, number, model_id)))


def _began(caller: Caller, number: int, now_ms: int, model_id: str) -> Call:
    return builders.call(
        _IDS.call_id(now_ms),
        request_id=_IDS.request_id(),
        at_ms=now_ms,
        user_id=caller.user.id,
        app_id=caller.app.id if caller.app else None,
        key_id=caller.key.id,
        status="running",
        http_status=0,
        reason="best_score",
        asked=("auto",),
        stream=True,
        conversation_id=f"{caller.user.id}-{number // CALLS_PER_CONVERSATION}",
        assistant_id=_ASSISTANTS[number % len(_ASSISTANTS)],
        model_id=model_id,
        provider_id=model_id[0],
        duration_ms=2,
        ttft_ms=None,
        usage=None,
        credits_milli=0,
        raw_nano_usd=0,
        ask=builders.ask("auto", at_ms=now_ms, stream=True),
        verdict=builders.verdict(evidence=(Span("code-words", 0, 10, 18), Span("stack-trace", 0, 40, 90))),
        advice=builders.advice(_ASSISTANTS[number % len(_ASSISTANTS)]),
        standing=builders.standing(
            builders.window(window="day"), builders.window(spent=number), *(builders.cap() for _ in range(3))
        ),
        decision=builders.decision(*_chain(model_id), dropped=(builders.dropped("p/off"), builders.dropped("q/off"))),
        metadata={"feature": f"feature-{number % 6}", "team": f"team-{_number(caller) % 4}"},
    )


def _chain(model_id: str) -> Sequence[Candidate]:
    others = [other for other in _MODELS if other != model_id]
    return [
        builders.candidate(other, score=1.5, reason=Reason("best_score", {"quality": 70, "cost": 20, "latency": 10}))
        for other in (model_id, *others[:2])
    ]


def _ended(began: Call, number: int, model_id: str) -> Call:
    spot = {"model_id": model_id, "provider_id": model_id[0], "raw_nano_usd": COST_NANO, "credits_milli": CHARGED_MILLI}
    attempts: tuple[Attempt, ...] = (builders.attempt(**spot, started_ms=began.at_ms),)
    if number % _FAULTY_EVERY == 0:
        failed = builders.attempt(model_id="p/large", fault="reset", usage=None, raw_nano_usd=0, credits_milli=0, charged=False)
        attempts = (failed, replace(attempts[0], number=2))
    return replace(
        began,
        status="served",
        http_status=200,
        duration_ms=900 + number,
        ttft_ms=100 + number % 400,
        usage=builders.usage(input=300 + number, output=120),
        credits_milli=CHARGED_MILLI,
        raw_nano_usd=COST_NANO,
        attempts=attempts,
        timeline=tuple(Mark(stage, 1_000 * place, 900) for place, stage in enumerate(_STAGES)),
    )
