"""A rule book made ready, and what its rules hint to the weights; weighs nothing itself."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.verdict import RuleBook
from proxy.stages.precheck.marks import Mark, RuleSet, find_marks, rule_set
from proxy.stages.precheck.reading import TURN_HEAD_CHARS, TURN_TAIL_CHARS, Message, turns, whole
from proxy.stages.precheck.wording import Wording

TASK: Final = ("category", "complexity")


class Marked(NamedTuple):
    """What rules said of each of the last turns, and of dangers; `wording` is that of the only message, if it is short."""

    asked: list[list[Mark]]
    dangers: list[Mark]
    wording: Wording | None


class Ready(NamedTuple):
    """The rules on what is asked, and those on what is dangerous about it: the latter are looked for in all that was said."""

    tasks: RuleSet
    dangers: RuleSet
    all: RuleSet


@lru_cache(maxsize=4)
def ready(book: RuleBook) -> Ready:
    """The book's rules by what they speak of; takes milliseconds the first time."""
    tasks = [rule for rule in book.rules if rule.says in TASK]
    dangers = [rule for rule in book.rules if rule.says not in TASK]
    return Ready(rule_set(tasks), rule_set(dangers), rule_set([*tasks, *dangers]))


def marks(messages: Sequence[Message], made: Ready) -> Marked:
    """What rules say of the task in each of the last turns, latest first, and of the danger in all that was said. One short
    message, as most are, is read once for both."""
    everything = whole(messages)
    wording = Wording(everything.text)
    if len(messages) == 1 and messages[0]["role"] == "user" and len(everything.text) <= TURN_HEAD_CHARS + TURN_TAIL_CHARS:
        found = find_marks(everything, wording, made.all)
        asked = [mark for mark in found if mark.rule.says in TASK]
        return Marked([asked], [mark for mark in found if mark.rule.says not in TASK], wording)
    asked_of = [find_marks(turn, Wording(turn.text), made.tasks) for turn in turns(messages)]
    return Marked(asked_of, find_marks(everything, wording, made.dangers), None)


def hints(spoken: Iterable[Mark]) -> list[str]:
    """The features that rules are to the weights."""
    return [f"r:{mark.rule.id}" for mark in spoken]


def hints_of(messages: Sequence[Message], book: RuleBook) -> tuple[list[str], list[str]]:
    """What rules hint of the last turn's task, and of the danger in all messages; for whoever makes weights."""
    found = marks(messages, ready(book))
    return hints(found.asked[0]) if found.asked else [], hints(found.dangers)
