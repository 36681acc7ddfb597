"""How the books and the breakers stand, as an administrator looks after them."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PersonMaker
from tests.console.desk import because
from tests.e2e.harness import House, chat

CHECK_WAIT_MS = 40_000


def test_the_whole_ledger_is_checked_beside_the_gateway(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    house.http(user_key("walt")).post("/v1/chat/completions", json=chat("sim/words"))
    boss = person(admin)
    boss.open("Budget")
    check = boss.page.locator("section[aria-labelledby=check]")
    expect(check.get_by_text("Nobody has asked for a check yet")).to_be_visible()
    check.get_by_role("button", name="Check the whole ledger now").click()
    dialog = boss.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("<i>The month is over</i>")
    dialog.get_by_role("button", name="Check the whole ledger now").click()
    expect(dialog).to_have_count(0)
    expect(check.get_by_text("Every balance is the sum of its entries.")).to_be_visible(timeout=CHECK_WAIT_MS)
    boss.open("Audit")
    boss.page.get_by_label("What, as user:ada").fill("user:nobody")
    boss.page.get_by_label("What, as user:ada").press("Enter")
    expect(boss.page.get_by_text("Nothing of this was changed")).to_be_visible()
    boss.page.get_by_label("What, as user:ada").fill("")
    boss.page.get_by_label("What, as user:ada").press("Enter")
    expect(boss.page.get_by_role("listitem").filter(has_text="ledger.check")).to_contain_text("<i>The month is over</i>")


def test_the_last_day_of_a_model_and_the_turns_of_its_breaker_are_told(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str, made: Callable[..., Any]
) -> None:
    http = house.http(user_key("xena"))
    for _ in range(6):
        http.post("/v1/chat/completions", json=chat("sim/broken"))
    http.post("/v1/chat/completions", json=chat("sim/words"))
    boss = person(admin)
    boss.open("Health")
    turns = boss.page.locator("section[aria-labelledby=turns]")
    day = boss.page.locator("section[aria-labelledby=day]")
    # What was counted is written down within ten seconds, and the page asks again by itself.
    expect(turns.get_by_role("row").filter(has_text="sim/broken").first).to_contain_text("open", timeout=CHECK_WAIT_MS)
    strip = day.get_by_role("row").filter(has_text="sim/words")
    expect(strip).to_contain_text("attempts", timeout=CHECK_WAIT_MS)
    expect(strip.locator(".strip i")).to_have_count(48)


def test_a_clock_that_jumped_is_said_to_be_right(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    caller, boss = house.http(user_key("wilma")), person(admin)
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute("UPDATE clock SET expected_ms = furthest_ms, shown_ms = furthest_ms + 7200000")
    boss.open("Budget")
    expect(boss.page.get_by_text("The clock jumped 2 h ahead.")).to_be_visible()
    assert caller.post("/v1/chat/completions", json=chat("sim/words")).status_code == 503
    boss.page.get_by_role("button", name="The clock is right").click()
    because(boss.page, "The clock is right", "summer time")
    expect(boss.page.get_by_text("The clock jumped")).to_have_count(0)
    assert caller.post("/v1/chat/completions", json=chat("sim/words")).status_code == 200


@contextmanager
def ladder(house: House, admin: str, **steps: float) -> Iterator[None]:
    """A ladder that is soon climbed, for a while."""

    def put(abuse: dict[str, Any]) -> None:
        etag = http.get("/api/admin/policy").headers["etag"]
        body = {"abuse": abuse, "reason": "a test"}
        assert http.patch("/api/admin/policy", json=body, headers={"if-match": etag}).status_code == 200

    with house.http(admin) as http:
        before = http.get("/api/admin/policy").json()["abuse"]
        put({**before, **steps})
        yield
        put(before)


def test_who_misuses_the_gateway_is_found_and_a_rest_is_lifted(
    person: PersonMaker, user_key: Callable[..., str], house: House, admin: str
) -> None:
    caller, boss = house.http(user_key("waldo")), person(admin)
    with ladder(house, admin, slow_at=1.5, cool_off_at=1.8):
        for _ in range(2):
            assert caller.post("/v1/chat/completions", json=chat("sim/words", "the forbiddenword")).status_code == 400
    boss.open("Users")
    boss.page.get_by_role("link", name="Who misuses the gateway").click()
    resting = boss.page.locator("section[aria-labelledby=rest]")
    expect(boss.page.locator("section[aria-labelledby=seen]").get_by_role("row").filter(has_text="waldo")).to_contain_text(
        "blocked prompts"
    )
    assert boss.barriers() == []
    assert caller.post("/v1/chat/completions", json=chat("sim/words")).status_code == 403
    resting.get_by_role("link", name="waldo").click()
    boss.page.get_by_role("button", name="Lift the cool-off").click()
    because(boss.page, "Lift the cool-off")
    assert caller.post("/v1/chat/completions", json=chat("sim/words")).status_code == 200
