"""The file of precheck's weights in, a Weights out, or what is wrong with it; never writes one."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from proxy.domain.verdict import Table, Weights
from proxy.stages.precheck.weighing import joined, table
from proxy.store.catalog.mistakes import Mistake

WEIGHTS_BYTES_MAX: Final = 16 * 1024 * 1024

# Both are asked what the same features say.
ASKED_TOGETHER: Final = ("category", "complexity")
TABLES: Final = ("hazard", "level", *ASKED_TOGETHER)
THRESHOLDS: Final = frozenset({"category", "content", "attack", "sensitive", "block", "block_attack"})


class TableRows(BaseModel):
    """A table as it is written: its words, and two hexadecimal digits for each class of each word."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: tuple[str, ...]
    steps: Annotated[int, Field(ge=1)]
    words: list[str]
    weights: str


class WeightsFile(BaseModel):
    """The file without its tables. `sources` and `made_by` are for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    revision: str
    made_by: str
    sources: list[dict[str, Any]]
    thresholds: dict[str, float]


def read_weights(path: Path) -> Weights | Mistake:
    """The weights of a file; a mistake names what would mend it."""
    try:
        if path.stat().st_size > WEIGHTS_BYTES_MAX:
            return Mistake(path.name, "file", f"is larger than {WEIGHTS_BYTES_MAX} bytes")
        return _weights(_content(path.read_bytes()))
    except OSError as error:
        return Mistake(path.name, "file", f"cannot be read: {error.strerror}")
    except (ValidationError, ValueError) as error:
        return Mistake(path.name, "file", f"holds no weights; take the shipped file or make it anew: {str(error)[:200]}")


def _content(read: bytes) -> dict[str, Any]:
    """What a file says; parsed from its bytes, for as text it would take several times the room."""
    # Hardly a word stands there twice: to look for it takes longer than to read it again.
    content = from_json(read, cache_strings="none")
    if not isinstance(content, dict):
        raise ValueError("no object")
    return content


def _weights(content: dict[str, Any]) -> Weights:
    """What was read of a table is kept only until it is built. To keep a word once that several tables have would spare 2 MB
    and take a quarter longer."""
    rows = {name: TableRows.model_validate(content.pop(name, None)) for name in TABLES}
    read = WeightsFile.model_validate(content)
    missing = THRESHOLDS - read.thresholds.keys()
    if missing:
        raise ValueError(f"thresholds are missing: {', '.join(sorted(missing))}")
    made = {name: _table(rows.pop(name)) for name in TABLES}
    together = joined(*(made.pop(name) for name in ASKED_TOGETHER))
    made |= zip(ASKED_TOGETHER, together, strict=True)
    return Weights(revision=read.revision, thresholds=read.thresholds, **made)


def _table(read: TableRows) -> Table:
    return table(read.classes, read.words, bytes.fromhex(read.weights), read.steps)
