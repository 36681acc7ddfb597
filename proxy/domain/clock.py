"""What the books know of the time: the moment that they judge by, and a clock that is not to be believed; values only."""

from proxy.domain.value import dataclass


@dataclass(frozen=True, slots=True)
class ClockDoubt:
    """The clock jumped: it showed `shown_ms` where the time that had passed since it was last believed made `expected_ms` of
    it."""

    expected_ms: int
    shown_ms: int

    @property
    def jump_ms(self) -> int:
        """How far it jumped; below zero is back."""
        return self.shown_ms - self.expected_ms


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the clock shows now, the moment that the books judge by, and why that is another if it is in doubt."""

    shown_ms: int
    judged_by_ms: int
    doubt: ClockDoubt | None
