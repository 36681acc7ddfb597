"""What experience says of models' quality, beside the catalog's own word; values only, which anybody may make."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Lesson:
    """How good a model is at tasks of a family, 0 to 1, in the place of what its row says."""

    family: str
    model_id: str
    quality: float


@dataclass(frozen=True, slots=True)
class Learned:
    """All lessons in force, by family and then by model. `revision` is the hash of them; empty where nothing was learned."""

    revision: str = ""
    quality: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


NOTHING_LEARNED: Final = Learned()
