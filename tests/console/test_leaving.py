"""What somebody has written and not saved outlives what happens to them: the back button, a link, signing out, closing the tab,
and a session whose time is over."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from proxy.api.session_files import SessionFiles
from tests.console.conftest import PersonMaker
from tests.console.desk import opened, reviewed
from tests.console.person import Person
from tests.e2e.harness import PROVIDER_KEY, House, Yard

REASON = "Because <b>spring</b> comes"


class Answers:
    """Answers what a page asks, and remembers it."""

    def __init__(self, page: Page, goes: bool) -> None:
        self.goes = goes
        self.asked: list[str] = []
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message or dialog.type)
        if self.goes:
            dialog.accept()
        else:
            dialog.dismiss()


def rank(page: Page) -> str:
    return page.get_by_label("Rank").input_value()


def test_the_way_back_a_link_and_signing_out_ask_before_changes_are_lost(person: PersonMaker, admin: str) -> None:
    boss = person(admin)
    page = boss.page
    answers = Answers(page, goes=False)
    boss.open("Users")
    page.get_by_role("link", name="Catalog").click()
    page.get_by_role("link", name="Plans").click()
    page.locator("tbody").get_by_role("link", name="Plus").click()
    page.get_by_label("Rank").fill("77")
    place = page.url
    page.go_back()
    expect(page).to_have_url(place)
    page.get_by_role("navigation").get_by_role("link", name="Users").click()
    expect(page).to_have_url(place)
    page.get_by_role("button", name="Sign out").click()
    assert answers.asked == ["What you wrote here is not saved. Leave all the same?"] * 3
    assert rank(page) == "77"
    answers.goes = True
    page.go_back()
    expect(page.get_by_role("heading", name="Plans", level=1)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Models", level=1)).to_be_visible()
    page.go_forward()
    page.go_forward()
    expect(page.get_by_label("Rank")).not_to_have_value("77")
    assert len(answers.asked) == 4


def test_a_tab_with_changes_asks_before_it_is_closed_and_one_without_does_not(person: PersonMaker, admin: str) -> None:
    boss = person(admin)
    answers = Answers(boss.page, goes=False)
    page = opened(boss, "plans/new")
    page.get_by_label("Name", exact=True).fill("Half a plan")
    page.get_by_label("Rank").fill("5")
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a plan")
    assert answers.asked == ["beforeunload"]
    answers.goes = True
    page.reload()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")
    page.reload()
    assert answers.asked == ["beforeunload"] * 2


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway of two workers, whose sessions lie in files."""
    folder = tmp_path_factory.mktemp("crew")
    yard = Yard(folder)
    try:
        made = House(yard, folder / "home", (yard.simulator("sim", PROVIDER_KEY),))
        made.env["TMPDIR"] = str(folder)
        made.start("--workers", "2")
        yield made
    finally:
        yard.clear()


def let_time_pass(crew: House) -> None:
    """The time of all sessions is over, as after an hour without use."""
    (folder,) = Path(crew.env["TMPDIR"]).glob("*/sessions")
    sessions = SessionFiles(folder)
    assert len(sessions) > 0
    for hashed, session in list(sessions.items()):
        sessions[hashed] = replace(session, idle_until_ms=1)


def test_a_session_that_ends_while_somebody_writes_loses_nothing_of_it(person: PersonMaker, crew: House) -> None:
    key = crew.key("admin", None, None, "--name", "operator")
    boss = person(key, crew.url)
    page = opened(boss, "plans/plus")
    page.get_by_label("Rank").fill("78")
    let_time_pass(crew)
    dialog = reviewed(page, "plan")
    signs_in_again(boss, key)
    # What the page had asked for meanwhile is asked for again.
    expect(dialog.get_by_text("No chat was recorded in the last 30 days")).to_be_visible()
    dialog.get_by_label("Reason, for the audit log").fill(REASON)
    let_time_pass(crew)
    dialog.get_by_role("button", name="Save", exact=True).click()
    signs_in_again(boss, key)
    expect(dialog.get_by_role("alert")).to_contain_text("This was not done")
    expect(dialog.get_by_label("Reason, for the audit log")).to_have_value(REASON)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
    assert rank(page) == "78"
    boss.open("Audit")
    expect(page.get_by_role("listitem").filter(has_text=REASON)).to_be_visible()


def signs_in_again(boss: Person, key: str) -> None:
    over = boss.page.get_by_role("dialog").filter(has_text="Sign in again")
    over.get_by_label("API key").fill(key)
    over.get_by_role("button", name="Sign in").click()
    expect(over).to_have_count(0)
