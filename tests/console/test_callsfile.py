"""All calls of a filter saved as one file: page by page, waiting where the gateway says so, going on where it broke off."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Download, Locator, expect

from tests.console import hostile
from tests.console.conftest import PersonMaker
from tests.console.held import Held
from tests.console.person import Person
from tests.e2e.harness import House, chat

OLDER = 450
BUSY: Final[dict[str, Any]] = {
    "status": 429,
    "headers": {"retry-after": "1"},
    "json": {"error": {"message": "Too many.", "code": "rate_limit"}},
}
BROKEN: Final[dict[str, Any]] = {"status": 502, "json": {"error": {"message": "Away.", "code": "upstream"}}}


def calls_of(somebody: Person) -> Locator:
    somebody.open("Usage")
    return somebody.page.locator("section[aria-labelledby=calls]")


def rows_of(saved: Download) -> list[dict[str, str]]:
    with Path(saved.path()).open(newline="") as file:
        return list(csv.DictReader(file))


def test_all_calls_are_saved_and_those_of_a_filter(person: PersonMaker, user_key: Callable[..., str], house: House) -> None:
    key = user_key("calla")
    call = house.http(key).post("/v1/chat/completions", json=chat("sim/words", "=HYPERLINK(1)")).json()["id"]
    hostile.copy(Path(house.database), call, OLDER)
    calla = person(key)
    calls = calls_of(calla)
    expect(calls.locator("tbody tr")).to_have_count(50)
    held = Held(calla.page, "**/api/calls?*limit=200*")
    calls.get_by_role("button", name="Save as CSV").click()
    held.one().continue_()
    expect(calls.get_by_text("200 calls so far")).to_be_visible()
    # The second page has to be waited for, and the third does not come at first.
    held.one().fulfill(**BUSY)
    held.one().continue_()
    held.one().fulfill(**BROKEN)
    held.let_go()
    with calla.page.expect_download() as saved:
        calls.get_by_role("button", name="Go on after 400 calls").click()
    rows = rows_of(saved.value)
    expect(calls.get_by_text("All 451 calls are in the file.")).to_be_visible()
    assert len({row["call"] for row in rows}) == len(rows) == OLDER + 1
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    day = rows[200]["at"][:10]
    for label in ("Since", "Until"):
        calls.get_by_label(label).fill(day)
    expect(calls.locator("tbody tr")).to_have_count(24)
    with calla.page.expect_download() as saved:
        calls.get_by_role("button", name="Save as CSV").click()
    assert {row["at"][:10] for row in rows_of(saved.value)} == {day}
