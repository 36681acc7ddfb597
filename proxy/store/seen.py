"""What a batch judges by: read from the books when first asked for, kept in step with what the batch moves; judges nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from proxy.domain.desk import Grant
from proxy.domain.ledger import HoldTerms
from proxy.stages.ledger.counters import CounterKey, Shift
from proxy.stages.ledger.sources import DAY_MS, Chart, charted
from proxy.store import holds
from proxy.store.database import Connection
from proxy.store.holds import Hold
from proxy.store.locks import Locks

_READ: Final = "SELECT spent, held FROM counters WHERE scope = ? AND name = ? AND epoch = ?"
_READ_NEAR: Final = (
    "SELECT spent, held, number FROM counter_names JOIN counter_amounts USING (number)"
    " WHERE scope = ? AND name = ? AND epoch = ?"
)
_COUNT: Final = "SELECT count(*) FROM hold_scopes WHERE scope = ?"
_SUSPENDED: Final = "SELECT suspended FROM users WHERE id = ?"
_UP: Final = "SELECT coalesce(max(up_ms), 0) FROM processes"
_CHARTS_EACH_MAX: Final = 4


class Seen:
    """The books as a batch sees them; `holds` are some that live, `conversations` some that are written. Another batch may go
    on with it while nobody else has written to them."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self.readings = Readings(connection, locks)
        self.charts = Charts()
        self.live = Live(connection, locks)
        self.grants = Grants(connection)
        self.suspended = Suspended(connection)
        self.holds: dict[str, Hold] = {}
        self.conversations: set[str] = set()
        self._up_ms: int | None = None

    @property
    def size(self) -> int:
        """Of how many things of a kind it knows at most."""
        kinds = (self.charts, self.live, self.grants, self.suspended, self.holds, self.conversations)
        return max(self.readings.size, *(len(kind) for kind in kinds))

    def written(self, live: Mapping[str, Hold], resolved: Iterable[str]) -> None:
        """What the batch moved, placed and removed is in the books now, and read with them from here on."""
        self.live.uncounted = {}
        self.holds.update(live)
        for hold_id in resolved:
            self.holds.pop(hold_id, None)

    @property
    def up_ms(self) -> int:
        """The store's own clock at its last beat."""
        if self._up_ms is None:
            row: tuple[int] = self._connection.execute(_UP).fetchone()
            self._up_ms = row[0]
        return self._up_ms


class Cell:
    """What one counter shows, and what it showed when the books last had it; `number` is its own in the books, where it has one
    and that is known."""

    __slots__ = ("held", "key", "number", "spent", "was_held", "was_spent")

    def __init__(self, key: CounterKey, spent: int, held: int, number: int | None = None) -> None:
        self.key = key
        self.spent = self.was_spent = spent
        self.held = self.was_held = held
        self.number = number


class Bundle(NamedTuple):
    """Counters that move together; `text` is their names as JSON."""

    keys: tuple[CounterKey, ...]
    cells: tuple[Cell, ...]
    text: str


class Readings(dict[CounterKey, Cell]):
    """What counters show; `moved` is what has to be written of it."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self._locks = locks
        self._bundles: dict[int, Bundle] = {}
        self._unread: dict[CounterKey, Cell] = {}
        self._touched: dict[int, Bundle] = {}

    def __missing__(self, key: CounterKey) -> Cell:
        if self._locks is not None:
            self._locks.take((key.scope,))
        if self._connection.is_near:
            found = self._connection.execute(_READ_NEAR, key).fetchone() or (0, 0)
            cell = self[key] = Cell(key, *found)
            return cell
        self.learn({key: self._connection.execute(_READ, key).fetchone() or (0, 0)})
        return self[key]

    @property
    def size(self) -> int:
        """Of how many counters and bundles it knows."""
        return max(len(self), len(self._bundles))

    def learn(self, found: Mapping[CounterKey, tuple[int, int]]) -> None:
        """What the books show of some counters."""
        for key, (spent, held) in found.items():
            cell = self[key] = self._unread.pop(key) if key in self._unread else Cell(key, 0, 0)
            cell.spent, cell.held = cell.spent - cell.was_spent + spent, cell.held - cell.was_held + held
            cell.was_spent, cell.was_held = spent, held

    def bundle(self, keys: tuple[CounterKey, ...]) -> Bundle:
        """These counters as one. The same tuple comes with every call of an account, so it is known by what it is, not by
        what is in it."""
        known = self._bundles.get(id(keys))
        if known is None:
            if self._locks is not None:
                self._locks.take(key.scope for key in keys)
            known = Bundle(keys, tuple([self._cell(key) for key in keys]), holds.keys_json(keys))
            # It holds on to the tuple, so no other is ever taken for it.
            self._bundles[id(keys)] = known
        return known

    def text(self, keys: tuple[CounterKey, ...]) -> str:
        """The names of these counters as JSON."""
        return (self._bundles.get(id(keys)) or self.bundle(keys)).text

    def shift(self, shifts: Iterable[Shift]) -> str:
        """Moves counters; the lines of an entry that say so, as JSON."""
        bundles, touched, lines = self._bundles, self._touched, []
        for keys, spent, held in shifts:
            # Written out, for every call comes here six times.
            name = id(keys)
            touched[name] = bundle = bundles.get(name) or self.bundle(keys)
            for cell in bundle.cells:
                cell.spent += spent
                cell.held += held
            lines.append(f"[{bundle.text},{spent},{held}]")
        return f"[{','.join(lines)}]"

    def moved(self) -> Collection[Cell]:
        """Each counter that moved since this was last asked. One that came back to where it was is named too: whatever an
        entry names has a row."""
        touched, self._touched = self._touched, {}
        # In a dictionary, for one counter may be in several bundles, and order stays the order of the calls.
        return dict.fromkeys([cell for bundle in touched.values() for cell in bundle.cells]).keys()

    def _cell(self, key: CounterKey) -> Cell:
        # Where a look is a journey, what is only moved need not be seen.
        if self._locks is None or key in self:
            return self[key]
        return self._unread.setdefault(key, Cell(key, 0, 0))


class Charts:
    """The charts of each account as of its last calls, for they come again: one for each provider that it calls."""

    def __init__(self) -> None:
        self._charts: dict[str, list[tuple[HoldTerms, int, Chart]]] = {}

    def __len__(self) -> int:
        return len(self._charts)

    def of(self, account_id: str, terms: HoldTerms, at_ms: int) -> Chart:
        day, known = at_ms // DAY_MS, self._charts.setdefault(account_id, [])
        for its_terms, its_day, chart in known:
            if its_day == day and its_terms == terms:
                return chart
        chart = charted(account_id, terms, day)
        known.insert(0, (terms, day, chart))
        del known[_CHARTS_EACH_MAX:]
        return chart


class Live(dict[str, int]):
    """How many holds live in a scope."""

    def __init__(self, connection: Connection, locks: Locks | None) -> None:
        self._connection = connection
        self._locks = locks
        self.uncounted: dict[str, int] = {}

    def __missing__(self, scope: str) -> int:
        if self._locks is not None:
            self._locks.take((scope,))
        row: tuple[int] = self._connection.execute(_COUNT, (scope,)).fetchone()
        self[scope] = count = row[0] + self.uncounted.pop(scope, 0)
        return count

    def shift(self, scopes: Sequence[str], change: int) -> None:
        if self._locks is not None:
            self._locks.take(scopes)
        for scope in scopes:
            counts = self if scope in self else self.uncounted
            counts[scope] = counts.get(scope, 0) + change


class Grants(dict[str, tuple[Grant, ...]]):
    """All grants of an account, expired ones too."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __missing__(self, account_id: str) -> tuple[Grant, ...]:
        self[account_id] = found = holds.grants_of(self._connection, account_id)
        return found


class Suspended(dict[str, bool]):
    """Whether an account is suspended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __missing__(self, account_id: str) -> bool:
        row = self._connection.execute(_SUSPENDED, (account_id,)).fetchone()
        self[account_id] = found = bool(row and row[0])
        return found
