"""Labelled feature lists in, a Table of weights out: multinomial logistic regression in plain Python; opens no file."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from operator import add
from typing import Final, NamedTuple

from proxy.domain.verdict import Table
from proxy.stages.precheck.weighing import NOTHING, dilution, table

# The order in which samples are learned moves figures by half a point: what ships is the mean of several.
SEEDS: Final = range(5)
# What fewer texts than this have in common is chance.
FEATURE_TEXTS_MIN: Final = 3
# Texts this surely right teach nothing more.
LEARNED: Final = 0.96


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


class _Coded(NamedTuple):
    words: list[int]
    hints: list[int]
    share: float
    label: int
    weight: float


def learn(samples: Sequence[Sample], classes: tuple[str, ...], recipe: Recipe) -> Table:
    """The mean of what is learned in each of several shuffled, fixed orders."""
    counted = Counter(feature for sample in samples for feature in (*sample.words, *sample.hints))
    kept = [feature for feature, texts in counted.items() if texts >= FEATURE_TEXTS_MIN]
    number = {feature: index for index, feature in enumerate(kept)}
    coded = [_coded(sample, number, recipe) for sample in samples]
    sums = [[0.0] * len(classes) for _ in kept]
    for seed in SEEDS:
        learned = _learned(coded, len(kept), len(classes), recipe, seed)
        sums = [list(map(add, *rows)) for rows in zip(sums, learned, strict=True)]
    rows = {
        feature: _packed([total / len(SEEDS) for total in row], recipe.steps) for feature, row in zip(kept, sums, strict=True)
    }
    told = {feature: row for feature, row in rows.items() if any(abs(byte - NOTHING) > recipe.quiet for byte in row)}
    return table(classes, list(told), b"".join(told.values()), recipe.steps)


def _coded(sample: Sample, number: dict[str, int], recipe: Recipe) -> _Coded:
    words = [number[word] for word in sample.words if word in number]
    hints = [number[hint] for hint in sample.hints if hint in number]
    share = dilution(len(sample.words)) if recipe.diluted else 1.0
    return _Coded(words, hints, share, sample.label, sample.weight)


def _learned(coded: Sequence[_Coded], features: int, classes: int, recipe: Recipe, seed: int) -> list[list[float]]:
    """One pass after another over the samples in one order; steps shrink with what a feature has seen."""
    weights = [[0.0] * classes for _ in range(features)]
    seen = [1.0] * features
    order, rng = list(coded), random.Random(seed)
    for _ in range(recipe.epochs):
        rng.shuffle(order)
        for sample in order:
            _step(sample, weights, seen, recipe.rate)
    return weights


def _step(sample: _Coded, weights: list[list[float]], seen: list[float], rate: float) -> None:
    errors = _errors(sample, weights)
    if errors is None:
        return
    surprise = sum(error * error for error in errors)
    for features, share in ((sample.words, sample.share), (sample.hints, 1.0)):
        for feature in features:
            seen[feature] += surprise * share * share
            step = rate * sample.weight * share / math.sqrt(seen[feature])
            weights[feature] = [weight - step * error for weight, error in zip(weights[feature], errors, strict=True)]


def _errors(sample: _Coded, weights: list[list[float]]) -> list[float] | None:
    """What is too likely (and, below zero, too unlikely); None when the sample is learned."""
    scores = [0.0] * len(weights[0])
    for features, share in ((sample.words, sample.share), (sample.hints, 1.0)):
        if features:
            sums = map(sum, zip(*[weights[feature] for feature in features], strict=True))
            scores = [score + share * total for score, total in zip(scores, sums, strict=True)]
    top = max(scores)
    odds = [math.exp(score - top) for score in scores]
    total = sum(odds)
    errors = [odd / total for odd in odds]
    if errors[sample.label] > LEARNED:
        return None
    errors[sample.label] -= 1
    return errors


def _packed(row: Sequence[float], steps: int) -> bytes:
    """A byte a class. What all classes share says nothing and is taken off first."""
    mean = sum(row) / len(row)
    return bytes(max(0, min(255, NOTHING + round((weight - mean) * steps))) for weight in row)
