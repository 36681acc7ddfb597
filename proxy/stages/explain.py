"""A Decision, or the record of a call, in; the same in plain words for its user out; never shows a raw cost or a multiplier."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from proxy.domain.call import Attempt, Call
from proxy.domain.decision import Decision, DropCode, Dropped, KeepCode, Reason
from proxy.domain.money import credits_text
from proxy.domain.sentences import OF_ERRORS, OF_FAULTS, OF_REMARKS, OF_SECOND_WORDS
from proxy.domain.verdict import Advice, SecondWord

# One sentence for all that the caller cannot see, as in the 404: a sentence that differed would say what exists.
_NOT_OPEN: Final = "No model of this name is open to you."
_HIDDEN: Final[frozenset[str]] = frozenset({"unknown", "inactive", "unpriced"})

SENTENCES: Final[Mapping[DropCode | KeepCode, str]] = {
    "unknown": _NOT_OPEN,
    "inactive": _NOT_OPEN,
    "unpriced": _NOT_OPEN,
    "not_in_plan": "Your plan does not include it.",
    "not_in_key_scope": "This key may not call it.",
    "vetoed": "The request ruled it out.",
    "risk_not_allowed": "It is not approved for what this request may contain.",
    "modality": "It does not take every kind of content in this request.",
    "tools_unsupported": "It does not call tools.",
    "output_format_unsupported": "It does not answer in the format asked for.",
    "parameter_unsupported": "It cannot be asked for all that the request asks for.",
    "context_too_small": "Prompt and answer do not fit into its context window.",
    "max_output_too_small": "It does not write answers as long as the one asked for.",
    "over_plan_context": "The prompt is longer than your plan allows.",
    "provider_down": "Its provider does not serve us at the moment.",
    "cooling_down": "It failed too often or was far too slow just now and is given a rest.",
    "over_max_credits": "The call could cost more than the max_credits of the request.",
    "unaffordable": "The call could cost more credits than are left.",
    "named": "You asked for it by name.",
    "ordered": "The list that it stands in is tried in its own order.",
    "best_score": "It scores best for this task of the models that may answer.",
    "ranked": "It may answer, and others score better for this task.",
    "sticky": "It has answered this conversation before.",
    "switched": "The model that called the tools of this exchange may not answer now, so another goes on.",
    "cramped": "The prompt leaves it less room for the answer than usual, so models with more room go first.",
    "stepped_down": "Credits run low, so cheaper models go first.",
    "spared": "It is far slower than usual just now, so it only stands by for others.",
}
_TABLES: Final[tuple[Mapping[Any, str], ...]] = (SENTENCES, OF_ERRORS, OF_REMARKS, OF_SECOND_WORDS)
_ALL: Final[Mapping[str, str]] = {code: said for table in _TABLES for code, said in table.items()}


def said_of(code: str | None) -> str | None:
    """The plain sentence of any code that a call's record, header or answer may give as its reason; None for no code, and for
    one that a later release wrote."""
    return None if code is None else _ALL.get(code)


_ADVICE: Final[Mapping[str, str]] = {
    "asked": "You asked for it by name.",
    "recommended": "It is meant for this kind of task.",
    "continued": "It has answered this conversation before.",
    "default": "No other is meant for this kind of task.",
    "none": "The model was named, so no assistant handles it.",
}


def said_of_word(word: SecondWord) -> str:
    """One plain sentence about what a second look at the prompt came to."""
    said = OF_SECOND_WORDS[f"second_{word.said}"]
    return f"{said[:-1]} ({', '.join(word.categories)})." if word.categories else said


def sentence(reason: Reason) -> str:
    """One plain sentence about the model that the reason stands beside, with its numbers if it has any."""
    said = _said(reason)
    numbers = _numbers(reason.detail)
    return f"{said[:-1]} ({numbers})." if numbers else said


def why_assistant(advice: Advice) -> str:
    """One plain sentence about the assistant that handles a call."""
    return _ADVICE[advice.reason]


def why(decision: Decision, model_id: str | None = None) -> tuple[str, ...]:
    """Two or three sentences: why `model_id` answers (None: the first of the chain), or why nobody does."""
    if not decision.chain:
        return () if decision.refusal is None else (decision.refusal.message,)
    kept = next((candidate for candidate in decision.chain if candidate.model_id == model_id), decision.chain[0])
    said = [sentence(kept.reason)]
    if "left" in kept.reason.detail:
        said.append(f"The task changed from {kept.reason.detail['left']} to {kept.reason.detail['family']}.")
    if kept is not decision.chain[0]:
        said.append(f"{decision.chain[0].model_id} was to answer, but did not.")
    if decision.shortened:
        said.append(f"Credits run low, so the answer may have {kept.output_tokens_max} tokens at most.")
    return tuple(said)


def explain(decision: Decision) -> dict[str, object]:
    """The decision as JSON: `model` is tried first (None when refused), `then` stand by, `rejected` may not answer.
    `second_look` stands there if one was taken in time, `learned` if ranking had a table of learned quality."""
    first = decision.chain[0] if decision.chain else None
    heard = {} if decision.second is None else {"second_look": said_of_word(decision.second)}
    learned = {} if decision.learned_revision is None else {"learned": decision.learned_revision}
    return {
        "model": first.model_id if first is not None else None,
        "assistant": decision.assistant_id,
        "mode": decision.mode,
        "action": decision.action,
        "why": list(why(decision)),
        "then": [candidate.model_id for candidate in decision.chain[1:]],
        "rejected": [_rejected(dropped) for dropped in decision.dropped],
        **heard,
        **learned,
    }


def outcome(attempt: Attempt, call: Call) -> str:
    """One plain sentence about what a try of a call came to."""
    # Who speaks to nobody is closed, which some rows call a reset.
    if call.status == "left" and attempt.fault in (None, "reset") and attempt is call.attempts[-1]:
        return "It had not finished when its caller left."
    return "It answered." if attempt.fault is None else OF_FAULTS[attempt.fault]


def retold(call: Call) -> Iterator[str]:
    """A call that was decided, line by line: what came of it, why, how it was decided, and each try."""
    refunded = f", {credits_text(call.refunded_milli)} of them refunded" if call.refunded_milli else ""
    yield f"{call.id}: {call.status}, {call.model_id or call.code}, {credits_text(call.credits_milli)} credits{refunded}"
    if call.reason is not None:
        yield f"{call.reason}: {said_of(call.reason) or 'a later release says why.'}"
    if call.decision is not None:
        yield from lines(call.decision)
    for attempt in call.attempts:
        yield f"  attempt {attempt.number}: {attempt.model_id} {outcome(attempt, call)}"


def lines(decision: Decision) -> Iterator[str]:
    """What `explain` says, a line for each; what is none is left out."""
    for name, value in explain(decision).items():
        for part in value if isinstance(value, list) else [value] if value is not None else []:
            yield f"  {name}: {' '.join(map(str, part.values())) if isinstance(part, dict) else part}"


def _said(reason: Reason) -> str:
    if "kind" in reason.detail:
        return f"It is a model of kind {reason.detail['kind']}."
    if "by" in reason.detail:
        return f"The list of models of this {reason.detail['by']} rules it out."
    if reason.code == "best_score" and "mode" in reason.detail:
        return f"It scores best in mode {reason.detail['mode']} for this task, of the models that may answer."
    return SENTENCES[reason.code]


def _rejected(dropped: Dropped) -> dict[str, str]:
    code = "unknown" if dropped.reason.code in _HIDDEN else dropped.reason.code
    return {"model": dropped.model_id, "code": code, "why": sentence(dropped.reason)}


def _numbers(detail: Mapping[str, int | str]) -> str:
    if "parameter" in detail:
        return f"see `{detail['parameter']}`"
    if "asked" in detail:
        return f"{detail['asked']} tokens, at most {detail['limit']}"
    if "asked_milli_credits" in detail:
        asked, limit = int(detail["asked_milli_credits"]), int(detail["limit_milli_credits"])
        return f"{credits_text(asked)} credits, at most {credits_text(limit)}"
    return ""
