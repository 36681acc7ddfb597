"""What the last batch saw in, a standing out without asking the store; knows nothing for long, and never guesses."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from proxy.domain.desk import Grant
from proxy.domain.ledger import HoldTerms
from proxy.domain.standing import Standing
from proxy.stages.ledger.counters import CounterKey, Shown
from proxy.stages.ledger.sources import Case, standing
from proxy.store.seen import Charts

# How long a batch speaks for what others may have written since; the next one looks.
FRESH_NS: Final = 100_000_000
ACCOUNTS_MAX: Final = 4_096


class _Sight(NamedTuple):
    readings: Mapping[CounterKey, Shown]
    grants: Mapping[str, tuple[Grant, ...]]
    at_ms: int
    elapsed_ns: int
    told: dict[str, tuple[HoldTerms, Standing]]


class Recall:
    """Told by the writer's thread, asked by the loop's. What it says may be of a batch that is still being written, and is as
    old as the last batch at most: good for advice, and for nothing that is refused."""

    def __init__(self) -> None:
        self._sight: _Sight | None = None
        self._charts = Charts()

    def saw(
        self, readings: Mapping[CounterKey, Shown], grants: Mapping[str, tuple[Grant, ...]], at_ms: int, elapsed_ns: int
    ) -> None:
        """A batch that was judged at `at_ms`, when the clock that nobody sets showed `elapsed_ns`, left this."""
        self._sight = _Sight(readings, grants, at_ms, elapsed_ns, {})

    def forget(self) -> None:
        """What was told did not come to be, or somebody else wrote."""
        self._sight = None

    def standing(self, account_id: str, terms: HoldTerms, elapsed_ns: int) -> Standing | None:
        """What the account had left at the last batch; None where that is not known, or it was not lately enough."""
        sight = self._sight
        if sight is None or not 0 <= elapsed_ns - sight.elapsed_ns < FRESH_NS:
            return None
        told = sight.told.get(account_id)
        if told is not None and told[0] == terms:
            return told[1]
        standing = self._standing(sight, account_id, terms)
        if standing is not None:
            sight.told[account_id] = terms, standing
        return standing

    def _standing(self, sight: _Sight, account_id: str, terms: HoldTerms) -> Standing | None:
        grants = sight.grants.get(account_id)
        if grants is None:
            return None
        if len(self._charts) >= ACCOUNTS_MAX:
            self._charts = Charts()
        chart = self._charts.of(account_id, terms, sight.at_ms)
        try:
            return standing(Case(account_id, terms, grants, sight.at_ms, chart), _Known(sight.readings))
        except _Unknown:
            return None


class _Unknown(LookupError):
    """A counter that no batch has looked at."""


class _Known(dict[CounterKey, Shown]):
    """Readings of which none is read: what a batch has not seen is not known."""

    def __init__(self, readings: Mapping[CounterKey, Shown]) -> None:
        self._readings = readings

    def __missing__(self, key: CounterKey) -> Shown:
        # `get` asks the store nothing, as an index would.
        shown = self._readings.get(key)
        if shown is None:
            raise _Unknown
        return shown
