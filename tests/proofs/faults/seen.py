"""What became of one cell: its answer and what the books say of it in, what is wrong with that, in words, out; asks nobody."""

from typing import Final, NamedTuple

from tests.proofs.faults.cells import Cell
from tests.proofs.faults.expected import Says, expected
from tests.proofs.faults.heard import Heard

COMMIT_WAIT_MS: Final = 20_000
_TOLD: Final[dict[Says | None, str]] = {
    "all": "whole",
    "as_said": "as the model said it",
    "filtered": "what was said, and `content_filter`",
    "refusal": "the refusal",
    "thoughts": "the reasoning, and nothing",
}


class Tried(NamedTuple):
    """One attempt as the books have it."""

    model: str
    fault: str | None
    charged: bool


class Seen(NamedTuple):
    """`joint` says how the second model went on: `prefill`, `ask`, or nothing if it did not."""

    cell: Cell
    heard: Heard
    tried: tuple[Tried, ...]
    credits_milli: int
    joint: str

    @property
    def firsts(self) -> int:
        return sum(one.model == self.cell.first for one in self.tried)

    @property
    def wrong(self) -> str:
        """Where this is not what must be; empty if it is."""
        must, heard = expected(self.cell), self.heard
        is_right_code = heard.code in must.codes if must.codes else heard.code is None
        # A 200 that had to leave before anything was known.
        left_early = heard.status == 200 and self.cell.stream and heard.ms > COMMIT_WAIT_MS
        found = {
            f"{heard.status} {heard.code}": (heard.status in must.status or left_early) and is_right_code,
            f"{heard.says()}: {heard.text[-40:]!r}": heard.says() == must.says,
            f"{self.firsts} tries of the first": self.firsts <= must.firsts_max,
            f"{self.credits_milli} charged": (self.credits_milli > 0) == must.charged,
            ", ".join(heard.odd): not heard.odd,
        }
        return "; ".join(what for what, is_right in found.items() if not is_right)

    @property
    def words(self) -> str:
        """The same for people."""
        heard = self.heard
        if heard.code is not None:
            said = f"{len(heard.text.split())} words, " if heard.text else "a call begun, " if heard.calls else ""
            return f"{said}{'an event:' if heard.status == 200 else heard.status} {heard.code}"
        writers = {one.model == self.cell.first for one in self.tried if one.charged}
        by = {(True,): "the first", (False,): "the second", (False, True): "both"}.get(tuple(sorted(writers)), "nobody")
        joint = f", joined by {self.joint}" if self.joint else ""
        return f"{_TOLD.get(heard.says(), 'wrong')}, from {by}{joint}"
