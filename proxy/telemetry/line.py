"""The log line of a finished call: a Call in, a flat JSON object out; ids, sizes, codes and durations, no text, no raw cost."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from proxy.domain.call import Attempt, Call, Mark
from proxy.domain.decision import Decision
from proxy.domain.journey import Ask
from proxy.domain.usage import Usage
from proxy.domain.verdict import Verdict

# Whoever wrote it, a word of these characters and this length is an id or a code.
_WORD: Final = re.compile(r"[A-Za-z0-9_.:/@+-]{1,128}")


def call_line(call: Call) -> dict[str, Any]:
    """What an operator needs to find and judge a call. What callers or providers name freely (names asked for, metadata,
    conversation, provider codes and request ids) is in the register alone."""
    return {
        "event": "call",
        "at_ms": call.at_ms,
        "call": call.id,
        "request": word(call.request_id),
        "kind": call.kind,
        "user": call.user_id,
        "app": call.app_id,
        "key": call.key_id,
        "status": call.status,
        "http_status": call.http_status,
        "code": word(call.code),
        "reason": word(call.reason),
        "assistant": call.assistant_id,
        "model": call.model_id,
        "provider": call.provider_id,
        "family": call.family,
        "stream": call.stream,
        "duration_ms": call.duration_ms,
        "ttft_ms": call.ttft_ms,
        "credits_milli": call.credits_milli,
        "absorbed_milli": call.absorbed_milli,
        "tokens": _tokens(call.usage),
        "catalog": call.catalog_revision,
        **_asked(call.ask),
        **_judged(call.verdict),
        **_decided(call.decision),
        "attempts": list(map(_tried, call.attempts)),
        "stages_us": _stages(call.timeline),
    }


def word(value: str | None) -> str | None:
    """The value if it can only be an id or a code, else `?`."""
    return value if value is None or _WORD.fullmatch(value) else "?"


def _tokens(usage: Usage | None) -> Mapping[str, int | str] | None:
    if usage is None:
        return None
    return {
        "input": usage.input,
        "cached_input": usage.cached_input,
        "cache_write": usage.cache_write,
        "output": usage.output,
        "reasoning": usage.reasoning,
        "images": usage.images,
        "source": usage.source,
    }


def _asked(ask: Ask | None) -> Mapping[str, Any]:
    if ask is None:
        return {}
    return {
        "plan": ask.plan_id,
        "names": len(ask.asked),
        "messages": ask.message_count,
        "text_bytes": ask.text_bytes,
        "images": ask.image_count,
        "tools": ask.tools,
    }


def _judged(verdict: Verdict | None) -> Mapping[str, Any]:
    if verdict is None:
        return {}
    return {"category": verdict.category, "risk": verdict.risk, "hazards": list(verdict.hazards)}


def _decided(decision: Decision | None) -> Mapping[str, Any]:
    if decision is None:
        return {}
    return {"action": decision.action, "candidates": len(decision.chain), "dropped": len(decision.dropped)}


def _tried(attempt: Attempt) -> Mapping[str, Any]:
    return {
        "model": attempt.model_id,
        "provider": attempt.provider_id,
        "fault": attempt.fault,
        "status": attempt.provider_status,
        "ms": attempt.ended_ms - attempt.started_ms,
    }


def _stages(timeline: Iterable[Mark]) -> Mapping[str, int]:
    durations: dict[str, int] = {}
    for mark in timeline:
        durations[mark.stage] = durations.get(mark.stage, 0) + mark.duration_us
    return durations
