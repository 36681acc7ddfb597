"""Lists of 100,000 rows that mean ill: shown as text, a page at a time, the layout intact, on a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.console import hostile
from tests.console.conftest import Maker, PersonMaker
from tests.console.desk import because
from tests.console.hostile import HOSTILE, VAST
from tests.e2e.harness import House, chat

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 800}
ROWS_AT_ONCE = 50
# One press looks at all 100,000 users, some thousand at a time: no claim is about how long that takes.
ALL_WAIT_MS = 120_000
# What a page shows of it first, whatever wraps.
HEAD = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def vast(house: House, made: Maker) -> str:
    """The key of a user with 100,000 calls, among as many hostile rows of everything."""
    made("users", id=VAST, name=HOSTILE[:100], plan_id="plus")
    key: str = made("keys", kind="user", name=HOSTILE[:100], user_id=VAST, manage_keys=True)["key"]
    call_id = house.http(key).post("/v1/chat/completions", json=chat("sim/echo")).json()["id"]
    hostile.fill(Path(house.database), call_id)
    return key


# Ids that are shown from right to left: a name before them has turned what follows it.
TURNED = """
[...document.querySelectorAll('main .id')].filter((one) => {
  const text = document.createTreeWalker(one, NodeFilter.SHOW_TEXT).nextNode();
  if (!text || text.length < 3 || !/^[ -~]+$/.test(text.data) || text.data.includes('<')) return false;
  const [first, second] = [0, 1].map((at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect();
  });
  return first.top === second.top && second.left < first.left;
}).length
"""
ROWS = "Math.max(...['main tbody tr', 'main li'].map((rows) => document.querySelectorAll(rows).length))"


def wrong_with(page: Page) -> list[str]:
    """What hostile rows have done to a page, in both widths; empty when they are text."""
    found = []
    for name, size in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(size)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append(f"wider than a {name}")
    if page.evaluate("document.querySelectorAll('main script, main img, main [onerror]').length"):
        found.append("elements of theirs")
    if page.evaluate(TURNED):
        found.append("ids turned")
    if page.evaluate(ROWS) > 4 * ROWS_AT_ONCE:
        found.append("too many rows at once")
    return found


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Users", "Show more"),
        ("Requests", "Show more"),
        ("Audit", "Older changes"),
        ("Budget", "Older alerts"),
        ("Health", "Older turns"),
        ("Overview", None),
    ],
)
def test_a_page_of_an_administrator_shows_hostile_rows_as_text(
    person: PersonMaker, vast: str, admin: str, name: str, more: str | None
) -> None:
    boss = person(admin)
    boss.open(name)
    boss.settle()
    if more is not None:
        boss.page.get_by_role("button", name=more).click()
        expect(boss.page.get_by_text(HEAD).nth(ROWS_AT_ONCE)).to_be_attached()
        if name == "Audit":
            boss.page.get_by_text("2 fields set").first.click()
    assert wrong_with(boss.page) == []


def test_supports_story_of_a_hostile_user_is_text(person: PersonMaker, vast: str, admin: str) -> None:
    boss = person(admin)
    boss.page.goto(f"{boss.url}/ui#/support/{VAST}")
    expect(boss.page.get_by_text(HEAD).first).to_be_visible()
    rows = boss.page.locator("section[aria-labelledby=calls] tbody tr")
    for place in (VAST, ""):
        boss.page.goto(f"{boss.url}/ui#/support/{place}")
        expect(boss.page.get_by_text("Nothing looked up yet")).to_have_count(0 if place else 1)
        boss.page.get_by_role("button", name="Older calls").click()
        expect(rows).to_have_count(2 * ROWS_AT_ONCE)
        assert wrong_with(boss.page) == []
    boss.page.get_by_label("Since").fill("2030-01-01")
    expect(boss.page.get_by_text("No call fits")).to_be_visible()


def test_the_users_own_pages_show_hostile_rows_as_text_and_go_on(
    person: PersonMaker, vast: str, user_key: Callable[..., Any]
) -> None:
    user = person(vast)
    user.open("Usage")
    calls = user.page.locator("section[aria-labelledby=calls]")
    expect(calls.get_by_text(HEAD).nth(10)).to_be_attached()
    calls.get_by_role("button", name="Older calls").click()
    expect(calls.locator("tbody tr")).to_have_count(2 * ROWS_AT_ONCE)
    assert wrong_with(user.page) == []
    calls.get_by_label("Outcome").select_option("failed")
    expect(calls.get_by_text("Looked at 10,000 rows without filling the page.")).to_be_visible()
    calls.get_by_role("button", name="Go on looking").click()
    expect(calls.get_by_role("button", name="Go on looking")).to_be_visible()
    calls.get_by_label("Outcome").select_option("")
    calls.locator("tbody a").nth(1).click()
    expect(user.page.get_by_role("heading", name="Timeline")).to_be_visible()
    assert wrong_with(user.page) == []
    for name in ("Start", "Chat"):
        user.open(name)
        assert wrong_with(user.page) == []


def test_users_are_found_by_how_their_ids_begin_and_by_their_state(person: PersonMaker, vast: str, admin: str) -> None:
    boss = person(admin)
    boss.open("Users")
    rows = boss.page.locator("tbody tr")
    expect(rows).to_have_count(ROWS_AT_ONCE)
    begins = boss.page.get_by_label("Id begins with")
    begins.fill("b-09999")
    begins.press("Enter")
    expect(rows).to_have_count(10)
    boss.page.get_by_role("button", name="Suspend: b-099995").click()
    because(boss.page, "Suspend")
    expect(rows.filter(has_text="suspended")).to_have_count(1)
    boss.page.get_by_label("Suspended ones only").check()
    expect(rows).to_have_count(1)
    begins.fill("b-08")
    begins.press("Enter")
    expect(boss.page.get_by_text("Nothing fits this filter")).to_be_visible()


def test_the_dearest_users_are_those_of_all_that_were_looked_at_and_it_says_so(
    person: PersonMaker, vast: str, admin: str
) -> None:
    boss = person(admin)
    # Today may be over since the rows were written.
    boss.page.get_by_label("Period").select_option("7")
    boss.page.get_by_label("By").select_option("user")
    dearest = boss.page.locator("main tbody tr").first
    expect(boss.page.get_by_text("These are the dearest of those up to b-004000; there are more.")).to_be_visible()
    expect(dearest).to_contain_text("b-004000")
    boss.page.get_by_role("button", name="Look at more users").click()
    expect(boss.page.get_by_text("The dearest of all users, by raw cost.")).to_be_visible(timeout=ALL_WAIT_MS)
    expect(dearest).to_contain_text("b-100000")
    assert boss.page.locator("main tbody tr").count() == ROWS_AT_ONCE
