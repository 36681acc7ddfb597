"""What an administrator's journeys have in common: pages opened afresh, reasons given, rows found, a key seen once."""

from typing import Final

from playwright.sync_api import Locator, Page, expect

from tests.console.person import Person

HOSTILE: Final = "<img src=x onerror=alert(1)> \u202eright to left " + "w" * 400


def opened(boss: Person, place: str) -> Page:
    """A page as it is when somebody comes to it from another one."""
    boss.page.goto(f"{boss.url}/ui#/overview")
    expect(boss.page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    boss.page.goto(f"{boss.url}/ui#/{place}")
    # The address is there before its page is.
    expect(boss.page.locator("main h1")).not_to_have_text("Overview")
    return boss.page


def because(page: Page, button: str, reason: str = "a test") -> None:
    """Gives the reason that the open dialog asks for, and goes ahead."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    # What comes late pushes the button from under the mouse.
    expect(dialog.get_by_text("Replaying recorded calls")).to_have_count(0)
    dialog.get_by_label("Reason, for the audit log").fill(reason)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_have_count(0)


def row(page: Page, text: str) -> Locator:
    return page.get_by_role("row").filter(has_text=text)


def reviewed(page: Page, form: str) -> Locator:
    page.get_by_role("form", name=form).get_by_role("button", name="Review the change").click()
    return page.get_by_role("dialog")


def shown_once(page: Page) -> str:
    """The key of the dialog, which Escape and a click beside it leave open."""
    page.keyboard.press("Escape")
    code = page.get_by_role("dialog").locator("code")
    text = code.inner_text()
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert text not in page.content()
    return text
