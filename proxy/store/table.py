"""One table of the desk: rows in, domain values out and back; one row at a time, conflicts as VersionConflict."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from proxy.domain.value import dataclass
from proxy.ports import VersionConflict
from proxy.store.database import Connection
from proxy.store.values import Row

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Table(Generic[V]):
    """`columns` are those that `read` takes and `write` gives, in their order; `key` is the one that names a row.

    Every word of SQL here is a constant of this program; values go as parameters.
    """

    name: str
    columns: str
    read: Callable[[Row], V]
    write: Callable[[V], Row]
    key: str = "id"

    def get(self, connection: Connection, key: str) -> V | None:
        return next(iter(self.select(connection, f"{self.key} = ?", (key,))), None)

    def select(self, connection: Connection, where: str, parameters: Sequence[Any]) -> list[V]:
        """The rows for which `where` holds (it may order and limit them)."""
        found = connection.execute(f"SELECT {self.columns} FROM {self.name} WHERE {where}", parameters)  # noqa: S608
        return [self.read(row) for row in found]

    def find(
        self, connection: Connection, given: Mapping[str, Any], order: str, limit: int, after: str | None = None
    ) -> list[V]:
        """The rows whose columns are as `given`, as far as it says (None says nothing), and whose key follows `after`. Only
        what is asked for stands in the statement, so that an index can answer it."""
        asked = {f"{name} = ?": value for name, value in given.items() if value is not None}
        if after is not None:
            asked[f"{self.key} > ?"] = after
        where = " AND ".join(asked) or "true"
        # PostgreSQL plans a page of a length that it is not told anew each time, which costs as much as reading it.
        return self.select(connection, f"{where} ORDER BY {order} LIMIT {limit:d}", tuple(asked.values()))

    def latest(self, connection: Connection, given: Mapping[str, Any], limit: int, before: str | None = None) -> list[V]:
        """The newest rows for which the `given` conditions hold, each with its one value or None where it has no place for any;
        those older than the row `before`, if that is said."""
        asked: dict[str, tuple[Any, ...]] = {words: () if value is None else (value,) for words, value in given.items()}
        if before is not None:
            # Each by itself: of a pair that is looked up, SQLite's indexes heed the moment alone, which many may share.
            moment = f"SELECT created_at_ms FROM {self.name} WHERE id = ?"  # noqa: S608  (constants)
            asked[f"(created_at_ms, id) < (({moment}), ?)"] = (before, before)
        tail = f"{' AND '.join(asked) or 'true'} ORDER BY created_at_ms DESC, id DESC LIMIT {limit:d}"
        return self.select(connection, tail, tuple(value for values in asked.values() for value in values))

    def insert(self, connection: Connection, value: V) -> None:
        """Raises VersionConflict when it exists, or clashes with one that does."""
        row = self.write(value)
        places = ", ".join("?" * len(row))
        statement = f"INSERT INTO {self.name} ({self.columns}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608
        if connection.execute(statement, row).rowcount == 0:
            raise VersionConflict(f"{self.name}: {row[0]} exists already")

    def update(self, connection: Connection, value: V) -> None:
        """Writes every column of the row that `value` names."""
        row = self.write(value)
        places = ", ".join("?" * len(row))
        key = row[self.columns.split(", ").index(self.key)]
        connection.execute(
            f"UPDATE {self.name} SET ({self.columns}) = ({places}) WHERE {self.key} = ?",  # noqa: S608
            (*row, key),
        )
