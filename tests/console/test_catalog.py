"""Journeys of an administrator through the catalog: models, assistants, plans and files, each change with its reason."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.desk import HOSTILE, because, opened, reviewed, row
from tests.console.person import Person
from tests.e2e.harness import House, chat


def test_a_model_is_withheld_with_a_reason_and_let_go_on(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller = house.http(user_key("mona"))
    page = opened(boss, "models")
    page.get_by_label("Filter by name").fill("vision")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="sim/vision").click()
    page.get_by_role("button", name="Withhold").click()
    expect(page.get_by_role("dialog").get_by_text("The last 30 days with it")).to_be_visible()
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
    page = opened(boss, "models/sim%2Fvision")

    def codes(stage: str, plan: str | None = None) -> list[int]:
        page.get_by_label(stage).check()
        if plan is not None:
            page.get_by_label(plan).check()
        expect(reviewed(page, "Who sees it").get_by_text("The last 30 days with it")).to_be_visible()
        because(page, "Save")
        expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
        body = chat("sim/vision")
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
    expect(dialog).to_have_count(0)
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
    # Once before, where it is previewed, and once when it is tried.
    expect(dialog.get_by_role("alert").filter(has_text="users who hold it: 1")).to_have_count(2)
    dialog.get_by_role("button", name="Cancel").click()


def test_a_change_is_not_lost_by_a_link_and_a_dialog_gives_the_keyboard_back(boss: Person) -> None:
    page = opened(boss, "plans/single")
    page.get_by_label("Rank").fill("7")
    # A question that nobody answers is answered with no.
    page.get_by_role("navigation", name="Catalog").get_by_role("link", name="Models").click()
    expect(page.get_by_label("Rank")).to_have_value("7")
    review = page.get_by_role("button", name="Review the change")
    review.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(review).to_be_focused()
    page.get_by_role("button", name="Discard").press("Enter")
    expect(page.get_by_label("Rank")).to_have_value("4")
    page.get_by_role("navigation", name="Catalog").get_by_role("link", name="Models").press("Enter")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()


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
    expect(page.locator(".difference").filter(has_text="sketched")).to_contain_text("gone")
    page.get_by_role("button", name="Put these files into force").click()
    expect(page.get_by_role("button", name="Put these files into force")).to_have_count(0)


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
    page.get_by_role("button", name="Limit: sage").click()
    page.get_by_role("dialog").get_by_label("Calls at once").fill("77")
    because(page, "Limit")
    expect(row(page, "sage").filter(has_text="anthropic")).to_contain_text("77")
