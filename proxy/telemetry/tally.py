"""What the workers of one machine counted, each in a file of its own: numbers in, the sum of all of them out; adds up, counts
nothing, and knows no page."""

from collections.abc import Iterable, Mapping
from os import replace
from pathlib import Path
from typing import Any, Final

import orjson

from proxy.telemetry.metrics import Counter, Histogram, Labels, Numbers

Readings = Mapping[str, Mapping[Labels, float]]

_NUMBERS: Final = "numbers-"
_GAUGES: Final = "gauges-"


class Tally:
    """The files of a crew, as worker `number` of it sees them.

    What is counted outlives who counted it: a worker goes on where the one before it at the same post was saved last. What is
    measured now ends with its process. A file is replaced whole, so whoever reads one reads one moment of it.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self.number = number

    def restore(self, numbers: Numbers) -> bool:
        """Adds what was saved at this post; whether anything was."""
        path = self._path(_NUMBERS, self.number)
        if not path.exists():
            return False
        _add(numbers, orjson.loads(path.read_bytes()))
        return True

    def save(self, numbers: Numbers, readings: Readings) -> None:
        """Lets the others know. Raises OSError."""
        self._write(_NUMBERS, _saved(numbers))
        self._write(_GAUGES, {name: list(values.items()) for name, values in readings.items()})

    def summed(self, numbers: Numbers) -> Numbers:
        """What all workers counted, those that died too; of this one what it has itself."""
        total = Numbers()
        _add(total, _saved(numbers))
        for _, saved in self._others(_NUMBERS):
            _add(total, saved)
        return total

    def measured(self) -> dict[int, Readings]:
        """What each other worker measured last, by its number."""
        return {
            number: {name: {tuple(labels): value for labels, value in values} for name, values in saved.items()}
            for number, saved in self._others(_GAUGES)
        }

    def _others(self, kind: str) -> Iterable[tuple[int, Any]]:
        for path in sorted(self._folder.glob(f"{kind}*.json")):
            number = int(path.stem.removeprefix(kind))
            if number != self.number:
                try:
                    yield number, orjson.loads(path.read_bytes())
                except FileNotFoundError:
                    # It has just ended.
                    continue

    def _write(self, kind: str, content: Any) -> None:
        path = self._path(kind, self.number)
        draft = path.with_suffix(".new")
        draft.write_bytes(orjson.dumps(content))
        replace(draft, path)

    def _path(self, kind: str, number: int) -> Path:
        return self._folder / f"{kind}{number}.json"


def forget_measured(folder: Path, number: int) -> None:
    """Nobody measures at this post any more; what was counted stays."""
    (folder / f"{_GAUGES}{number}.json").unlink(missing_ok=True)


def _saved(numbers: Numbers) -> dict[str, Any]:
    return {name: _plain(value) for name, value in vars(numbers).items()}


def _plain(value: object) -> object:
    if isinstance(value, Counter):
        return list(value.totals.items())
    return list(value.rows.items()) if isinstance(value, Histogram) else value


def _add(numbers: Numbers, saved: Mapping[str, Any]) -> None:
    numbers.begun += saved["begun"]
    for name, value in vars(numbers).items():
        if isinstance(value, Counter):
            for labels, amount in saved[name]:
                value.add(tuple(labels), amount)
        elif isinstance(value, Histogram):
            for labels, row in saved[name]:
                value.add_row(tuple(labels), row)
