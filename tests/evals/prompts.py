"""A seed in, labelled prompts of our own out: what every category, hazard and look-alike can sound like; copies nobody's."""

import random
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
)
# How many of the tasks stand for those of ordinary difficulty.
STANDARD_SHARE: Final = 0.1


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


def own() -> list[Example]:
    """All prompts of our own, tasks first."""
    rng = random.Random(SEED)
    grammar = Grammar(FOLDER, FILES)
    made = [_example(part, text, rng) for part in grammar.parts for text in grammar.prompts(part, rng)]
    by_text = {example.text: example for example in made}
    return [example._replace(id=f"own-{number}") for number, example in enumerate(by_text.values())]


def _example(part: Part, text: str, rng: random.Random) -> Example:
    if "risk" not in part.keys:
        complexity = part.keys.get("complexity")
        ordinary = "standard" if rng.random() < STANDARD_SHARE else None
        return Example("", "own", text, None if complexity else part.name, complexity or ordinary, "safe")
    hazard = None if part.name == "none" else part.name
    return Example("", "own", text, risk=part.keys["risk"], hazard=hazard, lookalike="look" in part.keys)
