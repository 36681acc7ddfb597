"""Journeys of an administrator who changes things: models, assistants, plans, files, keys and users, each with its reason."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.console.conftest import PersonMaker
from tests.console.person import Person
from tests.e2e.harness import House, chat, key_id

Theme = Literal["light", "dark"]
HOSTILE = "<img src=x onerror=alert(1)> \u202eright to left " + "w" * 400


@pytest.fixture(scope="module")
def boss(browser: Browser, house: House, admin: str) -> Iterator[Person]:
    """An administrator who does all of this in one sitting."""
    boss = Person(browser.new_context(), house.url)
    boss.sign_in(admin)
    yield boss
    boss.leave()


def opened(boss: Person, place: str) -> Page:
    """A page as it is when somebody comes to it from another one."""
    boss.page.goto(f"{boss.url}/ui#/overview")
    boss.page.goto(f"{boss.url}/ui#/{place}")
    expect(boss.page.locator("main h1")).to_be_visible()
    return boss.page


def because(page: Page, button: str, reason: str = "a test") -> None:
    """Gives the reason that the open dialog asks for, and goes ahead."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason, for the audit log").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def reviewed(page: Page, form: str) -> Locator:
    page.get_by_role("form", name=form).get_by_role("button", name="Review the change").click()
    return page.get_by_role("dialog")


def test_a_model_is_withheld_with_a_reason_and_let_go_on(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller = house.http(user_key("mona"))
    page = opened(boss, "models")
    page.get_by_label("Filter by name").fill("vision")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="sim/vision").click()
    page.get_by_role("button", name="Withhold").click()
    because(page, "Withhold", HOSTILE)
    expect(page.get_by_text("Nobody can call it")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("sim/vision")).status_code == 404
    page.get_by_role("button", name="Activate").click()
    because(page, "Activate")
    expect(page.get_by_text("Callers may use it")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("sim/vision")).status_code == 200
    boss.open("Audit")
    expect(boss.page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()


def test_a_model_is_made_known_step_by_step(boss: Person, user_key: Callable[..., str], house: House) -> None:
    free, plus = house.http(user_key("nadia", "free")), house.http(user_key("nadine"))
    page = opened(boss, "models/sim%2Fresolute")

    def codes(stage: str, plan: str | None = None) -> list[int]:
        page.get_by_label(stage).check()
        if plan is not None:
            page.get_by_label(plan).check()
        expect(reviewed(page, "Who sees it").get_by_text("The last 30 days with it")).to_be_visible()
        because(page, "Save")
        expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
        body = chat("sim/resolute", max_tokens=20)
        return [caller.post("/v1/chat/completions", json=body).status_code for caller in (free, plus)]

    assert codes("Nobody, but for users") == [404, 404]
    assert codes("Only these of the plans", "Plus") == [403, 200]
    assert codes("Every plan that lists it") == [200, 200]


def test_a_price_is_changed_after_seeing_what_it_would_have_done(
    boss: Person, user_key: Callable[..., str], house: House, admin: str
) -> None:
    house.http(user_key("oskar")).post("/v1/chat/completions", json=chat("sim/short"))
    page = opened(boss, "models/sim%2Fshort")
    expect(row(page, "oskar")).to_be_visible()
    page.get_by_label("Output", exact=True).fill("-3")
    dialog = reviewed(page, "Price")
    expect(dialog.get_by_role("alert").first).to_contain_text("model[sim/short].prices.output")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_label("Output", exact=True).fill("12.5")
    dialog = reviewed(page, "Price")
    expect(dialog.get_by_role("row").filter(has_text="prices.output")).to_contain_text("12.5")
    expect(dialog.get_by_text(re.compile("of .* replayed calls? would have been different"))).to_be_visible()
    expect(row(page, "Raw cost")).to_contain_text("$")
    expect(dialog.get_by_role("row").filter(has_text="oskar")).to_be_visible()
    because(page, "Save", "New list")
    expect(page.get_by_text("Changed by an administrator")).to_be_visible()
    files = opened_files(page)
    files.get_by_role("button", name="Use the file’s value: sim/short prices").click()
    because(files, "Use the file’s value")
    expect(files.get_by_text("New list")).to_have_count(0)


def opened_files(page: Page) -> Page:
    page.get_by_role("navigation", name="Catalog").get_by_role("link", name="Files").click()
    expect(page.get_by_role("heading", name="Files", exact=True)).to_be_visible()
    return page


def test_an_assistant_is_made_called_changed_beside_another_s_change_and_deleted(
    boss: Person, user_key: Callable[..., str], house: House, admin: str, made: Callable[..., Any]
) -> None:
    caller = house.http(user_key("petra"))
    page = opened(boss, "assistants/new?like=general")
    page.get_by_label("Id, as callers write it").fill("helper")
    page.get_by_label("Name", exact=True).fill("<b>Helper</b>")
    page.get_by_label("Models, best first").fill("sim/nothing")
    page.get_by_label("Reason, for the audit log").fill("wanted")
    page.get_by_role("button", name="New assistant").click()
    expect(page.get_by_role("alert")).to_contain_text("'sim/nothing' names no model")
    page.get_by_label("Models, best first").fill("sim/words\nspare/words")
    page.get_by_role("button", name="New assistant").click()
    expect(page.get_by_role("heading", name="<b>Helper</b>")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("helper")).json()["model"] == "sim/words"
    page.get_by_label("Models, best first").fill("spare/words")
    dialog = reviewed(page, "assistant")
    other_s_change(house, admin)
    dialog.get_by_label("Reason, for the audit log").fill("faster")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody changed this")
    dialog.get_by_role("button", name="Read it again").click()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
    expect(page.get_by_label("Family of tasks")).to_have_value("text")
    assert caller.post("/v1/chat/completions", json=chat("helper")).json()["model"] == "spare/words"
    page.get_by_role("button", name="Delete").click()
    because(page, "Delete")
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("helper")).status_code == 404


def other_s_change(house: House, admin: str) -> None:
    with house.http(admin) as http:
        etag = http.get("/api/admin/assistants/helper").headers["etag"]
        body = {"family": "text", "reason": "another's"}
        assert http.patch("/api/admin/assistants/helper", json=body, headers={"if-match": etag}).status_code == 200


def test_a_plan_is_made_changed_with_a_preview_and_kept_while_somebody_has_it(
    boss: Person, user_key: Callable[..., str], house: House
) -> None:
    page = opened(boss, "plans/new?like=free")
    page.get_by_label("Id", exact=True).fill("trial")
    page.get_by_label("Name", exact=True).fill("Trial")
    page.get_by_role("button", name="Add a row: Credits included").click()
    page.get_by_label("Credits included, Every 2").select_option("day")
    page.get_by_label("Credits included, Credits 2").fill("500")
    page.get_by_label("Reason, for the audit log").fill("for the fair")
    page.get_by_role("button", name="New plan").click()
    expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
    key = user_key("quentin", "trial")
    assert house.http(key).post("/v1/chat/completions", json=chat("sim/small")).status_code == 200
    page.get_by_role("textbox", name="Models").fill("sim/coder")
    dialog = reviewed(page, "plan")
    expect(dialog.get_by_role("row").filter(has_text="tag:common")).to_contain_text("sim/coder")
    expect(dialog.get_by_text("1 refused that were answered")).to_be_visible()
    because(page, "Save")
    assert house.http(key).post("/v1/chat/completions", json=chat("sim/small")).status_code == 403
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_label("Reason, for the audit log").fill("over")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("is held by 1 users or apps")


def test_files_are_looked_at_before_they_are_read_again(boss: Person, house: House) -> None:
    page = opened(boss, "files")
    look = page.get_by_role("button", name="See what reading them would change")
    look.click()
    expect(page.get_by_text("The files say what is in force")).to_be_visible()
    path = house.config / "catalog.toml"
    sound = path.read_text()
    try:
        path.write_text(
            sound.replace('name = "Twice a minute"', 'name = "Now and then"').replace('id = "sketch"', 'id = "sketched"')
        )
        look.click()
        expect(page.locator(".difference").filter(has_text="rare")).to_contain_text("Now and then")
        expect(page.locator(".difference").filter(has_text="sketched")).to_contain_text("new")
        page.get_by_role("button", name="Put these files into force").click()
        expect(page.get_by_role("status").filter(has_text="In force:")).to_be_visible()
        path.write_text(sound.replace("rank = 5", 'rank = "five"'))
        look.click()
        expect(row(page, "plan[rare].rank")).to_contain_text("catalog.toml")
        expect(page.get_by_role("button", name="Put these files into force")).to_have_count(0)
    finally:
        path.write_text(sound)
    look.click()
    page.get_by_role("button", name="Put these files into force").click()
    expect(page.get_by_text("is in force. There is nothing")).to_have_count(0)


def test_a_proposal_is_compared_and_its_mistakes_are_named(boss: Person) -> None:
    page = opened(boss, "files")
    box, compare = page.get_by_label("Rows in TOML"), page.get_by_role("button", name="Compare", exact=True)
    box.fill('[[alias]]\nid = "falls-over"\nmodels = ["sim/nothing"]\n[[plan]]\nid = "x"\n')
    compare.click()
    expect(page.get_by_text("mistakes stand in the way")).to_be_visible()
    expect(row(page, "alias[falls-over].models[0]")).to_contain_text("names no model")
    box.fill('[[alias]]\nid = "falls-over"\nmodels = ["sim/words"]\n')
    compare.click()
    expect(page.locator(".difference")).to_contain_text("sim/words")
    box.fill("<script>alert(1)</script>")
    compare.click()
    expect(row(page, "proposal")).to_contain_text("is no TOML")


def test_a_provider_is_stopped_and_let_go_on(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller, page = house.http(user_key("ralf")), opened(boss, "files")
    page.get_by_role("button", name="Disable: sage").click()
    because(page, "Disable")
    expect(row(page, "sage").filter(has_text="anthropic")).to_contain_text("disabled")
    assert caller.post("/v1/chat/completions", json=chat("sage/tale")).status_code == 404
    page.get_by_role("button", name="Enable: sage").click()
    because(page, "Enable")
    expect(page.get_by_role("button", name="Disable: sage")).to_be_visible()


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


def shown_once(page: Page) -> str:
    """The key of the dialog, which Escape and a click beside it leave open."""
    page.keyboard.press("Escape")
    code = page.get_by_role("dialog").locator("code")
    text = code.inner_text()
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert text not in page.content()
    return text


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


def test_a_call_is_refunded_once_and_a_window_begins_anew(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller = house.http(user_key("ursula"))
    for _ in range(2):
        caller.post("/v1/chat/completions", json=chat("sim/words"))
    page = opened(boss, "users/ursula")
    calls = page.locator("section[aria-labelledby=calls] tbody tr")
    calls.first.get_by_role("button", name="Refund").click()
    because(page, "Refund", "It was nonsense")
    expect(calls.first).to_contain_text("refunded")
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_for_changes_has_a_serious_barrier(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str, theme: Theme
) -> None:
    house.http(user_key(f"wanda-{theme}")).post("/v1/chat/completions", json=chat("sim/words"))
    boss = person(admin, color_scheme=theme)
    # What is built is the same in both; what is painted is not.
    rules = () if theme == "light" else ("color-contrast",)
    found: list[str] = []
    for place, button in (
        ("models", None),
        ("models/sim%2Fwords", "Withhold"),
        ("assistants", None),
        ("assistants/coder", "Delete"),
        ("plans", None),
        ("plans/plus", "Add a row: Own credit prices by family"),
        ("plans/new", None),
        ("files", "See what reading them would change"),
        ("keys", "New key"),
        (f"users/wanda-{theme}", "Add an exception"),
    ):
        page = opened(boss, place)
        page.wait_for_load_state("networkidle")
        found += boss.barriers(*rules)
        if button is not None:
            page.get_by_role("button", name=button).first.click()
            found += boss.barriers(*rules)
            page.keyboard.press("Escape")
    page = opened(boss, "plans/plus")
    page.get_by_label("Rank").fill("9")
    expect(reviewed(page, "plan").get_by_text(re.compile("replayed|recorded"))).to_be_visible()
    found += boss.barriers(*rules)
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
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), place
