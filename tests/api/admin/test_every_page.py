"""Whatever a page of the console asks for is answered by an index: the quick form of the proof over books of millions."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from proxy.domain.conversation import Opening
from proxy.domain.desk import PlanRequest
from proxy.store.sqlite import SqliteDatabase
from tests import builders as b
from tests.api.house import open_house
from tests.proofs.scale.pages import ASKED, open_hall
from tests.proofs.scale.plans import Watched, big_tables, plans, scans

CONSOLE = Path(__file__).parents[3] / "proxy" / "console"
# What is sent to change something, and sessions, which stand in memory.
_ELSEWHERE = {
    "/api/session",
    "/api/feedback",
    "/api/ai/chat",
    "/api/admin/budget/verify",
    "/api/admin/catalog/reload",
    "/api/admin/catalog/restore",
}


# Of rows of one moment, of which there may be any number, all would be looked at before the first that is shown.
_BY_MOMENT_ALONE = re.compile(r"[( ](created_)?at_ms<\?\)")


async def test_no_request_of_a_page_looks_through_a_big_table(tmp_path: Path) -> None:
    database = await SqliteDatabase.open(str(tmp_path / "books.db"))
    async with open_house(tmp_path, database=database) as house:
        text = await house.user_key("ada")
        call_id = (await house.chat(text)).json()["id"]
        await house.parts.directory.file_plan_request(PlanRequest("ask_1", "ada", "plan", "pro", "", "open", b.NOW_MS))
        await house.parts.conversations.begin(Opening("ada", "kept_1", call_id, "Hello", '"Hi."', b.NOW_MS))
    today = datetime.now(UTC).date()
    since, tomorrow = today.isoformat(), (today + timedelta(days=1)).isoformat()
    middle = {"call": call_id, "user": "ada", "key": text.split("_")[2], "request": "ask_1", "line": "5"}
    middle |= {"from": since, "until": tomorrow, "old": since}
    watched = Watched(database)
    async with open_hall(tmp_path, watched, ["ada"], middle) as hall:
        found: list[str] = []
        for asked in ASKED:
            watched.sent.clear()
            await hall.ask(asked, "ada")
            told, big = await plans(database, watched.sent), await big_tables(database)
            found += [f"{asked.path}: {line}" for sent, plan in told.items() for line in scans(sent, plan, big)]
            found += [f"{asked.path}: {line}" for plan in told.values() for line in plan if _BY_MOMENT_ALONE.search(line)]
    await database.close()
    assert found == []


def read_by_pages() -> list[str]:
    return sorted({path for file in CONSOLE.glob("*.js") for path in re.findall(r'["`](/api/[a-z/-]+)', file.read_text())})


@pytest.mark.parametrize("path", read_by_pages())
def test_all_that_the_consoles_pages_read_is_asked_of_large_books_too(path: str) -> None:
    asked = {re.sub(r"[?{].*", "", one.path).rstrip("/") for one in ASKED}
    known = asked | _ELSEWHERE
    assert any(one == path.rstrip("/") or one.startswith(path) for one in known), f"name what reads {path} in ASKED"
