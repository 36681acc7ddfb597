"""A measuring instrument and no part of the product: holds and settlements in, their rows committed in batches by one thread
out; the least that books can do which are exact, durable and can be read afterwards.

What is rare is left out: nothing is refunded, extended under other limits, read back after a crash, or shared with another
process.
"""

import asyncio
import sqlite3
import threading
from collections import defaultdict
from queue import SimpleQueue
from typing import Any, Final

import orjson

HOLD: Final = 0
EXTEND: Final = 1
SETTLE: Final = 2
# Extensions of streams that can wait share a commit.
ROUND_S: Final = 0.1
FOLDED_AT: Final = 4_096
DAY_MS: Final = 86_400_000
_CHECKPOINT_PAGES: Final = 16_000

_TABLES: Final = """
CREATE TABLE counters (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, epoch INTEGER NOT NULL, unit TEXT NOT NULL,
    spent INTEGER NOT NULL, held INTEGER NOT NULL, max INTEGER NOT NULL) STRICT;
CREATE TABLE begun (batch INTEGER PRIMARY KEY, calls TEXT NOT NULL) STRICT;
CREATE TABLE entries (batch INTEGER PRIMARY KEY, lines TEXT NOT NULL) STRICT;
CREATE TABLE calls (id INTEGER PRIMARY KEY, user TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, model TEXT NOT NULL,
    provider TEXT NOT NULL, stream INTEGER NOT NULL, status TEXT NOT NULL, http_status INTEGER NOT NULL, reason TEXT NOT NULL,
    duration_ms INTEGER NOT NULL, ttft_ms INTEGER NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL,
    usage_source TEXT NOT NULL, credits_milli INTEGER NOT NULL, raw_nano_usd INTEGER NOT NULL, attempts TEXT NOT NULL,
    timeline TEXT NOT NULL, begun INTEGER NOT NULL, batch INTEGER NOT NULL) STRICT;
CREATE INDEX calls_of_user ON calls (user, id, status, model, credits_milli);
CREATE INDEX calls_of_key ON calls (key, id);
CREATE INDEX calls_of_model ON calls (model, id);
CREATE TABLE rollups (day INTEGER, user TEXT, model TEXT, status TEXT, calls INTEGER NOT NULL, input INTEGER NOT NULL,
    output INTEGER NOT NULL, credits_milli INTEGER NOT NULL, raw_nano_usd INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    ttft_ms INTEGER NOT NULL, PRIMARY KEY (day, user, model, status)) STRICT, WITHOUT ROWID;
CREATE TABLE folded (batch INTEGER NOT NULL) STRICT;
INSERT INTO folded VALUES (0);
"""
_CALL: Final = f"INSERT INTO calls VALUES ({', '.join('?' * 21)})"  # noqa: S608  (constants of this file)
_SUMS: Final = ("calls", "input", "output", "credits_milli", "raw_nano_usd", "duration_ms", "ttft_ms")
_FOLD: Final = (
    f"INSERT INTO rollups VALUES ({', '.join('?' * 11)}) ON CONFLICT DO UPDATE SET "  # noqa: S608  (constants of this file)
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _SUMS)
)


class Counter:
    """What is spent and held of one limit: milli-credits of a user, or nano-USD of all. The writer's thread alone moves it."""

    __slots__ = ("epoch", "every_ms", "held", "id", "max", "scope", "spent", "unit")

    def __init__(self, id: int, scope: str, unit: str, every_ms: int, maximum: int) -> None:
        self.id, self.scope, self.epoch, self.unit, self.every_ms = id, scope, 0, unit, every_ms
        self.spent = self.held = 0
        self.max = maximum


class Live:
    """A call while it runs. `milli` counters are the user's, `nano` ones those of installation and provider; `facts` is what it
    was judged by, for its row in `begun`; `row` is its own, once it has ended. Moments are the loop's, in seconds."""

    __slots__ = (
        "asked_s", "at_ms", "began_s", "begun", "decided_s", "facts", "first_s", "held_milli", "held_nano", "id", "is_stream",
        "key", "milli", "model", "name", "nano", "room", "row", "seen_tokens", "size_tokens", "user",
    )  # fmt: skip

    id: int
    name: bytes
    at_ms: int
    user: str
    key: str
    model: str
    is_stream: bool
    size_tokens: int
    seen_tokens: int
    room: int
    milli: tuple[Counter, ...]
    nano: tuple[Counter, ...]
    facts: dict[str, Any]
    held_milli: int
    held_nano: int
    begun: int
    began_s: float
    decided_s: float
    asked_s: float
    first_s: float
    row: tuple[Any, ...] | None


# What is asked, of which call, milli-credits, nano-USD, and who waits for the answer.
Command = tuple[int, Live, int, int, "asyncio.Future[bool]"]
Entry = tuple[int, int, str, int, int]


class LeastBooks:
    """Group commit over one SQLite file."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Command] = []
        self._batches: SimpleQueue[list[Command] | None] = SimpleQueue()
        self._is_busy = False
        self._round: asyncio.TimerHandle | None = None
        self._number = 0
        self._unfolded: defaultdict[tuple[int, str, str, str], list[int]] = defaultdict(lambda: [0] * 7)
        self._unfolded_calls = 0
        self._thread = threading.Thread(target=self._run, args=(path,), name="least-writer")
        self._thread.start()

    def ask(self, kind: int, call: Live, milli: int, nano: int) -> "asyncio.Future[bool]":
        """Holds, extends by so much, or settles at so much; whether there was room, once it is on disk."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((kind, call, milli, nano, answer))
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._send)
        return answer

    def ask_in_a_round(self, call: Live, milli: int, nano: int) -> "asyncio.Future[bool]":
        """Extends with others, with the next batch that there is, soon at the latest."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._waiting.append((EXTEND, call, milli, nano, answer))
        if not self._is_busy and self._round is None:
            self._round = self._loop.call_later(ROUND_S, self._send)
        return answer

    def hurry(self) -> None:
        """Somebody waits for what was asked in a round."""
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._send)

    def close(self) -> None:
        """Waits for the last commit."""
        self._batches.put(None)
        self._thread.join()

    def _send(self) -> None:
        if self._round is not None:
            self._round.cancel()
            self._round = None
        batch, self._waiting = self._waiting, []
        self._is_busy = bool(batch)
        if batch:
            self._batches.put(batch)

    def _done(self, batch: list[Command], admitted: list[bool]) -> None:
        for (_, _, _, _, answer), is_admitted in zip(batch, admitted, strict=True):
            if not answer.done():
                answer.set_result(is_admitted)
        self._send()

    def _run(self, path: str) -> None:
        """All of the thread. What fails here ends it, and nobody is told that anything was committed."""
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.executescript(_TABLES)
        while batch := self._batches.get():
            admitted = self._committed(connection, batch)
            self._loop.call_soon_threadsafe(self._done, batch, admitted)
        connection.execute("BEGIN IMMEDIATE")
        self._fold(connection)
        connection.execute("COMMIT")
        connection.close()

    def _committed(self, connection: sqlite3.Connection, batch: list[Command]) -> list[bool]:
        self._number += 1
        number, admitted, begun, entries, ended = self._number, [], [], [], []
        moved: set[Counter] = set()
        for kind, call, milli, nano, _ in batch:
            if kind == SETTLE:
                self._settle(call, milli, nano)
                entries.append((call.id, SETTLE, call.user, milli, nano))
                ended.append((*(call.row or ()), call.begun, number))
            elif _has_room(call, milli, nano):
                if kind == HOLD:
                    call.begun = number
                    seen = [(counter.spent, counter.held) for counter in (*call.milli, *call.nano)]
                    begun.append((call.id, call.user, call.key, call.model, call.at_ms, milli, nano, seen, call.facts))
                _hold(call, milli, nano)
                entries.append((call.id, kind, call.user, milli, nano))
            else:
                admitted.append(False)
                continue
            moved.update(call.milli)
            moved.update(call.nano)
            admitted.append(True)
        connection.execute("BEGIN IMMEDIATE")
        if entries:
            connection.executemany(
                "INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(one.id, one.scope, one.epoch, one.unit, one.spent, one.held, one.max) for one in moved],
            )
            connection.execute("INSERT INTO entries VALUES (?, ?)", (number, orjson.dumps(entries).decode()))
        if begun:
            connection.execute("INSERT INTO begun VALUES (?, ?)", (number, orjson.dumps(begun).decode()))
        if ended:
            connection.executemany(_CALL, ended)
            if self._unfolded_calls >= FOLDED_AT:
                self._fold(connection)
        connection.execute("COMMIT")
        return admitted

    def _settle(self, call: Live, milli: int, nano: int) -> None:
        """Gives the hold back, spends what it came to, and counts the call in the roll-ups: its user's, and everybody's."""
        for counter in call.milli:
            counter.held -= call.held_milli
            counter.spent += milli
        for counter in call.nano:
            counter.held -= call.held_nano
            counter.spent += nano
        row = call.row
        assert row is not None
        added = (1, row[12], row[13], milli, nano, row[10], row[11])
        for user in (call.user, ""):
            sums = self._unfolded[call.at_ms // DAY_MS, user, call.model, row[7]]
            sums[:] = [old + new for old, new in zip(sums, added, strict=True)]
        self._unfolded_calls += 1

    def _fold(self, connection: sqlite3.Connection) -> None:
        """The roll-ups are whole up to this batch, which is written beside them."""
        connection.executemany(_FOLD, [(*key, *sums) for key, sums in self._unfolded.items()])
        connection.execute("UPDATE folded SET batch = ?", (self._number,))
        self._unfolded.clear()
        self._unfolded_calls = 0


def _has_room(call: Live, milli: int, nano: int) -> bool:
    """Whether every limit bears so much more. A new window begins with nothing spent."""
    at_ms = call.at_ms
    for counters, amount in ((call.milli, milli), (call.nano, nano)):
        for counter in counters:
            epoch = at_ms // counter.every_ms
            if counter.epoch < epoch:
                counter.epoch, counter.spent = epoch, 0
            if counter.spent + counter.held + amount > counter.max:
                return False
    return True


def _hold(call: Live, milli: int, nano: int) -> None:
    call.held_milli += milli
    call.held_nano += nano
    for counter in call.milli:
        counter.held += milli
    for counter in call.nano:
        counter.held += nano
