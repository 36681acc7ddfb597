"""From a checked request and the rules to a Verdict; it reads text and gives back codes and offsets, never the text.

Offsets count in a message's text: its content, or its text parts joined by line breaks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.request import Request
from proxy.domain.verdict import Complexity, Risk, RuleBook, Span, Verdict, Weights
from proxy.stages.precheck import judging
from proxy.stages.precheck.features import task_signs
from proxy.stages.precheck.hinting import TASK, hints, marks, ready
from proxy.stages.precheck.language import language
from proxy.stages.precheck.marks import Mark
from proxy.stages.precheck.reading import WHOLE_CHARS_MAX, Message, Said, tool_texts
from proxy.stages.precheck.validators import VALIDATORS
from proxy.stages.precheck.weighing import Weighed
from proxy.stages.precheck.wording import Wording, lowered

__all__ = ["check", "hazard_scores", "judge", "mistakes", "prepare", "reasons"]

DEFAULT_CATEGORY: Final = "qa"
DEFAULT_FAMILY: Final = "general"
UNSURE: Final = 0.2
# Marks of one hazard add up; below this they are a coincidence of words.
HAZARD_WEIGHT_MIN: Final = 1.0
COMPLEXITY_WEIGHT_MIN: Final = 1.0
# What an earlier turn still says about the last one.
TURN_FACTORS: Final = (1.0, 0.5, 0.25)
SPANS_MAX: Final = 16
# A turn this short may lean on the one before, if that one is surer than usual: "and now shorter".
ELLIPTIC_CHARS: Final = 60
ELLIPTIC_CONFIDENCE: Final = 0.35
ELDER_CONFIDENCE: Final = 0.6
_RISKS: Final[Mapping[Risk, int]] = {"safe": 0, "sensitive": 1, "disallowed": 2}
# What the weights see, and where.
Harms = Sequence[tuple[judging.Harm, Span]]


class _Task(NamedTuple):
    category: str
    family: str
    confidence: float


class Turn:
    """What a human said last or before, the rules that spoke about it, its words, and what its features say, worked out once
    where needed."""

    __slots__ = ("_task", "marks", "said", "window")

    def __init__(self, said: Said, marks: Sequence[Mark], window: Wording) -> None:
        self.said, self.marks, self.window = said, marks, window
        self._task: judging.Task | None = None

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing; a long text is not copied to learn that."""
        return not self.said.text or self.said.text.isspace()

    @property
    def task(self) -> judging.Task:
        if self._task is None:
            self._task = judging.Task({*task_signs(self.window), *hints(self.marks)})
        return self._task


def check(request: Request, book: RuleBook) -> Verdict:
    """What the rules and weights find in a request. The book must be without `mistakes`."""
    return judge(request.messages, book) if _looks(book) else _unjudged(book)


def judge(messages: Sequence[Message], book: RuleBook) -> Verdict:
    """The verdict on a conversation.

    Category and complexity come from the last human turn and up to two before it, risk from head and tail of every text:
    the worst of the hazards found. Weights look at what people and tools said, not at the operator's own words.
    """
    said, asked, dangers, windows = marks(messages, ready(book))
    turns = list(map(Turn, said, asked, windows))
    harms = _harms([*zip(said, windows, strict=True), *_brought(messages)], dangers, book.weights)
    decided = [_deciding(spoken, book) for spoken in asked]
    task = _task(decided, book) or _weighed(turns, book)
    found = _hazards(_deciding(dangers, book))
    risk, hazards = _worst(found, harms, book)
    return Verdict(
        category=task.category,
        family=task.family,
        complexity=_complexity(turns, decided, book),
        risk=risk,
        hazards=hazards,
        confidence=round(task.confidence, 3),
        evidence=_evidence(found, harms, asked, task.category),
        recommended_assistant=book.assistants.get(task.family),
        rules_revision=book.revision,
        language=language(turns[0].window) if turns and _looks(book) else None,
    )


def reasons(messages: Sequence[Message], book: RuleBook) -> list[tuple[str, str, float]]:
    """The loudest words and hints about the last turn, for people: what each spoke for, itself, its weight."""
    said, asked, dangers, _ = marks(messages, ready(book))
    if book.weights is None or not said:
        return []
    window = judging.window(said[0].text)
    return judging.reasons(window, hints(asked[0]), hints(dangers), book.weights)


def hazard_scores(messages: Sequence[Message], book: RuleBook) -> Mapping[str, float]:
    """How likely each hazard is (0 to 1), for those that rules or weights can tell."""
    heard, _, dangers, _ = marks(messages, ready(book))
    found: dict[str, float] = dict.fromkeys(book.risks, 0.0)
    if book.weights is not None:
        for said in heard:
            likely = judging.likely(judging.window(said.text), hints(dangers), book.weights)
            found |= {hazard: max(found.get(hazard, 0.0), score) for hazard, score in likely.items()}
    return found | dict.fromkeys(_hazards(_deciding(dangers, book)), 1.0)


def prepare(book: RuleBook) -> None:
    """Makes a rule book ready, which takes milliseconds; without it the first `check` does."""
    ready(book)


def mistakes(book: RuleBook) -> tuple[str, ...]:
    """What is wrong with a rule book, one sentence each; for whoever loads it."""
    found = []
    for rule in book.rules:
        if rule.validator is not None and rule.validator not in VALIDATORS:
            found.append(f"rule {rule.id}: there is no validator {rule.validator}")
        if rule.says == "category" and rule.value not in book.families:
            found.append(f"rule {rule.id}: category {rule.value} has no family")
        if rule.says == "complexity" and rule.value not in ("simple", "standard", "hard"):
            found.append(f"rule {rule.id}: there is no complexity {rule.value}")
        if rule.says not in TASK and rule.value not in book.risks:
            found.append(f"rule {rule.id}: hazard {rule.value} has no risk")
    return tuple(found)


def _looks(book: RuleBook) -> bool:
    return bool(book.rules) or book.weights is not None


@lru_cache(maxsize=4)
def _unjudged(book: RuleBook) -> Verdict:
    """The verdict of a book that looks for nothing, which is the same on any text."""
    return judge((), book)


def _deciding(spoken: Sequence[Mark], book: RuleBook) -> Sequence[Mark]:
    """The marks that speak for themselves; hints do where there are no weights to speak to."""
    if not spoken or book.weights is None:
        return spoken
    return [mark for mark in spoken if not mark.rule.hint]


def _task(asked: Sequence[Sequence[Mark]], book: RuleBook) -> _Task | None:
    """The heaviest category, if it leads every other family by the margin: categories of one family are routed alike."""
    if not any(asked):
        return None
    scores = _scores("category", asked)
    ranked = sorted(scores, key=lambda category: (-scores[category], category))
    if ranked:
        best = ranked[0]
        family = book.families.get(best, DEFAULT_FAMILY)
        rival = max((scores[other] for other in ranked if book.families.get(other) != family), default=0.0)
        if scores[best] - rival >= book.category_margin:
            return _Task(best, family, scores[best] / (scores[best] + rival + 1))
    return None


def _weighed(turns: Sequence[Turn], book: RuleBook) -> _Task:
    """What the weights say of the last turn; a turn that says little by itself takes over what the turn before was about,
    and where they are not sure, hints speak for themselves."""
    unsure = _Task(DEFAULT_CATEGORY, book.families.get(DEFAULT_CATEGORY, DEFAULT_FAMILY), UNSURE)
    if book.weights is None:
        return unsure
    least = book.weights.thresholds["category"]
    sure = max(least, ELLIPTIC_CONFIDENCE)
    found: list[Weighed] = []
    for turn in turns:
        found.append(judging.category(turn.task, book.weights))
        if found[-1].confidence >= sure and not turn.is_blank:
            return _named(found[-1], book)
        if len(turn.said.text) > ELLIPTIC_CHARS:
            break
        sure = max(sure, ELDER_CONFIDENCE)
    if task := _task([turn.marks for turn in turns], book):
        return task
    guessed = bool(found) and found[0].confidence >= least and not turns[0].is_blank
    return _named(found[0], book) if guessed else unsure


def _named(found: Weighed, book: RuleBook) -> _Task:
    return _Task(found.name, book.families.get(found.name, DEFAULT_FAMILY), found.confidence)


def _brought(messages: Sequence[Message]) -> Sequence[tuple[Said, Wording]]:
    brought = tool_texts(messages)
    return [(said, judging.window(said.text)) for said in brought] if brought else ()


def _harms(heard: Sequence[tuple[Said, Wording]], marks: Sequence[Mark], weights: Weights | None) -> Harms:
    """What the weights see in the last turns and in what tools brought; of the latter only attacks count."""
    if weights is None:
        return []
    found = []
    for said, window in heard:
        hinted = hints([mark for mark in marks if mark.span.message == said.message]) if marks else []
        harm = judging.harm(window, hinted, weights)
        if harm is not None and (said.is_human or harm.hazard in judging.ATTACKS):
            start = max(0, lowered(said.text)[0].find(harm.word)) if len(said.text) <= WHOLE_CHARS_MAX else 0
            found.append((harm, Span("weights", said.message, start, start + len(harm.word))))
    return found


def _scores(says: str, asked: Sequence[Sequence[Mark]]) -> Mapping[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for factor, spoken in zip(TURN_FACTORS, asked, strict=False):
        for mark in spoken:
            if mark.rule.says == says:
                scores[mark.rule.value] += factor * mark.rule.weight
    return scores


def _complexity(turns: Sequence[Turn], decided: Sequence[Sequence[Mark]], book: RuleBook) -> Complexity:
    if any(decided):
        scores = _scores("complexity", decided)
        lean = scores.get("hard", 0.0) - scores.get("simple", 0.0)
        if abs(lean) >= COMPLEXITY_WEIGHT_MIN:
            return "hard" if lean > 0 else "simple"
    if book.weights is None or not turns:
        return "standard"
    return judging.complexity(turns[0].task, book.weights)


def _hazards(spoken: Sequence[Mark]) -> Mapping[str, list[Mark]]:
    if not spoken:
        return {}
    by_hazard: dict[str, list[Mark]] = defaultdict(list)
    for mark in spoken:
        by_hazard[mark.rule.value].append(mark)
    return {
        hazard: found for hazard, found in by_hazard.items() if sum(mark.rule.weight for mark in found) >= HAZARD_WEIGHT_MIN
    }


def _worst(found: Mapping[str, Sequence[Mark]], harms: Harms, book: RuleBook) -> tuple[Risk, tuple[str, ...]]:
    """The highest of all risks, and all hazards."""
    if not found and not harms:
        return "safe", ()
    risks = [book.risks.get(hazard, "sensitive") for hazard in found] + [harm.risk for harm, _ in harms]
    return max(risks, key=_RISKS.__getitem__), tuple(sorted({*found, *[harm.hazard for harm, _ in harms]}))


def _evidence(
    found: Mapping[str, Sequence[Mark]], harms: Harms, asked: Sequence[Sequence[Mark]], category: str
) -> tuple[Span, ...]:
    """Hazards first: where not all fits, what a reviewer must see is kept."""
    if not found and not harms and not any(asked):
        return ()
    dangers = [mark.span for hazard in sorted(found) for mark in found[hazard]]
    tasks = [mark.span for spoken in asked for mark in spoken if mark.rule.value == category]
    return tuple([*dangers, *[span for _, span in harms], *tasks][:SPANS_MAX])
