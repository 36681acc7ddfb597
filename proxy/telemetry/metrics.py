"""What is counted: finished calls and incidents in, plain integers by bounded labels out; renders nothing, reads no clock."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import add, attrgetter
from typing import Final, NamedTuple

from proxy.domain.call import Call
from proxy.domain.errors import STATUS

# Labels come from the catalog and from our own code; this bound holds even where one of them should not.
SERIES_MAX: Final = 2_000
OTHER: Final = "other"
NONE: Final = "none"

BOUNDS_MS: Final = (
    *(25, 50, 100, 200, 300, 500, 750),
    *(1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 20_000, 30_000),
    *(60_000, 120_000, 300_000, 600_000),
)
TOKEN_CLASSES: Final = ("input", "cached_input", "cache_write", "output", "reasoning", "images")

_amounts: Final = attrgetter(*TOKEN_CLASSES)

Labels = tuple[str, ...]


class Counter:
    """Totals by label values. Beyond SERIES_MAX different ones, new ones are counted as `other`."""

    __slots__ = ("totals",)

    def __init__(self) -> None:
        self.totals: dict[Labels, int] = {}

    def add(self, labels: Labels, amount: int = 1) -> None:
        known = self.totals.get(labels)
        if known is None:
            labels = (OTHER,) * len(labels) if len(self.totals) >= SERIES_MAX else labels
            known = self.totals.get(labels, 0)
        self.totals[labels] = known + amount


class Histogram:
    """Durations by label values: one count for each of BOUNDS_MS and one above them all, then the sum in milliseconds."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: dict[Labels, list[int]] = {}

    def add(self, labels: Labels, duration_ms: int) -> None:
        row = self._row(labels)
        row[bisect_left(BOUNDS_MS, duration_ms)] += 1
        row[-1] += duration_ms

    def add_row(self, labels: Labels, counted: Sequence[int]) -> None:
        """Adds what another histogram counted under these labels."""
        row = self._row(labels)
        row[:] = map(add, row, counted)

    def _row(self, labels: Labels) -> list[int]:
        row = self.rows.get(labels)
        if row is not None:
            return row
        if len(self.rows) >= SERIES_MAX:
            labels = (OTHER,) * len(labels)
        return self.rows.setdefault(labels, [0] * (len(BOUNDS_MS) + 2))


class Gauge(NamedTuple):
    """Numbers that somebody else keeps, by label values, read when the page is asked for."""

    help: str
    labels: tuple[str, ...]
    read: Callable[[], Mapping[tuple[str, ...], float]]


class Numbers:
    """Everything counted since the process began. Credits are milli-credits, raw cost nano-USD."""

    def __init__(self) -> None:
        self.begun = 0
        self.calls = Counter()  # status, kind, family
        self.refusals = Counter()  # code
        self.drops = Counter()  # reason
        self.attempts = Counter()  # provider, model, fault
        self.failovers = Counter()  # model left
        self.rescues = Counter()  # model left, model that went on
        self.retries = Counter()  # model
        self.tokens = Counter()  # model, class
        self.credits_milli = Counter()  # family
        self.absorbed_milli = Counter()  # family
        self.raw_nano_usd = Counter()  # provider, model
        self.incidents = Counter()  # name, code
        self.ttft_ms = Histogram()  # family
        self.duration_ms = Histogram()  # kind

    def count(self, call: Call) -> None:
        """Adds one finished call."""
        family = call.family or NONE
        self.calls.add((call.status, call.kind, family))
        self.duration_ms.add((call.kind,), call.duration_ms)
        if call.ttft_ms is not None:
            self.ttft_ms.add((family,), call.ttft_ms)
        if call.code is not None and call.status in ("refused", "failed"):
            self.refusals.add((call.code if call.code in STATUS else OTHER,))
        if call.credits_milli:
            self.credits_milli.add((family,), call.credits_milli)
        if call.absorbed_milli:
            self.absorbed_milli.add((family,), call.absorbed_milli)
        for dropped in call.decision.dropped if call.decision is not None else ():
            self.drops.add((dropped.reason.code,))
        self._count_attempts(call)

    def incident(self, name: str, code: str) -> None:
        """Adds one event outside a call."""
        self.incidents.add((name, code))

    def _count_attempts(self, call: Call) -> None:
        for attempt in call.attempts:
            self.attempts.add((attempt.provider_id, attempt.model_id, attempt.fault or NONE))
            if attempt.raw_nano_usd:
                self.raw_nano_usd.add((attempt.provider_id, attempt.model_id), attempt.raw_nano_usd)
            if attempt.usage is not None:
                for name, amount in zip(TOKEN_CLASSES, _amounts(attempt.usage), strict=True):
                    if amount:
                        self.tokens.add((attempt.model_id, name), amount)
        if len(call.attempts) < 2:
            return
        for earlier, later in pairwise(call.attempts):
            again = self.retries if earlier.model_id == later.model_id else self.failovers
            again.add((earlier.model_id,))
        for writer, next_writer in pairwise(attempt for attempt in call.attempts if attempt.charged):
            self.rescues.add((writer.model_id, next_writer.model_id))
