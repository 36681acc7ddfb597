"""Clocks that stand still until told: the machine's, and the one that a PostgreSQL server decides epochs and leases by."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.builders import NOW_MS


class SetClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS
        self._stepped_ms = 0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ns(self) -> int:
        return self.at_ms * 1_000_000

    def elapsed_ns(self) -> int:
        return (self.at_ms - self._stepped_ms) * 1_000_000

    def step(self, ms: int) -> None:
        """Somebody sets the clock: it shows another time, and none has passed."""
        self._stepped_ms += ms
        self.at_ms += ms


class ServerClock(SetClock):
    """Also sets what one database takes for its own clock."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("CREATE TABLE test_clock (at_ms BIGINT NOT NULL); INSERT INTO test_clock VALUES (0)")
        connection.execute(
            "CREATE OR REPLACE FUNCTION store_now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE AS"
            " $$ SELECT at_ms FROM test_clock $$"
        )
        super().__init__()

    @classmethod
    @contextmanager
    def of(cls, url: str) -> Iterator["ServerClock"]:
        """The clock of the database at `url`."""
        with psycopg.connect(url, autocommit=True) as connection:
            yield cls(connection)

    @property
    def at_ms(self) -> int:
        return self._at_ms

    @at_ms.setter
    def at_ms(self, at_ms: int) -> None:
        self._at_ms = at_ms
        self._connection.execute("UPDATE test_clock SET at_ms = %s", (at_ms,))
