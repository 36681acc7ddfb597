"""A rule book made ready, and what its rules hint to the weights; weighs nothing itself."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.verdict import RuleBook
from proxy.stages.precheck import judging
from proxy.stages.precheck.marks import Mark, RuleSet, every, find_marks, rule_set
from proxy.stages.precheck.reading import TURN_ENDS, Message, Said, human_texts, is_read_once, turns, whole
from proxy.stages.precheck.wording import Wording

TASK: Final = ("category", "complexity")


class Marked(NamedTuple):
    """The last turns, what rules said of each of them, and of dangers; and what of each turn is weighed."""

    said: list[Said]
    asked: list[list[Mark]]
    dangers: list[Mark]
    windows: list[Wording]


class Ready(NamedTuple):
    """All rules, and the bits of those on what is asked, and of those on what is dangerous about it: the latter are looked for
    in all that was said."""

    rules: RuleSet
    tasks: int
    dangers: int


@lru_cache(maxsize=4)
def ready(book: RuleBook) -> Ready:
    """The book's rules by what they speak of; takes milliseconds the first time."""
    tasks = [rule for rule in book.rules if rule.says in TASK]
    dangers = [rule for rule in book.rules if rule.says not in TASK]
    return Ready(rule_set([*tasks, *dangers]), every(tasks), every(book.rules) ^ every(tasks))


def marks(messages: Sequence[Message], made: Ready) -> Marked:
    """What rules say of the task in each of the last turns, latest first, and of the danger in all that was said. Words are
    cut once where the same text is read for several purposes, as that of one short message is."""
    everything, heard = whole(messages), human_texts(messages)
    wording = Wording(everything.text)
    is_one = len(messages) == len(heard) == 1 and bool(everything.text)
    if is_one and is_read_once(everything):
        asked: list[Mark] = []
        dangers: list[Mark] = []
        for mark in find_marks(everything, wording, made.rules, made.tasks | made.dangers):
            (asked if mark.rule.says in TASK else dangers).append(mark)
        return Marked(heard, [asked], dangers, [wording])
    spoken, windows = [], []
    for said, turn in zip(heard, turns(heard), strict=True):
        window = _window(said, wording if is_one else None)
        same = window if window.is_of(turn.text) else window.ends(*TURN_ENDS)
        spoken.append(find_marks(turn, same, made.rules, made.tasks))
        windows.append(window)
    return Marked(heard, spoken, find_marks(everything, wording, made.rules, made.dangers), windows)


def _window(said: Said, whole: Wording | None) -> Wording:
    """What is weighed of a turn; `whole` is the wording of all that is read of it, if that is at hand."""
    if whole is None:
        return judging.window(said.text)
    ends = judging.ends_of(len(said.text))
    return whole if ends is None else whole.ends(*ends)


def hints(spoken: Iterable[Mark]) -> list[str]:
    """The features that rules are to the weights."""
    return [f"r:{mark.rule.id}" for mark in spoken]


def hints_of(messages: Sequence[Message], book: RuleBook) -> tuple[list[str], list[str]]:
    """What rules hint of the last turn's task, and of the danger in all messages; for whoever makes weights."""
    found = marks(messages, ready(book))
    return hints(found.asked[0]) if found.asked else [], hints(found.dangers)
