"""Journeys through the other pages, and what holds on each of them: no barrier, no other host, no figure a user may not see."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.console.conftest import PersonMaker
from tests.console.desk import opened
from tests.console.person import Person
from tests.e2e.harness import PROVIDER_KEY, House, chat

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
# Of the catalog of these tests: a multiplier, prices in dollars, and what no answer holds whatever it is called.
PLANTED = re.compile(
    rf"7\.654321|7654321|1\.234567|9\.876543|123\.456789|987\.654321|{PROVIDER_KEY}|MARKER|raw_cost|nano_usd|multiplier|margin"
)


def looked_up(somebody: Person, text: str) -> Page:
    somebody.open("Support")
    expect(somebody.page.get_by_text("Nothing looked up yet")).to_be_visible()
    somebody.page.get_by_label("Call id, request id").fill(text)
    somebody.page.get_by_role("button", name="Look up").click()
    return somebody.page


def fits(page: Page) -> bool:
    fitting: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return fitting


def test_no_page_of_a_user_has_a_serious_barrier(person: PersonMaker, user_key: Callable[..., str]) -> None:
    mia = person()
    found = mia.barriers()
    mia.sign_in(user_key("mia", "free"))
    found += mia.barriers()
    mia.page.locator("aside summary").click()
    mia.say("A delicateword")
    mia.ends("failed")
    found += mia.barriers()
    mia.say("Tell me of **trains** in python")
    mia.ends("done").get_by_role("button", name="Why this model").click()
    expect(mia.answer.get_by_role("link", name="Open the call")).to_be_visible()
    found += mia.barriers()
    mia.page.locator("aside").get_by_role("button", name="Ask for it").first.click()
    found += mia.barriers()
    mia.page.get_by_role("button", name="Close").click()
    for name in ("Usage", "Start"):
        mia.open(name)
        mia.settle()
        found += mia.barriers()
    mia.page.goto(f"{mia.url}/ui#/nowhere")
    found += mia.barriers()
    assert found == []


def test_no_page_of_an_administrator_has_a_serious_barrier(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    call = house.http(user_key("nils", "free")).post("/v1/chat/completions", json=chat("falls-over")).json()["id"]
    house.http(user_key("nora", "free")).post(
        "/api/plan-requests", json={"subject": "credits", "target": "5", "words": "<b>please</b>"}
    )
    boss = person(admin)
    found = boss.barriers()
    expect(looked_up(boss, call).get_by_text("Ledger lines in credits")).to_be_visible()
    found += boss.barriers()
    expect(looked_up(boss, "nils").get_by_role("heading", name="Nils")).to_be_visible()
    boss.settle()
    found += boss.barriers()
    for name in ("Overview", "Users", "Health", "Budget", "Audit"):
        boss.open(name)
        boss.settle()
        expect(boss.page.locator("main").get_by_role("table").or_(boss.page.locator(".trail")).first).to_be_visible()
        found += boss.barriers()
    boss.open("Requests")
    boss.page.get_by_role("button", name="Decide: nora").click()
    expect(boss.page.get_by_label("Your words to the user")).to_be_visible()
    found += boss.barriers()
    assert found == []


def test_what_is_capped_locked_failed_or_empty_has_no_serious_barrier(
    person: PersonMaker, user_key: Callable[..., str], admin: str
) -> None:
    capped = {"caps": [{"window": "day", "credits": "0.001"}], "model_scope": ["sim/words"]}
    mona = person(user_key("mona", "free", **capped))
    mona.page.locator("aside summary").click()
    mona.choose("sim/words")
    mona.say("Too dear for me")
    mona.ends("failed")
    # Whatever it asks for, this key may not; what its plan lacks can be asked for all the same.
    locked = mona.page.locator("fieldset.picker .offer.locked")
    expect(locked.first).to_contain_text("Not with this key")
    expect(locked.filter(has=mona.page.get_by_role("button", name="Ask for it")).first).to_contain_text("In plan plus")
    found = mona.barriers()
    mona.open("Usage")
    calls = mona.page.locator("section[aria-labelledby=calls]")
    calls.get_by_role("link").first.click()
    expect(mona.page.get_by_role("heading", name="Timeline")).to_be_visible()
    found += mona.barriers()
    mona.page.go_back()
    calls.get_by_label("Outcome").select_option("served")
    expect(calls.locator(".empty")).to_be_visible()
    expect(mona.page.get_by_role("meter", name="Cap of this key, today")).to_be_visible()
    found += mona.barriers()
    boss = person(admin)
    for place in ("users?app=nobody", "keys?user=nobody"):
        expect(opened(boss, place).locator(".empty")).to_be_visible()
        found += boss.barriers()
    assert found == []


def test_a_locked_model_is_asked_for_granted_and_works(person: PersonMaker, user_key: Callable[..., str], admin: str) -> None:
    olga, boss = person(user_key("olga", "free")), person(admin)
    olga.page.locator("aside summary").click()
    locked = olga.page.locator(".offer.locked", has_text="sim/gold")
    expect(locked).to_contain_text("In plan plus")
    locked.get_by_role("button", name="Ask for it").click()
    olga.page.get_by_label("Only this model").check()
    olga.page.get_by_label("Why you need it").fill("For the <i>yearly</i> report")
    olga.page.get_by_role("button", name="Send the request").click()
    expect(olga.page.get_by_text("Sent. You find")).to_be_visible()
    boss.open("Requests")
    mine = boss.page.get_by_role("listitem").filter(has_text="olga")
    expect(mine).to_contain_text("For the <i>yearly</i> report")
    mine.get_by_role("button", name="Decide").click()
    mine.get_by_label("Your words to the user").fill("Gladly")
    mine.get_by_role("button", name="Approve").click()
    expect(mine).to_contain_text("approved")
    olga.page.reload()
    olga.sign_in(user_key_again(olga, boss))
    olga.choose("sim/gold")
    olga.say("golden words")
    expect(olga.ends("done")).to_contain_text("golden words")
    olga.open("Usage")
    expect(olga.page.locator("section[aria-labelledby=requests]")).to_contain_text("Gladly")


def user_key_again(_olga: Person, boss: Person) -> str:
    """A new key for the same user, made within the administrator's session."""
    token = boss.page.evaluate("fetch('/api/session').then((answer) => answer.json()).then((session) => session.token)")
    body = {"reason": "test", "kind": "user", "name": "again", "user_id": "olga"}
    answer = boss.page.request.post(f"{boss.url}/api/admin/keys", data=body, headers={"x-signalbox-session": token})
    key: str = answer.json()["key"]
    return key


def test_usage_tells_what_is_left_and_each_call_why(person: PersonMaker, user_key: Callable[..., str], house: House) -> None:
    key = user_key("pia", "free")
    for model in ("falls-over", "sim/words", "sim/gold"):
        house.http(key).post("/v1/chat/completions", json=chat(model))
    pia = person(key)
    pia.open("Usage")
    expect(pia.page.get_by_role("meter", name="This month")).to_be_visible()
    expect(pia.page.get_by_role("table").first).to_contain_text("Total")
    calls = pia.page.locator("section[aria-labelledby=calls]")
    expect(calls.locator("tbody tr")).to_have_count(3)
    calls.get_by_label("Outcome").select_option("refused")
    expect(calls.locator("tbody tr")).to_have_count(1)
    with pia.page.expect_download() as saved:
        calls.get_by_role("button", name="Save as CSV").click()
    assert saved.value.path().read_text().count("sim/gold") == 1
    calls.get_by_role("link").first.click()
    expect(pia.page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(pia.page.get_by_text("Your plan does not include it.").first).to_be_visible()


def test_a_key_is_made_shown_once_bound_and_ended(person: PersonMaker, user_key: Callable[..., str], house: House) -> None:
    remo = person(user_key("remo"))
    remo.open("Usage")
    remo.page.get_by_label("Name of the new key").fill("build machine")
    remo.page.get_by_role("button", name="Make it").click()
    expect(remo.page.get_by_role("dialog")).to_contain_text("sb_user_")
    child = house.http(remo.page.get_by_role("dialog").locator("code").inner_text())
    remo.page.get_by_role("button", name="Close").click()
    remo.page.get_by_role("button", name="Change: build machine").click()
    remo.page.get_by_label("Only these models (optional)").fill("sim/words")
    remo.page.get_by_role("dialog").get_by_role("button", name="Change", exact=True).click()
    expect(remo.page.get_by_role("row").filter(has_text="build machine")).to_contain_text("only sim/words")
    assert [child.post("/v1/chat/completions", json=chat(f"sim/{name}")).status_code for name in ("words", "echo")] == [
        200,
        403,
    ]
    remo.page.get_by_role("button", name="End it: build machine").click()
    remo.page.get_by_role("button", name="End it for good").click()
    expect(remo.page.get_by_role("row").filter(has_text="build machine")).to_contain_text("ended")


def test_start_holds_snippets_that_run_with_the_address_and_a_new_key(
    person: PersonMaker, user_key: Callable[..., str], house: House
) -> None:
    rosa = person(user_key("rosa"))
    rosa.open("Start")
    panel = rosa.page.get_by_role("tabpanel")
    expect(panel).to_contain_text(f"{house.url}/v1")
    rosa.page.get_by_role("button", name="Make a new key").click()
    expect(panel).to_contain_text("sb_user_")
    snippet = panel.locator("code").inner_text()
    ran = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip()
    for name in ("Node", "curl", "LangChain", "AI SDK"):
        rosa.page.get_by_role("tab", name=name).click()
        expect(panel).to_contain_text("sb_user_")
        expect(panel).to_contain_text(f"{house.url}/v1")
    expect(rosa.page.locator(".tour li")).to_have_count(5)
    expect(rosa.page.locator(".tour svg")).to_have_count(5)


def test_support_finds_calls_requests_users_and_keys(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    key = user_key("sven")
    # A provider that no other test calls, for one that failed may be left alone for a while.
    body = {"models": ["unpaid/small", "spare/small"], "messages": [{"role": "user", "content": "hello"}]}
    answer = house.http(key).post("/v1/chat/completions", json=body, headers={"x-request-id": "from-sven-1"})
    boss = person(admin)
    for asked in (answer.headers["x-signalbox-call"], "from-sven-1"):
        page = looked_up(boss, asked)
        expect(page.get_by_role("heading", name=answer.headers["x-signalbox-call"])).to_be_visible()
        expect(page.locator("main")).to_contain_text("our_credit")
    expect(looked_up(boss, "sven").get_by_role("meter").first).to_be_visible()
    expect(looked_up(boss, key.split("_")[2]).get_by_text("laptop")).to_be_visible()
    expect(looked_up(boss, "nobody-knows").get_by_text("Nothing is known of")).to_be_visible()
    assert re.search(r"raw|nano|USD", boss.page.locator("main").inner_text().replace("or raw cost is shown here", "")) is None


def test_a_user_is_suspended_with_a_reason_that_the_audit_log_tells(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    key = user_key("aaron")
    boss = person(admin)
    boss.open("Users")
    boss.page.get_by_role("button", name="Suspend: aaron").click()
    boss.page.get_by_label("Reason").fill("<b>Asked for it</b>")
    boss.page.get_by_role("dialog").get_by_role("button", name="Suspend").click()
    expect(boss.page.get_by_role("row").filter(has_text="aaron")).to_contain_text("suspended")
    assert house.http(key).get("/api/me").status_code in (401, 403)
    boss.open("Audit")
    entry = boss.page.get_by_role("listitem").filter(has_text="aaron").first
    expect(entry).to_contain_text("<b>Asked for it</b>")
    entry.get_by_text("changed").click()
    expect(entry.get_by_role("row").filter(has_text="suspended")).to_contain_text("true")


def test_the_overview_and_health_tell_how_calls_fared(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    key = user_key("berta")
    for model in ("sim/words", "falls-over"):
        house.http(key).post("/v1/chat/completions", json=chat(model))
    boss = person(admin)
    boss.open("Overview")
    # Today may be over since they were made.
    boss.page.get_by_label("Period").select_option("7")
    boss.page.get_by_label("By").select_option("provider")
    spare = boss.page.get_by_role("rowheader", name="spare", exact=True)
    expect(boss.page.get_by_role("row").filter(has=spare)).to_contain_text("$")
    boss.open("Health")
    expect(boss.page.get_by_role("row").filter(has_text="sim/words").filter(has_text="closed")).to_be_visible()


def test_the_overview_follows_the_gateway(person: PersonMaker, user_key: Callable[..., str], admin: str) -> None:
    carl, boss = person(user_key("carl")), person(admin)
    boss.open("Overview")
    live = boss.page.locator(".now dt:has-text('Live calls') + dd")
    expect(live).to_have_text("0")
    carl.choose("sim/sleepy")
    carl.say("Are you awake")
    expect(live).to_have_text("1")
    carl.page.get_by_role("button", name="Stop").click()
    expect(live).to_have_text("0")
    expect(boss.page.locator(".now")).to_contain_text("Rates and sums of the last")


def test_the_overview_asks_again_where_it_cannot_follow(person: PersonMaker, admin: str) -> None:
    boss = person(admin)
    refused = {"status": 429, "json": {"error": {"message": "Too many.", "code": "concurrency_limit"}}}
    boss.page.route(
        "**/api/admin/overview",
        lambda route: route.fulfill(**refused) if "event-stream" in route.request.headers["accept"] else route.continue_(),
    )
    boss.open("Overview")
    expect(boss.page.locator(".now dt:has-text('Live calls') + dd")).to_have_text(re.compile(r"\d"))


def test_who_lost_a_session_signs_in_over_the_page_and_goes_on(person: PersonMaker, admin: str) -> None:
    boss = person(admin)
    boss.open("Support")
    boss.page.get_by_label("Call id, request id").fill("call_of_somebody")
    boss.context.clear_cookies()
    boss.page.get_by_role("button", name="Look up").click()
    dialog = boss.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sign in again")
    dialog.get_by_label("API key").fill(admin)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(boss.page.get_by_label("Call id, request id")).to_have_value("call_of_somebody")
    boss.page.get_by_role("button", name="Look up").click()
    expect(boss.page.get_by_text("Nothing is known of")).to_be_visible()


def test_supporters_see_the_story_and_no_figures_of_the_operator(
    person: PersonMaker, user_key: Callable[..., str], house: House, made: Callable[..., Any]
) -> None:
    call = house.http(user_key("tom")).post("/v1/chat/completions", json=chat("falls-over")).json()["id"]
    helper = person(made("keys", kind="support", name="desk")["key"])
    expect(looked_up(helper, call).get_by_role("heading", name="Attempts")).to_be_visible()
    assert [answer.url for answer in helper.answers if "/api/" in answer.url and PLANTED.search(answer.text())] == []
    helper.page.goto(f"{helper.url}/ui#/requests")
    expect(helper.page.get_by_text("There is no such page")).to_be_visible()


def test_a_session_outlives_a_reload_is_shared_by_tabs_and_ends_for_all(person: PersonMaker, admin: str) -> None:
    boss = person(admin)
    boss.page.reload()
    expect(boss.page.get_by_role("button", name="Sign out")).to_be_visible()
    other = boss.context.new_page()
    other.goto(f"{boss.url}/ui#/requests")
    expect(other.get_by_role("heading", name="Requests")).to_be_visible()
    boss.page.get_by_role("button", name="Sign out").click()
    expect(boss.page.get_by_label("API key")).to_be_visible()
    other.get_by_label("State").select_option("denied")
    expect(other.get_by_role("dialog")).to_contain_text("Sign in again")


def test_pages_fit_a_phone_and_are_used_by_keyboard(person: PersonMaker, user_key: Callable[..., str]) -> None:
    vera = person(user_key("vera"), **PHONE)
    vera.page.get_by_role("button", name="Answered by").press("Enter")
    dialog = vera.page.get_by_role("dialog")
    dialog.get_by_role("radio", name="Coder").press("Space")
    expect(dialog).to_have_count(0)
    vera.say("w" * 3_000)
    vera.ends("done")
    fitting = [fits(vera.page)]
    for name in ("Usage", "Start"):
        vera.open(name)
        vera.settle()
        fitting.append(fits(vera.page))
    assert fitting == [True] * 3
