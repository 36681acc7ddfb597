"""What no page of a user shows and no answer to it holds: raw cost, multipliers, keys of providers, other people."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PersonMaker
from tests.console.person import Person
from tests.console.test_pages import PLANTED
from tests.e2e.harness import House, chat

STRANGER = "other-person"
# In answers also by the name of the field; on a page these are words like any other.
TOLD = re.compile(rf"{PLANTED.pattern}|{STRANGER}|Other Person")
SHOWN = re.compile(rf"7\.654321|7654321|1\.234567|9\.876543|123\.456789|987\.654321|{STRANGER}|Other Person|nano")


def pages_of(somebody: Person) -> list[str]:
    """The names of all pages in the menu."""
    return somebody.page.get_by_role("navigation", name="Signalbox").get_by_role("link").all_inner_texts()


def test_no_page_of_a_user_and_no_answer_to_it_holds_what_users_may_not_see(
    person: PersonMaker, user_key: Callable[..., str], made: Callable[..., Any], house: House
) -> None:
    made("users", id=STRANGER, name="Other Person", plan_id="plus")
    theirs = made("keys", kind="user", name="theirs", user_id=STRANGER)["key"]
    house.http(theirs).post("/v1/chat/completions", json=chat("sim/echo"))
    uma = person(user_key("uma"))
    for model in ("sim/echo", "falls-over", "sim/broken", "secretive"):
        uma.choose(model)
        uma.say("hello")
        expect(uma.page.get_by_role("button", name="Send")).to_be_visible()
        expect(uma.answer).to_have_attribute("data-state", re.compile("done|failed"))
    uma.answer.get_by_role("button", name="Why this model").click()
    expect(uma.answer.get_by_role("link", name="Open the call")).to_be_visible()
    shown = {}
    for name in pages_of(uma):
        uma.open(name)
        uma.settle()
        shown[name] = uma.page.content()
    uma.open("Usage")
    for label in ("Model", "Family", "Day"):
        uma.page.locator("section[aria-labelledby=history]").get_by_label("By").select_option(label=label)
    uma.page.get_by_label("Show prechecks").check()
    with uma.page.expect_download() as saved:
        uma.page.locator("section[aria-labelledby=history]").get_by_role("button", name="Save as CSV").click()
    shown["history.csv"] = saved.value.path().read_text()
    uma.page.locator("section[aria-labelledby=calls] td a").first.click()
    expect(uma.page.get_by_role("heading", name="Timeline")).to_be_visible()
    shown["call"] = uma.page.content()
    told = [answer for answer in uma.answers if "/api/" in answer.url]
    assert len({answer.url.partition("?")[0] for answer in told}) >= 7
    assert [answer.url for answer in told if TOLD.search(f"{answer.text()} {answer.all_headers()}")] == []
    assert [name for name, content in shown.items() if SHOWN.search(content)] == []
    assert len(shown) >= 5
