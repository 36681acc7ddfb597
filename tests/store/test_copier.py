"""The log of a SQLite file is copied beside the writer, begins anew under load, and a copy that fails harms nobody."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.ports import StoreUnavailable
from proxy.store import copier, sqlite
from proxy.store.copier import Copier
from proxy.store.database import Connection
from proxy.store.sqlite import SqliteDatabase

PAGES = 50
# How slow a disk may be.
PATIENCE_S = 30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "books.db"


@pytest.fixture
async def database(file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteDatabase]:
    monkeypatch.setattr(copier, "COPIED_AT_PAGES", PAGES)
    monkeypatch.setattr(copier, "ANEW_AT_PAGES", 2 * PAGES)
    # The writer itself copies nothing.
    monkeypatch.setattr(sqlite, "_CHECKPOINT_PAGES", 0)
    opened = await SqliteDatabase.open(str(file))
    await opened.write(lambda connection: connection.execute("CREATE TABLE heap (page TEXT)"))
    yield opened
    await opened.close()


def put(connection: Connection) -> None:
    connection.execute("INSERT INTO heap VALUES (?)", ("x" * 3_000,))


def salt(file: Path) -> bytes:
    with file.with_name(f"{file.name}-wal").open("rb") as log:
        return log.read(32)[16:24]


async def test_under_writes_without_a_pause_the_log_begins_anew(database: SqliteDatabase, file: Path) -> None:
    writes = 0
    for _ in range(2):
        before = salt(file)
        async with asyncio.timeout(PATIENCE_S):
            while salt(file) == before:
                await database.write(put)
                writes += 1
    assert await database.read(lambda connection: connection.execute("SELECT count(*) FROM heap").fetchone()) == (writes,)


async def test_a_copy_that_fails_is_made_again_when_as_much_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copier, "COPIED_AT_PAGES", 2)
    monkeypatch.setattr(copier, "ANEW_AT_PAGES", 2)
    log, copies = tmp_path / "log", [0]

    async def failing() -> None:
        copies[0] += 1
        raise StoreUnavailable("the disk is full")

    own = Copier(str(log), failing, failing)
    own.look()
    head = bytes(8) + (4096).to_bytes(4, "big") + bytes(4) + b"its salt" + bytes(8)
    page = bytes(8) + b"its salt" + bytes(8) + bytes(4096)
    for pages in (1, 2, 3, 4):
        log.write_bytes(head + page * pages)
        own.look()
        own.look()
        await own.close()
    assert copies == [2]


async def test_pages_of_a_log_that_was_begun_anew_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copier, "COPIED_AT_PAGES", 2)
    monkeypatch.setattr(copier, "ANEW_AT_PAGES", 2)
    log, copies = tmp_path / "log", [0]

    async def made() -> None:
        copies[0] += 1

    own = Copier(str(log), made, made)
    head = bytes(8) + (4096).to_bytes(4, "big") + bytes(4) + b"new salt" + bytes(8)
    old_page, new_page = (bytes(8) + salt + bytes(8) + bytes(4096) for salt in (b"old salt", b"new salt"))
    log.write_bytes(head + new_page + old_page * 5)
    own.look()
    await own.close()
    assert copies == [0]
    log.write_bytes(head + new_page * 2 + old_page * 4)
    own.look()
    await own.close()
    assert copies == [2]


async def test_no_batch_waits_for_a_copy_until_the_log_is_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copier, "COPIED_AT_PAGES", 2)
    monkeypatch.setattr(copier, "ANEW_AT_PAGES", 6)
    log, copies = tmp_path / "log", list[str]()

    async def beside() -> None:
        copies.append("beside")

    async def between() -> None:
        copies.append("between")

    own = Copier(str(log), beside, between)
    head = bytes(8) + (4096).to_bytes(4, "big") + bytes(4) + b"its salt" + bytes(8)
    page = bytes(8) + b"its salt" + bytes(8) + bytes(4096)
    for pages in range(1, 8):
        log.write_bytes(head + page * pages)
        own.look()
        await own.close()
    assert copies == ["beside", "beside", "beside", "between"]
