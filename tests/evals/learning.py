"""Labelled feature lists in, a Table of weights out: what several orders of learning teach, in steps that a byte holds."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add
from typing import Final, NamedTuple

from proxy.domain.verdict import Table
from proxy.stages.precheck.weighing import NOTHING, dilution, table
from tests.evals.descent import Course

# The order in which samples are learned moves figures by half a point: what ships is the mean of several.
SEEDS: Final = range(5)
# What fewer texts than this have in common is chance.
FEATURE_TEXTS_MIN: Final = 3


class Sample(NamedTuple):
    """A text's features and its class. `hints` count in full however long the text is."""

    words: Sequence[str]
    hints: Sequence[str]
    label: int
    weight: float


class Recipe(NamedTuple):
    """How to learn: how often through all samples, how fast, and whether long texts are diluted. A weight of one is so many
    `steps`; a word that says no more than `quiet` of them for any class is left out."""

    epochs: int
    rate: float
    diluted: bool
    quiet: int = 1
    steps: int = 16


def learn(samples: Sequence[Sample], classes: tuple[str, ...], recipe: Recipe) -> Table:
    """The mean of what is learned in each of several shuffled, fixed orders."""
    counted = Counter(feature for sample in samples for feature in (*sample.words, *sample.hints))
    kept = [feature for feature, texts in counted.items() if texts >= FEATURE_TEXTS_MIN]
    course = _course(samples, {feature: index for index, feature in enumerate(kept)}, len(classes), recipe)
    with ThreadPoolExecutor() as threads:
        taught = threads.map(lambda seed: course.descend(_order(len(course), recipe.epochs, seed), recipe.rate), SEEDS)
        means = [total / len(SEEDS) for total in reduce(_added, taught)]
    starts = range(0, len(means), len(classes))
    rows = {kept[number]: _packed(means[at : at + len(classes)], recipe.steps) for number, at in enumerate(starts)}
    told = {feature: row for feature, row in rows.items() if any(abs(byte - NOTHING) > recipe.quiet for byte in row)}
    return table(classes, list(told), b"".join(told.values()), recipe.steps)


def _course(samples: Sequence[Sample], number: Mapping[str, int], classes: int, recipe: Recipe) -> Course:
    course = Course(len(number), classes)
    for sample in samples:
        words = [number[word] for word in sample.words if word in number]
        hints = [number[hint] for hint in sample.hints if hint in number]
        share = dilution(len(sample.words)) if recipe.diluted else 1.0
        course.add((words, hints), (share, 1.0), sample.label, sample.weight)
    return course


def _order(samples: int, epochs: int, seed: int) -> list[int]:
    """One pass after another, each shuffled anew."""
    rng, numbers, order = random.Random(seed), list(range(samples)), list[int]()
    for _ in range(epochs):
        rng.shuffle(numbers)
        order += numbers
    return order


def _added(ones: Iterable[float], others: Iterable[float]) -> list[float]:
    return list(map(add, ones, others))


def _packed(row: Sequence[float], steps: int) -> bytes:
    """A byte a class. What all classes share says nothing and is taken off first."""
    mean = sum(row) / len(row)
    return bytes(max(0, min(255, NOTHING + round((weight - mean) * steps))) for weight in row)
