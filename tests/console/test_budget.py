"""How the books and the breakers stand, as an administrator looks after them."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PersonMaker
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
