"""Claims about the watch: everybody looks again, and a catalog that is refused is told of once, not at every look."""

import pytest

from proxy.workers.watch import Watch
from tests.workers.test_supervisor import Incidents


class House:
    def __init__(self) -> None:
        self.looks: list[str] = []
        self.why: str | None = None

    async def accounts(self) -> None:
        self.looks.append("accounts")

    async def catalog(self) -> str | None:
        self.looks.append("catalog")
        return self.why

    async def files(self) -> str | None:
        self.looks.append("files")
        return self.why


class Told(Incidents):
    def incident(self, name: str, **facts: str | int) -> None:
        self.names.append(name)


async def test_a_look_asks_accounts_and_catalog_and_a_reload_the_files() -> None:
    house, told = House(), Told()
    watch = Watch(house.accounts, house.catalog, house.files, told)
    await watch.look()
    await watch.reload()
    assert house.looks == ["accounts", "catalog", "files"]
    assert told.names == []


async def test_a_refused_catalog_is_told_once_and_again_when_the_reason_is_another(caplog: pytest.LogCaptureFixture) -> None:
    house, told = House(), Told()
    watch = Watch(house.accounts, house.catalog, house.files, told)
    for why in ("no such plan", "no such plan", None, "no such plan", "no such model"):
        house.why = why
        await watch.look()
    assert told.names == ["catalog_refused"] * 3
    assert "no such model" in caplog.text
