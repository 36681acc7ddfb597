"""Journeys of an administrator who changes keys and users, and what holds on every page for changes."""

import re
import sqlite3
from collections.abc import Callable
from typing import Any, Literal

from playwright.sync_api import Route, expect

from tests.console.conftest import PersonMaker
from tests.console.desk import HOSTILE, because, opened, reviewed, row, shown_once
from tests.console.person import Person
from tests.e2e.harness import House, chat, key_id

Theme = Literal["light", "dark"]


def test_keys_are_found_made_once_renewed_and_ended(boss: Person, user_key: Callable[..., str], house: House) -> None:
    first = user_key("sonja")
    page = opened(boss, "keys")
    page.get_by_label("User id").fill("sonja")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("User id")).to_have_value("sonja")
    dialog.get_by_label("Name, such as").fill("build machine")
    dialog.get_by_text("Bounds and wishes").click()
    dialog.get_by_label("Only these models (optional)").fill("sim/words")
    dialog.get_by_role("button", name="Add a row: Caps").click()
    dialog.get_by_label("Caps in credits (optional), Credits 1").fill("25")
    dialog.get_by_label("Reason, for the audit log").fill("asked for it")
    dialog.get_by_role("button", name="Make the key").click()
    secret = shown_once(page)
    assert house.http(secret).post("/v1/chat/completions", json=chat("sim/echo")).status_code == 403
    expect(row(page, "build machine")).to_contain_text("only sim/words; 25 credits a day")
    page.get_by_role("button", name=f"Wishes: build machine {key_id(secret)}").click()
    dialog.get_by_label("Never these models").fill("sim/words")
    because(page, "Wishes")
    expect(row(page, "build machine")).to_contain_text("never sim/words")
    page.get_by_role("button", name=f"Renew: build machine {key_id(secret)}").click()
    dialog.get_by_label("The old one goes on").fill("0")
    dialog.get_by_label("Reason, for the audit log").fill("leaked")
    dialog.get_by_role("button", name="Renew", exact=True).click()
    assert shown_once(page) != secret
    assert house.http(secret).get("/api/me").status_code == 401
    page.get_by_role("button", name=f"End: laptop {key_id(first)}", exact=True).click()
    because(page, "End")
    expect(page.get_by_text("1 key ended.")).to_be_visible()
    page.get_by_label("Leave out ended ones").uncheck()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(row(page, "laptop")).to_contain_text("ended")


def test_a_user_is_given_credits_another_plan_and_an_exception(
    boss: Person, user_key: Callable[..., str], house: House
) -> None:
    caller = house.http(user_key("tilda", "free"))
    boss.open("Users")
    page = opened(boss, "users/tilda")
    page.get_by_role("button", name="Give credits").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Credits", exact=True).fill("abc")
    dialog.get_by_label("Reason, for the audit log").fill("thanks")
    dialog.get_by_role("button", name="Give credits", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Credits", exact=True).fill("12.5")
    dialog.get_by_label("Ends on").fill("2030-01-31")
    dialog.get_by_role("button", name="Give credits", exact=True).click()
    expect(page.get_by_text("12.5 credits left")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("sim/gold")).status_code == 403
    page.get_by_role("button", name="Add an exception").click()
    dialog.get_by_label("Opens these models").fill("sim/gold")
    dialog.get_by_label("Ends on").fill("2030-01-31")
    because(page, "Add an exception", "for a <b>talk</b>")
    expect(row(page, "opens sim/gold")).to_contain_text("for a <b>talk</b>")
    assert caller.post("/v1/chat/completions", json=chat("sim/gold")).status_code == 200
    page.get_by_role("button", name="Change plan").click()
    dialog.get_by_label("New plan").select_option("plus")
    dialog.get_by_label("From when").select_option("edge")
    because(page, "Change plan")
    expect(page.get_by_text("plus follows")).to_be_visible()
    expect(row(page, "opens sim/gold")).to_be_visible()
    page.get_by_role("button", name="Remove: for a").click()
    because(page, "Remove")
    expect(row(page, "opens sim/gold")).to_have_count(0)
    page.get_by_role("button", name="Change plan").click()
    dialog.get_by_label("New plan").select_option("plus")
    because(page, "Change plan")
    expect(page.get_by_text("plus follows")).to_have_count(0)
    assert caller.get("/api/me").json()["plan"]["id"] == "plus"


def test_a_user_is_made_bounded_and_given_a_key(boss: Person, house: House) -> None:
    boss.open("Users")
    page = boss.page
    page.get_by_role("button", name="New user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Yvonne")
    dialog.get_by_label("Id (optional)").fill("yvonne")
    dialog.get_by_label("Plan").select_option("plus")
    because(page, "New user")
    expect(page.get_by_role("heading", name="Yvonne")).to_be_visible()
    page.get_by_role("button", name="Change bounds").click()
    dialog.get_by_role("button", name="Add a row: Caps").click()
    dialog.get_by_label("Caps in credits (optional), Credits 1").fill("0.001")
    dialog.get_by_label("Never these models").fill("sim/echo")
    because(page, "Change bounds")
    expect(page.get_by_text("never sim/echo")).to_be_visible()
    page.get_by_role("button", name="New key").click()
    dialog.get_by_label("Name, such as").fill("laptop")
    dialog.get_by_label("Reason, for the audit log").fill("first day")
    dialog.get_by_role("button", name="Make the key").click()
    yvonne = house.http(shown_once(page))
    assert yvonne.post("/v1/chat/completions", json=chat("sim/small")).status_code == 402
    expect(row(page, "laptop")).to_contain_text("active")


def test_what_is_typed_while_a_list_comes_is_what_is_looked_for(boss: Person, made: Callable[..., Any]) -> None:
    made("users", id="zq-1", name="Zoran", plan_id="free")
    made("users", id="zq-2", name="Zelda", plan_id="free")
    held: list[Route] = []
    boss.page.route("**/api/admin/users?*", lambda route: held.append(route))
    page = opened(boss, "users")
    page.get_by_label("Name begins with").fill("zor")
    for route in held:
        route.continue_()
    page.unroute("**/api/admin/users?*")
    expect(row(page, "Zelda")).to_be_visible()
    page.get_by_label("Name begins with").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(row(page, "Zoran")).to_be_visible()


def test_users_are_found_by_how_their_names_begin(boss: Person, made: Callable[..., Any]) -> None:
    for number, name in enumerate(("Xaver Ash", "xaverine@firm.example", "Xenia")):
        made("users", id=f"xq-{number}", name=name, plan_id="free")
    page = opened(boss, "users")
    page.get_by_label("Name begins with").fill("xaver")
    page.get_by_label("Name begins with").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Id begins with").fill("xq-2")
    page.get_by_label("Id begins with").press("Enter")
    expect(page.get_by_label("Name begins with")).to_have_value("")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(row(page, "Xenia")).to_be_visible()


def test_a_call_is_refunded_once_and_a_window_begins_anew(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller = house.http(user_key("ursula"))
    for _ in range(3):
        caller.post("/v1/chat/completions", json=chat("sim/words"))
    page = opened(boss, "users/ursula")
    calls = page.locator("section[aria-labelledby=calls] tbody tr")
    calls.first.get_by_role("button", name="Refund").click()
    because(page, "Refund", "It was nonsense")
    expect(calls.first).to_contain_text("refunded")
    calls.nth(1).get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    page.get_by_role("button", name="Refund").click()
    because(page, "Refund", "So was this")
    expect(page.get_by_text("given back")).to_be_visible()
    page.get_by_role("link", name="ursula").first.click()
    page.get_by_role("link", name="Change something").click()
    page.get_by_role("button", name="Begin a window anew").click()
    because(page, "Begin a window anew")
    expect(page.get_by_text("credits are given back")).to_be_visible()
    expect(page.get_by_text("0 of 1,000,000 spent")).to_be_visible()


def test_a_cool_off_is_lifted_and_nobody_is_found_under_a_wrong_id(
    boss: Person, user_key: Callable[..., str], house: House
) -> None:
    user_key("viktor")
    with sqlite3.connect(house.database, timeout=10) as books:
        books.execute("UPDATE users SET cooling_until_ms = 4000000000000 WHERE id = 'viktor'")
    books.close()
    page = opened(boss, "users/viktor")
    expect(page.get_by_text("cooling off until")).to_be_visible()
    page.get_by_role("button", name="Lift the cool-off").click()
    because(page, "Lift the cool-off")
    expect(page.get_by_text("active", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Suspend", exact=True).click()
    because(page, "Suspend")
    expect(page.get_by_text("suspended", exact=True)).to_be_visible()
    page.get_by_role("button", name="Let call again").click()
    because(page, "Let call again")
    assert house.rows("SELECT cooling_until_ms, suspended FROM users WHERE id = 'viktor'") == [(None, 0)]
    opened(boss, "users/nobody-such")
    expect(page.get_by_text("There is no user nobody-such")).to_be_visible()


def test_no_page_for_changes_has_a_serious_barrier(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    house.http(user_key("wanda")).post("/v1/chat/completions", json=chat("sim/words"))
    boss = person(admin)
    # A form that was begun is left for the next page.
    boss.page.on("dialog", lambda asked: asked.accept())
    found: list[str] = []
    for place, button in (
        ("models", None),
        ("models/sim%2Fwords", None),
        ("assistants/coder", "Delete"),
        ("plans/new", "Add a row: Own credit prices by family"),
        ("files", "See what reading them would change"),
        ("keys", "New key"),
        ("users/wanda", None),
        ("users/wanda", "Add an exception"),
    ):
        page = opened(boss, place)
        boss.settle()
        if button is not None:
            page.get_by_role("button", name=button).first.click()
        found += boss.barriers()
        page.keyboard.press("Escape")
    page = opened(boss, "plans/plus")
    page.get_by_label("Rank").fill("9")
    expect(reviewed(page, "plan").get_by_text(re.compile("replayed|recorded"))).to_be_visible()
    found += boss.barriers()
    assert found == []


def test_pages_for_changes_fit_a_phone_whatever_names_hold(
    person: PersonMaker, user_key: Callable[..., str], admin: str, made: Callable[..., Any]
) -> None:
    made("users", id="xaver", name=HOSTILE[:240], plan_id="plus")
    made("keys", kind="user", name=HOSTILE[:240], user_id="xaver")
    boss = person(admin, viewport={"width": 360, "height": 740}, has_touch=True)
    for place in (
        "models",
        "models/sim%2Fwords",
        "assistants/coder",
        "plans",
        "plans/plus",
        "files",
        "keys?user=xaver",
        "users/xaver",
    ):
        page = opened(boss, place)
        boss.settle()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), place
