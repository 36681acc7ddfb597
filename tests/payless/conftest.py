"""The till that most tests of this folder stand at; its books must add up when they are done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.store.sqlite import SqliteDatabase
from proxy.store.verify import verify
from tests.api.house import House
from tests.payless.till import open_till


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_till(tmp_path) as opened:
        yield opened
    database = await SqliteDatabase.open(str(tmp_path / "books.db"))
    try:
        assert await verify(database) == []
    finally:
        await database.close()
