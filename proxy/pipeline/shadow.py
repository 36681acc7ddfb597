"""One account's books as they would stand had its earlier calls been decided and billed otherwise: recorded standings and
charges in, other standings and admissions out; the arithmetic is that of the ledger."""

from collections.abc import Mapping

from proxy.domain.desk import Grant
from proxy.domain.ledger import HoldRefusalCode, HoldRefused, HoldTerms
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap, Standing
from proxy.domain.value import dataclass
from proxy.stages import ledger
from proxy.stages.ledger.counters import CounterKey, Reading, Readings
from proxy.stages.ledger.sources import Case, case_of, grant_key, standing
from proxy.stages.ledger.split import Amounts

Spends = Mapping[CounterKey, int]


@dataclass(frozen=True, slots=True)
class Spending:
    """What one call takes, and for a model of which family."""

    family: str
    credits_milli: int
    raw_nano_usd: int


@dataclass(frozen=True, slots=True)
class Page:
    """The account at one call: `was` as the call's record shows it, `would` on other terms and after other charges."""

    was: Case
    would: Case
    shown: Readings
    shifted: Readings

    @property
    def standing(self) -> Standing:
        return standing(self.would, self.shifted)

    def refuses(self, wanted: Spending) -> HoldRefusalCode | None:
        """Why the books would not let it in; live holds of others pass by themselves and refuse nothing here."""
        answer = ledger.admit(self.would, wanted.family, _amounts(wanted), _Unheld(self.shifted))
        return answer.code if isinstance(answer, HoldRefused) else None


class Shadow:
    """Keeps what the calls replayed so far have spent, counter by counter, as recorded and as it would have been.

    A counter that the record shows is shifted by the difference; one that only the other terms look at counts from nothing.
    """

    def __init__(self) -> None:
        self._was: dict[CounterKey, int] = {}
        self._would: dict[CounterKey, int] = {}

    def page(self, recorded: Standing, allowances: tuple[Allowance, ...]) -> Page:
        """The account at a call whose record shows `recorded`, on a plan with these allowances."""
        was = _case(recorded, tuple(Allowance(w.window, w.limit, w.family) for w in recorded.windows))
        shown = _shown(was, recorded)
        return Page(was, _case(recorded, allowances), shown, _Shifted(shown, self._was, self._would))

    def note(self, page: Page, was: Spending, would: Spending) -> None:
        """Remembers what the call spent and what it would have spent."""
        _add(self._was, _spends(page.was, was, page.shown))
        _add(self._would, _spends(page.would, would, page.shifted))


class _Shifted(dict[CounterKey, Reading]):
    def __init__(self, shown: Readings, was: Spends, would: Spends) -> None:
        self._would = would
        for key, known in shown.items():
            # A call that was settled after this one was decided is in the shift, but not in what the record shows.
            self[key] = Reading(max(0, known.spent + would.get(key, 0) - was.get(key, 0)), known.held)

    def __missing__(self, key: CounterKey) -> Reading:
        return Reading(self._would.get(key, 0), 0)


class _Unheld(dict[CounterKey, Reading]):
    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def __missing__(self, key: CounterKey) -> Reading:
        return Reading(self._readings[key].spent, 0)


def _case(recorded: Standing, allowances: tuple[Allowance, ...]) -> Case:
    caps = tuple(Cap(c.scope, c.window, c.limit, c.unit) for c in recorded.caps)
    grants = tuple(
        Grant(b.id, recorded.account_id, b.kind, b.limit, "", 0, b.family, b.expires_at_ms) for b in recorded.buckets
    )
    return case_of(recorded.account_id, HoldTerms(allowances, caps, (), recorded.anchor_day), grants, recorded.at_ms)


def _shown(case: Case, recorded: Standing) -> Readings:
    chart = case.chart
    windows = zip((key for _, key, _ in chart.windows), recorded.windows, strict=True)
    buckets = zip((grant_key(grant) for grant in case.grants), recorded.buckets, strict=True)
    caps = zip((key for _, key in chart.caps), recorded.caps, strict=True)
    return {key: Reading(part.spent, part.held) for parts in (windows, buckets, caps) for key, part in parts}


def _spends(case: Case, spending: Spending, readings: Readings) -> Spends:
    """Which counters it would move; none where the sources do not cover it."""
    admitted = ledger.admit(case, spending.family, _amounts(spending), _Unheld(readings))
    if isinstance(admitted, HoldRefused):
        return {}
    resolved = ledger.settle(admitted.split, spending.credits_milli, spending.raw_nano_usd)
    return {key: change.spent for key, change in resolved.moves.items()}


def _amounts(spending: Spending) -> Amounts:
    return Amounts(spending.credits_milli, spending.raw_nano_usd)


def _add(total: dict[CounterKey, int], spends: Spends) -> None:
    for key, spent in spends.items():
        total[key] = total.get(key, 0) + spent
