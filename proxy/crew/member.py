"""What a worker knows of the crew it belongs to; a value, read once at its start."""

from pathlib import Path

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """One of `count` workers, numbered from 1. `folder` is where they leave each other what all of them must know; it is
    theirs alone and ends with them."""

    number: int
    count: int
    folder: Path

    @property
    def is_first(self) -> bool:
        """Whether what a machine does once is this one's to do."""
        return self.number == 1
