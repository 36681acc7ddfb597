"""A seed in, labelled prompts of our own out: what every category, hazard and look-alike can sound like; copies nobody's."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from tests.evals.templates import FOLDER, Grammar, Part

SEED: Final = 20_261_121
FILES: Final = (
    "tasks_en.txt",
    "tasks_many.txt",
    "tasks_more.txt",
    "complexity.txt",
    "harm_en.txt",
    "harm_more.txt",
    "harm_many.txt",
    "look_en.txt",
    "look_more.txt",
    "attack.txt",
    "attack_more.txt",
    "look_people.txt",
    "harm_wide.txt",
    "harm_far.txt",
    "look_wide.txt",
    "harm_deep.txt",
    "look_deep.txt",
    "everyday.txt",
    "tasks_given.txt",
    "attack_long.txt",
    "look_house.txt",
    "complexity_wide.txt",
    "harm_lab.txt",
    "look_lab.txt",
    "tasks_wide.txt",
    "repeated.txt",
)
# What was written later is drawn apart, so that all prompts before it, and the weights that learn from none of these, stay.
LATER: Final = (
    "harm_arms.txt",
    "look_arms.txt",
    "harm_plain.txt",
    "look_plain.txt",
)
# How many of the tasks stand for those of ordinary difficulty.
STANDARD_SHARE: Final = 0.01
# How many harmless tasks also stand for their own pieces, of few words each: no word of a plain request is dangerous alone.
PIECE_SHARE: Final = 0.35
PIECE_WORDS_MAX: Final = 6
# How many of those also stand for the same said again and again, and how often it may be said.
ECHO_SHARE: Final = 0.06
ECHO_TIMES_MAX: Final = 300
ECHO_GLUES: Final = (" ", " ", "\n", ", ", ". ")


class Example(NamedTuple):
    """A prompt and what its author says it is; None where nobody said."""

    id: str
    source: str
    text: str
    category: str | None = None
    complexity: str | None = None
    risk: str | None = None
    hazard: str | None = None
    lookalike: bool = False
    # It says how hard a question is and nothing else: it is not judged, and what it is about was not looked at.
    graded_only: bool = False


def own() -> list[Example]:
    """All prompts of our own, tasks first."""
    rng = random.Random(SEED)
    made = list(_made(FILES, rng))
    pieces = [_piece(example.text, rng) for example in made if example.category and rng.random() < PIECE_SHARE]
    pieces += [_echo(text, rng) for text in pieces if rng.random() < ECHO_SHARE]
    made += [Example("", "own", text, risk="safe") for text in pieces]
    made += _made(LATER, random.Random(SEED))
    by_text = {example.text: example for example in reversed(made)}
    return [example._replace(id=f"own-{number}") for number, example in enumerate(by_text.values())]


def _made(files: Sequence[str], rng: random.Random) -> Iterator[Example]:
    grammar = Grammar(FOLDER, files)
    return (_example(part, text, rng) for part in grammar.parts for text in _said(part, grammar.prompts(part, rng), rng))


def _example(part: Part, text: str, rng: random.Random) -> Example:
    if "risk" not in part.keys:
        ordinary = "standard" if rng.random() < STANDARD_SHARE else None
        if complexity := part.keys.get("complexity"):
            return Example("", "own", text, None, complexity, "safe", graded_only="only" in part.keys)
        return Example("", "own", text, part.name, ordinary, "safe")
    hazard = None if part.name == "none" else part.name
    return Example("", "own", text, risk=part.keys["risk"], hazard=hazard, lookalike="look" in part.keys)


def _said(part: Part, texts: Iterable[str], rng: random.Random) -> Iterator[str]:
    """The texts of a part; of one that is said many times, each over and over."""
    return (_echo(text, rng) if "many" in part.keys else text for text in texts)


def _echo(text: str, rng: random.Random) -> str:
    return rng.choice(ECHO_GLUES).join([text] * rng.randint(2, ECHO_TIMES_MAX))


def _piece(text: str, rng: random.Random) -> str:
    """A few neighbouring words of a text, most often its first; letters, where it is written without spaces."""
    words = text.split()
    glue = " " if len(words) > 3 else ""
    units = words if glue else list(text)
    count = rng.randint(1, PIECE_WORDS_MAX)
    start = 0 if rng.random() < 0.5 else rng.randrange(max(1, len(units) - count))
    return glue.join(units[start : start + count]).strip(" ,.:;").rstrip("?!")
