"""What comes late, twice or in another order than it was asked for takes nothing away from whoever is before the page."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.conftest import Maker, PersonMaker
from tests.console.desk import opened, row
from tests.console.held import Held
from tests.console.person import Person
from tests.e2e.harness import House, key_id

# Two presses of one finger: the page may draw itself anew between them, and no answer can have come.
TWICE: Final = "async (button) => { button.click(); await new Promise((done) => setTimeout(done)); button.click(); }"
ENDED: Final[dict[str, Any]] = {"status": 401, "json": {"error": {"message": "No.", "code": "invalid_api_key"}}}
AWAY: Final[dict[str, Any]] = {"status": 503, "json": {"error": {"message": "Away.", "code": "overloaded"}}}


@pytest.fixture
def late(boss: Person) -> Page:
    """The administrator's page, whose routes are nobody's afterwards."""
    boss.page.unroute_all()
    return boss.page


@pytest.fixture(scope="module")
def dot(browser: Browser, house: House, made: Maker) -> Iterator[Person]:
    """A user who does all that the file tells of in one sitting."""
    made("users", id="dot", name="Dot", plan_id="plus")
    dot = Person(browser.new_context(), house.url)
    dot.sign_in(made("keys", kind="user", name="laptop", user_id="dot", manage_keys=True)["key"])
    yield dot
    dot.leave()


def test_a_dialog_stays_while_its_change_is_under_way(boss: Person, late: Page, made: Maker) -> None:
    made("users", id="ann", name="Ann", plan_id="free")
    page = opened(boss, "users/ann")
    held = Held(page, "**/api/admin/users/ann/grants", "POST")
    page.get_by_role("button", name="Give credits").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Credits", exact=True).fill("7.5")
    dialog.get_by_label("Reason, for the audit log").fill("thanks")
    dialog.get_by_role("button", name="Give credits", exact=True).click()
    route = held.one()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    # The second one no page can refuse to a browser.
    for _ in range(2):
        page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    route.continue_()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("7.5 credits left")).to_be_visible()


def test_rows_asked_for_later_are_not_replaced_by_earlier_ones(boss: Person, late: Page, user_key: Callable[..., str]) -> None:
    key = user_key("bob")
    page = opened(boss, "keys?user=bob")
    expect(row(page, key_id(key))).to_be_visible()
    held = Held(page, "**/api/admin/keys?*")
    page.get_by_role("button", name="Show", exact=True).click()
    older = held.one()
    held.let_go()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(row(page, key_id(key))).to_be_visible()
    with page.expect_response("**/api/admin/keys?*"):
        older.fulfill(json={"data": [], "next_before": None})
    expect(row(page, key_id(key))).to_be_visible()
    assert page.locator(".empty").count() == 0


def test_nobody_is_said_to_be_unknown_before_that_is_known(boss: Person, late: Page, made: Maker) -> None:
    made("users", id="cid", name="Cid", plan_id="free")
    page = opened(boss, "support")
    expect(page.get_by_text("Nothing looked up yet")).to_be_visible()
    held = Held(page, "**/api/admin/users/cid")
    page.get_by_label("Call id, request id").fill("cid")
    page.get_by_role("button", name="Look up").click()
    route = held.one()
    expect(page.get_by_text("Loading …")).to_be_visible()
    assert page.get_by_text("Nothing is known of").count() == 0
    route.continue_()
    expect(page.get_by_role("heading", name="Cid")).to_be_visible()


def test_what_fails_when_it_is_asked_again_leaves_what_is_written_and_slow_answers_are_waited_for(
    person: PersonMaker, admin: str
) -> None:
    page = person(admin).page
    page.clock.install()
    held = Held(page, "**/api/admin/budget")
    page.goto(f"{page.url.partition('#')[0]}#/budget")
    first = held.one()
    for _ in range(3):
        page.clock.fast_forward(6_000)
    assert held.routes == []
    first.continue_()
    check = page.get_by_role("button", name="Check the whole ledger now")
    check.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The month is over")
    page.clock.fast_forward(6_000)
    held.one().fulfill(**AWAY)
    expect(page.get_by_role("alert")).to_be_attached()
    expect(dialog.get_by_label("Reason")).to_have_value("The month is over")
    held.let_go()
    page.clock.fast_forward(6_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(dialog.get_by_label("Reason")).to_have_value("The month is over")


def test_a_turn_that_came_while_older_ones_were_asked_for_is_listed(boss: Person, late: Page) -> None:
    turn = {"at_ms": 1_700_000_000_000, "id": "sim/late", "kind": "model", "phase": "open", "why": None}
    day = {"from_ms": 0, "slot_ms": 1_800_000, "strips": [], "turns": [turn], "next_before": None}
    late.route("**/api/admin/health/history?limit=1", lambda route: route.fulfill(json=day))
    held = Held(late, "**/api/admin/health/history?limit=50")
    page = opened(boss, "health")
    expect(page.get_by_text("No attempt in the last day")).to_be_visible()
    held.one().fulfill(json={**day, "turns": []})
    held.one().fulfill(json=day)
    expect(row(page, "sim/late")).to_contain_text("open")


def test_a_refusal_of_an_ended_session_that_comes_after_signing_in_is_asked_again(
    person: PersonMaker, admin: str, made: Maker
) -> None:
    made("users", id="ute", name="Ute", plan_id="free")
    boss = person(admin)
    page = boss.page
    held = Held(page, "**/api/admin/users?*")
    boss.open("Users")
    late = held.one()
    held.let_go()
    page.route("**/api/admin/plans", lambda route: route.fulfill(**ENDED), times=1)
    page.get_by_role("button", name="New user").click()
    over = page.get_by_role("dialog").filter(has_text="Sign in again")
    over.get_by_label("API key").fill(admin)
    over.get_by_role("button", name="Sign in").click()
    expect(over).to_have_count(0)
    late.fulfill(**ENDED)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(row(page, "ute")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_one_finger_that_presses_twice_asks_once(dot: Person) -> None:
    asked: list[str] = []
    dot.page.on("request", lambda request: asked.append(f"{request.method} {request.url.removeprefix(dot.url)}"))
    dot.choose("sim/cut")
    dot.say("Count")
    dot.ends("broken").get_by_role("button", name="Continue").evaluate(TWICE)
    dot.ends("broken")
    dot.open("Start")
    dot.page.get_by_role("button", name="Make a new key").evaluate(TWICE)
    expect(dot.page.get_by_role("tabpanel")).to_contain_text("sb_user_")
    assert [asked.count(f"POST /api/{path}") for path in ("ai/chat", "keys")] == [2, 1]


def test_what_is_thought_of_an_answer_is_told_in_the_order_it_was_thought(dot: Person, house: House) -> None:
    dot.open("Chat")
    dot.choose("sim/echo")
    dot.say("Hello")
    done = dot.ends("done")
    held = Held(dot.page, "**/api/feedback", "POST")
    done.get_by_role("button", name="Good answer").click()
    first = held.one()
    done.get_by_role("button", name="Bad answer").click()
    assert held.routes == []
    first.continue_()
    held.one().continue_()
    expect(done.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    assert house.rows("SELECT thumb FROM feedback WHERE user_id = 'dot'") == [("down",)]


def test_what_is_left_is_what_was_heard_of_last(dot: Person) -> None:
    dot.open("Chat")
    dot.choose("sim/echo")
    held = Held(dot.page, "**/api/me")
    for text in ("One", "Two"):
        dot.say(text)
        dot.ends("done")
    older, newer = held.one(), held.one()
    newer.continue_()
    told = older.fetch().json()
    told["windows"] = [{**window, "left": "77.125"} for window in told["windows"]]
    with dot.page.expect_response("**/api/me") as heard:
        older.fulfill(json=told)
    heard.value.finished()
    expect(dot.page.locator("[data-part=meter]")).to_contain_text("left")
    expect(dot.page.locator("[data-part=meter]")).not_to_contain_text("77.125")
    held.let_go()


def test_pictures_that_are_brought_at_once_are_all_there(dot: Person) -> None:
    dot.open("Chat")
    dot.choose("sim/vision")
    dot.page.get_by_label("Your message").evaluate(
        """(field) => { for (const name of ["one.png", "two.png", "three.png"]) {
            const carried = new DataTransfer();
            carried.items.add(new File([name], name, { type: "image/png" }));
            field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: carried }));
        } }"""
    )
    expect(dot.page.locator("form .thumb")).to_have_count(3)


def test_a_word_on_a_button_comes_back_however_often_it_is_pressed(person: PersonMaker, user_key: Callable[..., str]) -> None:
    gil = person(user_key("gil"))
    gil.page.clock.install()
    gil.open("Start")
    copy = gil.page.locator("dl").get_by_role("button")
    copy.first.click()
    expect(copy.first).not_to_have_text("Copy")
    copy.first.click()
    gil.page.clock.run_for(2_000)
    expect(copy.first).to_have_text("Copy")
