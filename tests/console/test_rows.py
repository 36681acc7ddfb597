"""Journeys of an administrator who makes what users then use, models, aliases and apps; a key's caps, the policy, a ceiling."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.conftest import PersonMaker
from tests.console.desk import HOSTILE, because, opened, reviewed, row
from tests.console.person import Person
from tests.e2e.harness import House, chat, key_id

CHAT = "/v1/chat/completions"


def given(page: Page, button: str, reason: str = "a test") -> None:
    """Gives the reason that a form for something new asks for, and makes it."""
    page.get_by_label("Reason, for the audit log").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()


def test_a_model_is_made_seen_by_nobody_then_by_all_and_answers_in_a_chat(
    boss: Person, person: PersonMaker, user_key: Callable[..., str], house: House
) -> None:
    key = user_key("zara")
    page = opened(boss, "models")
    page.get_by_role("link", name="New model").click()
    page.get_by_label("Id, as callers write it").fill("sim/fresh")
    page.get_by_label("Name at the provider").fill("sim-fresh--echo")
    page.get_by_label("Model family").fill("sim")
    page.get_by_label("Tags").fill("common")
    page.get_by_label("Calls tools").check()
    page.get_by_role("button", name="Add a row: Quality").click()
    page.get_by_label("Quality by family of tasks, Family of tasks 1").fill("code")
    page.get_by_label("Quality by family of tasks, Quality 1").fill("0.05")
    page.get_by_label("Input", exact=True).fill("1.5")
    given(page, "New model")
    expect(page.get_by_role("alert")).to_contain_text("model[sim/fresh].prices")
    page.get_by_label("Output", exact=True).fill("3")
    page.get_by_role("button", name="See the last 30 days with it").click()
    expect(page.get_by_text(re.compile("would have gone and cost the same|No chat was recorded"))).to_be_visible()
    assert house.http(key).post(CHAT, json=chat("sim/fresh")).status_code == 404
    given(page, "New model", "asked for <b>daily</b>")
    expect(page.get_by_text("Saved. It is in force.")).to_be_visible()
    expect(page.get_by_label("Nobody, but for users")).to_be_checked()
    assert house.http(key).post(CHAT, json=chat("sim/fresh")).status_code == 404
    page.get_by_label("Every plan that lists it").check()
    reviewed(page, "Who sees it")
    because(page, "Save")
    zara = person(key)
    zara.page.locator("aside summary").first.click()
    zara.choose("sim/fresh")
    zara.say("fresh words")
    expect(zara.ends("done")).to_contain_text("fresh words")


def test_a_model_is_changed_in_all_that_it_is_and_deleted(boss: Person, made: Callable[..., Any], house: House) -> None:
    made(
        "models",
        id="sim/brief",
        upstream_name="sim-small",
        family="sim",
        context_tokens_max=9_000,
        output_tokens_max=500,
        prices={"input": "1", "output": "2"},
    )
    page = opened(boss, "models/sim%2Fbrief")
    page.get_by_label("Context, in tokens").fill("7000")
    page.get_by_text("Nothing that its dialect").click()
    page.get_by_label("logprobs").check()
    page.get_by_label("To the first content").fill("2500")
    dialog = reviewed(page, "Everything else")
    for change in ("context_tokens_max", "lacks", "timeouts.first_byte_ms"):
        expect(row(page, change)).to_be_visible()
    expect(dialog.get_by_role("row")).to_have_count(4)
    because(page, "Save")
    expect(page.get_by_role("form", name="Everything else").get_by_text("logprobs").first).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_text("The last 30 days with it")).to_be_visible()
    because(page, "Delete", "no longer needed")
    expect(page.get_by_text("Deleted.")).to_be_visible()


def test_a_deleted_row_of_the_files_is_taken_back(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller, page = house.http(user_key("zeno")), opened(boss, "aliases/mended")
    assert caller.post(CHAT, json=chat("mended")).status_code == 200
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog").get_by_text(re.compile("[0-9]+ refused that w"))).to_be_visible()
    because(page, "Delete")
    assert caller.post(CHAT, json=chat("mended")).status_code == 404
    page = opened(boss, "files")
    page.get_by_role("button", name="Use the file’s value: mended").click()
    because(page, "Use the file’s value")
    expect(page.get_by_role("button", name="Use the file’s value: mended")).to_have_count(0)
    assert caller.post(CHAT, json=chat("mended")).status_code == 200


def test_what_is_still_needed_says_by_whom_before_it_is_deleted(boss: Person, user_key: Callable[..., str]) -> None:
    user_key("zack")
    for place, by in (("plans/plus", "users who hold it: "), ("assistants/general", "default_assistant")):
        page = opened(boss, place)
        page.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(by)


def test_an_alias_is_made_and_leads_elsewhere_after_a_change(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller, page = house.http(user_key("zita")), opened(boss, "aliases")
    page.get_by_role("link", name="New alias").click()
    page.get_by_label("Id, as callers write it").fill("house-style")
    page.get_by_label("Models, tried in this order").fill("sim/words")
    given(page, "New alias")
    expect(page.get_by_role("heading", name="house-style")).to_be_visible()
    assert caller.post(CHAT, json=chat("house-style")).json()["model"] == "sim/words"
    page.get_by_label("Models, tried in this order").fill("sim/broken\nspare/words")
    expect(reviewed(page, "alias").get_by_text("1 of 1 replayed calls").or_(page.get_by_text("replayed calls"))).to_be_visible()
    because(page, "Save")
    assert caller.post(CHAT, json=chat("house-style")).json()["model"] == "spare/words"


def test_an_app_is_made_bounded_and_suspended(boss: Person, house: House) -> None:
    page = opened(boss, "apps")
    page.get_by_role("link", name="New app").click()
    page.get_by_label("Id", exact=True).fill("shop")
    page.get_by_label("Name", exact=True).fill("<i>Shop</i>")
    page.get_by_label("Plan of new users").select_option("free")
    page.get_by_label("New users a day, at most").fill("1")
    given(page, "New app")
    expect(page.get_by_role("heading", name="<i>Shop</i>")).to_be_visible()
    page.get_by_role("link", name="Its keys").click()
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name, such as").fill("server")
    dialog.get_by_label("Reason, for the audit log").fill("first day")
    dialog.get_by_role("button", name="Make the key").click()
    server = house.http(dialog.locator("code").inner_text())
    page.get_by_role("button", name="I have copied it").click()

    def asked(user: str) -> int:
        return server.post(CHAT, json=chat("sim/small"), headers={"x-signalbox-user": user}).status_code

    assert (asked("one"), asked("two")) == (200, 429)
    page = opened(boss, "apps/shop")
    page.get_by_label("New users a day, at most").fill("9")
    page.get_by_label("Caps in credits, for all its users together, Credits 1").fill("0.001")
    reviewed(page, "app")
    because(page, "Save")
    assert asked("one") == 402
    page.get_by_role("button", name="Suspend").click()
    because(page, "Suspend")
    expect(page.get_by_text("suspended")).to_be_visible()
    assert asked("one") == 403
    page.get_by_role("button", name="Let call again").click()
    because(page, "Let call again")
    assert asked("one") == 402
    page.get_by_role("link", name="Its users").click()
    expect(row(page, "shop / one")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page = opened(boss, "apps")
    expect(row(page, "<i>Shop</i>")).to_contain_text("0.001 a month")


def test_the_caps_of_a_key_are_set_and_refuse_its_next_call(boss: Person, user_key: Callable[..., str], house: House) -> None:
    key = user_key("zelda")
    caller, page = house.http(key), opened(boss, "keys?user=zelda")
    button = page.get_by_role("button", name=f"Caps: laptop {key_id(key)}")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add a row: Caps").click()
    dialog.get_by_label("Caps in credits (optional), Credits 1").fill("0.001")
    because(page, "Change the caps")
    expect(row(page, "laptop")).to_contain_text("0.001 credits a day")
    assert caller.post(CHAT, json=chat("sim/small")).json()["error"]["code"] == "budget_cap_reached"
    button.click()
    dialog.get_by_role("button", name="Remove row Caps").click()
    because(page, "Change the caps")
    assert caller.post(CHAT, json=chat("sim/small")).status_code == 200


def test_the_bounds_of_a_key_are_set_and_refuse_its_next_call(boss: Person, user_key: Callable[..., str], house: House) -> None:
    key = user_key("zeus")
    caller, page = house.http(key), opened(boss, "keys?user=zeus")
    button = page.get_by_role("button", name=f"Bounds: laptop {key_id(key)}")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Only these models (optional)").fill("sim/words\nsim/echo")
    dialog.get_by_label("Requests in a time (optional)").fill("3")
    dialog.get_by_label("In seconds").fill("3600")
    dialog.get_by_label("Ends on (optional)").fill("2099-12-31")
    because(page, "Change the bounds")
    expect(row(page, "laptop")).to_contain_text("only sim/words, sim/echo; 3 requests in 3600 s")
    assert caller.post(CHAT, json=chat("sim/small")).status_code == 403
    assert [caller.post(CHAT, json=chat("sim/echo")).status_code for _ in range(3)] == [200, 200, 429]
    button.click()
    expect(dialog.get_by_label("Ends on (optional)")).to_have_value("2099-12-31")
    for label in ("Only these models (optional)", "Requests in a time (optional)"):
        dialog.get_by_label(label).fill("")
    because(page, "Change the bounds")
    expect(row(page, "laptop")).not_to_contain_text("sim/words")
    expect(row(page, "laptop")).to_contain_text("2099")
    assert caller.post(CHAT, json=chat("sim/small")).status_code == 200


def test_the_policy_is_changed_after_a_look_at_the_last_days(boss: Person, user_key: Callable[..., str], house: House) -> None:
    caller, page = house.http(user_key("zilla")), opened(boss, "policy")
    assert caller.post(CHAT, json=chat("sim/small")).status_code == 200
    page.get_by_label("Credits for a dollar").fill("2000")
    page.get_by_label("What is done with a prompt, Then 1").select_option("block")
    dialog = reviewed(page, "policy")
    expect(row(page, "credits_per_dollar")).to_contain_text("2000")
    expect(dialog.get_by_text(re.compile("of .* replayed calls? would have been different"))).to_be_visible()
    because(page, "Save")
    expect(page.get_by_text("Changed by an administrator")).to_be_visible()
    files = opened(boss, "files")
    for field in ("credits_per_dollar", "actions"):
        files.get_by_role("button", name=f"Use the file’s value: policy {field}").click()
        because(files, "Use the file’s value")
        expect(files.get_by_role("button", name=f"Use the file’s value: policy {field}")).to_have_count(0)


def test_a_ceiling_is_shown_with_its_file_and_holds_once_that_is_read_again(
    boss: Person, user_key: Callable[..., str], house: House
) -> None:
    caller, page = house.http(user_key("zoe")), opened(boss, "files")
    expect(row(page, '[[ceiling]] scope = "provider:capped"')).to_contain_text("catalog.toml")
    path = house.config / "catalog.toml"
    sound = path.read_text()

    def read_again(text: str) -> None:
        path.write_text(text)
        page.get_by_role("button", name="See what reading them would change").click()
        expect(page.get_by_text("Ceilings on raw cost would change.")).to_be_visible()
        page.get_by_role("button", name="Put these files into force").click()
        expect(page.get_by_text("Ceilings on raw cost would change.")).to_have_count(0)

    try:
        read_again(sound.replace('scope = "provider:capped"', 'scope = "provider:sage"'))
        expect(row(page, "provider:sage")).to_be_visible()
        assert caller.post(CHAT, json=chat("sage/tale")).status_code == 503
        assert caller.post(CHAT, json=chat("capped/small")).status_code == 200
    finally:
        read_again(sound)
    boss.open("Budget")
    boss.page.get_by_role("link", name="Which file sets them").click()
    expect(row(boss.page, "provider:capped")).to_be_visible()


def test_pages_for_rows_have_no_serious_barrier_and_fit_a_phone(
    boss: Person, person: PersonMaker, admin: str, made: Callable[..., Any]
) -> None:
    made("apps", id="w" * 90, name=HOSTILE[:240], default_plan_id="free", caps=[{"window": "day", "credits": "5"}])
    places = ("models/new", "aliases", "aliases/new", "policy", "apps", f"apps/{'w' * 90}", "misuse")
    phone = person(admin, viewport={"width": 360, "height": 740}, has_touch=True)
    found, wide = [], []
    for place in places:
        for somebody in (boss, phone):
            expect(opened(somebody, place).locator("main form, main table, main .empty").first).to_be_visible()
        found += boss.barriers()
        if not phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            wide.append(place)
    assert (found, wide) == ([], [])
