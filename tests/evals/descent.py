"""Samples as numbers in, the weights they teach in one order out; `descent.c` does the sums, on as many threads as call."""

import ctypes
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Final

from tests.compiling import ROOT, compiled

# Texts this surely right teach nothing more.
LEARNED: Final = 0.96
CLASSES_MAX: Final = 64


class _Layout(ctypes.Structure):
    _fields_ = (
        ("classes", ctypes.c_int32),
        ("bounds", ctypes.c_void_p),
        ("features", ctypes.c_void_p),
        ("shares", ctypes.c_void_p),
        ("labels", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
    )


class Course:
    """What there is to learn of how many features and classes. A sample has two parts, which count by their shares."""

    def __init__(self, features: int, classes: int) -> None:
        """Raises ValueError for more classes than the loop has room for."""
        if classes > CLASSES_MAX:
            raise ValueError(f"at most {CLASSES_MAX} classes can be learned at once")
        self._sizes, self._loop = (features, classes), _library().descend
        self._bounds, self._features, self._shares = array("q", [0]), array("i"), array("d")
        self._labels, self._weights = array("i"), array("d")

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, parts: tuple[Sequence[int], Sequence[int]], shares: tuple[float, float], label: int, weight: float) -> None:
        for part in parts:
            self._features.extend(part)
            self._bounds.append(len(self._features))
        self._shares.extend(shares)
        self._labels.append(label)
        self._weights.append(weight)

    def descend(self, order: Sequence[int], rate: float) -> Sequence[float]:
        """The weights after these samples, one after the other: of each feature one of each class."""
        features, classes = self._sizes
        table, seen, steps = array("d", [0.0]) * (features * classes), array("d", [1.0]) * features, array("i", order)
        inside: tuple[array[int] | array[float], ...] = self._bounds, self._features, self._shares, self._labels, self._weights
        layout = _Layout(classes, *map(_address, inside))
        self._loop(ctypes.byref(layout), _address(steps), len(steps), rate, LEARNED, _address(table), _address(seen))
        return table


def _address(numbers: "array[int] | array[float]") -> ctypes.c_void_p:
    return ctypes.c_void_p(numbers.buffer_info()[0])


@cache
def _library() -> ctypes.CDLL:
    source = ROOT / "tests" / "evals" / "descent.c"
    library = ctypes.CDLL(str(compiled(source, ROOT / "build" / "evals", "-shared", "-fPIC", "-ffp-contract=off")))
    pointer, real = ctypes.c_void_p, ctypes.c_double
    library.descend.argtypes = (pointer, pointer, ctypes.c_int64, real, real, pointer, pointer)
    library.descend.restype = None
    return library
