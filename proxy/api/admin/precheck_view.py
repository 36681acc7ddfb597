"""What precheck found in one call as JSON, and what a second look came to; codes and offsets, never text."""

from proxy.api.schemas import Told
from proxy.domain.verdict import Risk, SecondWord, Span, Verdict
from proxy.stages.explain import said_of_word


class SpanView(Told):
    """Where a rule spoke: offsets, never text."""

    rule: str
    message: int
    start: int
    end: int


class SecondLookView(Told):
    """What a moderation model said of the prompt; `call` is our call of it, `in_time` whether the decision knew of it."""

    model: str
    said: str
    categories: tuple[str, ...]
    call: str | None
    in_time: bool
    why: str


class PrecheckView(Told):
    category: str
    family: str
    complexity: str
    risk: Risk
    hazards: tuple[str, ...]
    confidence: float
    language: str | None
    recommended_assistant: str | None
    rules_revision: str
    evidence: list[SpanView]
    second_look: SecondLookView | None


def precheck_view(verdict: Verdict | None) -> PrecheckView | None:
    """A verdict as staff may see it."""
    if verdict is None:
        return None
    return PrecheckView(
        category=verdict.category,
        family=verdict.family,
        complexity=verdict.complexity,
        risk=verdict.risk,
        hazards=verdict.hazards,
        confidence=verdict.confidence,
        language=verdict.language,
        recommended_assistant=verdict.recommended_assistant,
        rules_revision=verdict.rules_revision,
        evidence=[_span(span) for span in verdict.evidence],
        second_look=None if verdict.second is None else _second_look(verdict.second),
    )


def _second_look(word: SecondWord) -> SecondLookView:
    return SecondLookView(
        model=word.model_id,
        said=word.said,
        categories=word.categories,
        call=word.call_id,
        in_time=word.in_time,
        why=said_of_word(word),
    )


def _span(span: Span) -> SpanView:
    return SpanView(rule=span.rule, message=span.message, start=span.start, end=span.end)
