"""Where the books of a proof are kept: one SQLite file or one PostgreSQL database, asked from outside its gateways."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, LiteralString, Protocol

import psycopg

from tests.postgres_server import server

Ground = Literal["sqlite", "postgres"]

GROUNDS: Final[tuple[Ground, ...]] = ("sqlite", "postgres")
_BUSY_WAIT_S: Final = 20.0


class Store(Protocol):
    """`name` is what a reader calls it, `url` what a gateway is given; several gateways on one are `gateways_max`."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def gateways_max(self) -> int: ...

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """What it says; values as `?`."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteStore:
    path: Path
    name: str = "SQLite"
    gateways_max: int = 2

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=_BUSY_WAIT_S)) as connection:
            return connection.execute(query, values).fetchall()


@dataclass(frozen=True, slots=True)
class PostgresStore:
    url: str
    name: str = "PostgreSQL"
    gateways_max: int = 4

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.replace("?", "%s"), values or None).fetchall()


@contextmanager
def fresh(ground: Ground, folder: Path) -> Iterator[Store]:
    """Books that nobody has written in; those in PostgreSQL on the server of this run."""
    if ground == "sqlite":
        yield SqliteStore(folder / "books.db")
        return
    with server().fresh() as url:
        yield PostgresStore(url)
