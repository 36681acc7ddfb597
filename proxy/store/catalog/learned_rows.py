"""Lessons as files hold them in, the table that ranking reads out; whoever made them is none of its business."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from proxy.domain.learned import NOTHING_LEARNED, Learned
from proxy.store.catalog.cells import ModelId, PlainId, Row


class LearnedRow(Row):
    """The quality of one model at tasks of one family. A model that the catalog does not have is let be: what was learned of it
    holds again when it is back."""

    family: PlainId
    model: ModelId
    quality: Annotated[float, Field(ge=0, le=1)]


def learned_of(rows: Sequence[LearnedRow], revision: str) -> Learned:
    """The rows as one table; of two about the same the later one counts."""
    if not rows:
        return NOTHING_LEARNED
    families: dict[str, dict[str, float]] = {}
    for row in rows:
        families.setdefault(row.family, {})[row.model] = float(row.quality)
    return Learned(revision, families)
