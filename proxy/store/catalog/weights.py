"""The file of precheck's weights in, a Weights out, or what is wrong with it; never writes one."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proxy.domain.verdict import Table, Weights
from proxy.stages.precheck.weighing import table
from proxy.store.catalog.mistakes import Mistake

WEIGHTS_BYTES_MAX: Final = 16 * 1024 * 1024

THRESHOLDS: Final = frozenset({"category", "content", "attack", "sensitive", "block", "block_attack"})


class TableRows(BaseModel):
    """A table as it is written: its words, and two hexadecimal digits for each class of each word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    steps: Annotated[int, Field(ge=1)]
    words: list[str]
    weights: str


class WeightsFile(BaseModel):
    """The file whole. `sources` and `made_by` are for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    revision: str
    made_by: str
    sources: list[dict[str, Any]]
    thresholds: dict[str, float]
    category: TableRows
    complexity: TableRows
    level: TableRows
    hazard: TableRows


def read_weights(path: Path) -> Weights | Mistake:
    """The weights of a file; a mistake names what would mend it."""
    try:
        if path.stat().st_size > WEIGHTS_BYTES_MAX:
            return Mistake(path.name, "file", f"is larger than {WEIGHTS_BYTES_MAX} bytes")
        read = WeightsFile.model_validate(json.loads(path.read_bytes()))
        return _weights(read)
    except OSError as error:
        return Mistake(path.name, "file", f"cannot be read: {error.strerror}")
    except (ValidationError, ValueError) as error:
        return Mistake(path.name, "file", f"holds no weights; take the shipped file or make it anew: {str(error)[:200]}")


def _weights(read: WeightsFile) -> Weights:
    missing = THRESHOLDS - read.thresholds.keys()
    if missing:
        raise ValueError(f"thresholds are missing: {', '.join(sorted(missing))}")
    known: dict[str, str] = {}
    return Weights(
        revision=read.revision,
        category=_table(read.category, known),
        complexity=_table(read.complexity, known),
        level=_table(read.level, known),
        hazard=_table(read.hazard, known),
        thresholds=read.thresholds,
    )


def _table(read: TableRows, known: dict[str, str]) -> Table:
    """A table whose words are those already `known`, so that each is kept once."""
    words = list(map(known.setdefault, read.words, read.words))
    return table(read.classes, words, bytes.fromhex(read.weights), read.steps)
