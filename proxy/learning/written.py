"""Lessons that somebody wrote down: a table with commas in, Lessons out, and the catalog's file of them; ranks nothing."""

import csv
from collections.abc import Sequence
from typing import Final

from proxy.domain.learned import Lesson
from proxy.store.catalog.toml import row_text

COLUMNS: Final = ("family", "model", "quality")
_HEAD: Final = "# Quality that was learned; it counts instead of the models' own rows. Made by `signalbox routing learn`.\n"


class WrittenLessons:
    """Implements ports.Teacher over the text of a CSV file whose first line names its columns; others than COLUMNS are
    let be."""

    def __init__(self, text: str) -> None:
        self._text = text

    def lessons(self) -> tuple[Lesson, ...]:
        """Every line. Raises ValueError, with the line, for one that says no quality from 0 to 1."""
        reader = csv.DictReader(self._text.splitlines())
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"line 1: no column {', '.join(missing)}; name family, model and quality")
        return tuple(_lesson(row, reader.line_num) for row in reader)


def file_text(lessons: Sequence[Lesson]) -> str:
    """The lessons as the file `learned.toml` of the catalog's folder holds them."""
    rows = [
        row_text("learned", [("family", lesson.family), ("model", lesson.model_id), ("quality", lesson.quality)])
        for lesson in lessons
    ]
    return "\n".join([_HEAD, *rows])


def _lesson(row: dict[str, str], line: int) -> Lesson:
    family, model_id, quality = ((row[column] or "").strip() for column in COLUMNS)
    try:
        number = float(quality)
    except ValueError:
        number = -1.0
    if not (family and model_id and 0 <= number <= 1):
        raise ValueError(f"line {line}: a line needs a family, a model's id and a quality from 0 to 1")
    return Lesson(family, model_id, number)
