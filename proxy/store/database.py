"""What the rooms of the store ask of a database, and the one thread that a connection lives in; names no product.

The rooms write SQL that SQLite and PostgreSQL both read: values as `?`, `?1` or `:name` (`x = ?1 OR ?1 IS NULL` in this order,
for the first use says of which type a value is), `ON CONFLICT (key) DO ...`, `RETURNING`, `IS DISTINCT FROM`, `CASE`; and of
SQLite's own words only those that `migrations/postgres` teaches to PostgreSQL.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol, TypeVar

from proxy.ports import Clock, StoreUnavailable

T = TypeVar("T")
Values = Sequence[Any] | Mapping[str, Any]


class BadStatement(ValueError):
    """The database refuses a statement with these values: a bad row or a defect, which does not pass by itself."""


class UnfitDatabase(StoreUnavailable):
    """The database would not keep what it is given, or cannot be found: its operator has to change something."""


class Found(Protocol):
    """What a statement found, as plain tuples, or did: `rowcount` rows written."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Moment(NamedTuple):
    """A state of a database, as one connection tells it from others: how often somebody else and it itself had written."""

    others: int
    own: int

    @property
    def next(self) -> "Moment":
        """The state that this connection's next commit makes, if it succeeds and nobody comes between."""
        return Moment(self.others, self.own + 1)


class Connection(Protocol):
    """A transaction in progress, inside the connection's own thread."""

    @property
    def is_near(self) -> bool:
        """Whether the database is in this process: a statement costs no journey, and a writer has it all to itself. If not,
        a writer locks what it judges by (`locks`) and had better ask for much at once."""
        ...

    @property
    def in_transaction(self) -> bool: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def execute(self, statement: str, parameters: Values = (), /) -> Found: ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object: ...

    def moment(self) -> Moment | None:
        """Which state of its history the database was in when this transaction began; None where that cannot be told."""
        ...

    def now_ms(self, clock: Clock, /) -> int:
        """The moment by which epochs and leases are decided: the database's own where many machines share it, else
        `clock`'s (contract 5)."""
        ...


Work = Callable[[Connection], T]


class Database(Protocol):
    """Work in, its results out, each in one transaction; in the order it was given. All raise StoreUnavailable.

    A cancelled caller stops waiting; work that had begun is still committed. Work must not end the transaction itself,
    and may run twice: an attempt that is known to have left nothing is made again.
    """

    async def write(self, work: Work[T]) -> T:
        """Commits what `work` wrote; an exception rolls back and is raised. Writers take turns: what `work` has read is as
        it was until it commits. Raises CommitUnknown."""
        ...

    async def write_locked(self, work: Work[T]) -> T:
        """As `write`, but beside others: where the database can, only what `work` has locked stays as it was."""
        ...

    async def read(self, work: Work[T]) -> T:
        """Runs `work` on one snapshot; it cannot write."""
        ...

    async def survey(self, work: Work[T]) -> T:
        """`read` for what may look at many rows: no call waits behind it."""
        ...

    async def close(self) -> None:
        """Waits for work already given, then closes. Idempotent."""
        ...


class OneThread:
    """Where one connection lives, which nobody else may touch: jobs are done one by one, in the order they came. It ends with
    its process; whoever wants its last job done closes it."""

    def __init__(self, name: str) -> None:
        # An executor's locks, conditions and two futures a job cost several times what is needed here.
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._closed = False

    async def run(self, job: Callable[[], T]) -> T:
        """Raises StoreUnavailable once closed. A job whose caller leaves before it has begun is not done."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await self._given(job)

    async def close(self, last: Callable[[], None]) -> None:
        """Does what was given, then `last`, then nothing more."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._given(last)
        finally:
            self._jobs.put(None)

    async def _given(self, job: Callable[[], T]) -> T:
        if self._thread.ident is None:
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(job, loop, answer))
        return await answer

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.answer.cancelled():
                job.do()


class _Job(NamedTuple):
    do_it: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: "asyncio.Future[Any]"

    def do(self) -> None:
        try:
            result, error = self.do_it(), None
        except Exception as raised:  # noqa: BLE001 - it is raised again where the job was given
            result, error = None, raised
        with suppress(RuntimeError):  # The loop has ended, and with it whoever waited.
            self.loop.call_soon_threadsafe(self._tell, result, error)

    def _tell(self, result: Any, error: Exception | None) -> None:
        if self.answer.done():
            return
        if error is None:
            self.answer.set_result(result)
        else:
            self.answer.set_exception(error)


def transaction(connection: Connection, begin: Sequence[str], work: Work[T]) -> T:
    """Runs `work` between `begin` and COMMIT, in the connection's thread."""
    try:
        for statement in begin:
            connection.execute(statement)
        result = work(connection)
        connection.commit()
        return result
    finally:
        # A full disk or a lost connection has rolled back already.
        if connection.in_transaction:
            connection.rollback()
