"""Journeys through the page of the API: found without a key, searched, opened, read on a phone; no other host is asked."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.console.conftest import PersonMaker
from tests.console.person import Person

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def at_docs(somebody: Person, part: str = "") -> Page:
    somebody.page.goto(f"{somebody.url}/docs{part}")
    expect(somebody.page.get_by_role("heading", level=1, name="API")).to_be_visible()
    return somebody.page


def test_every_operation_is_there_and_opens_with_its_fields_and_examples(person: PersonMaker) -> None:
    page = at_docs(person())
    document = page.evaluate("fetch('/openapi.json').then((answer) => answer.json())")
    shown = page.locator("details.operation")
    expect(shown).to_have_count(sum(len(methods) for methods in document["paths"].values()))
    # A value may have itself among its fields: opening all of them has an end, and none is a defect.
    page.evaluate("document.querySelectorAll('details.operation').forEach((one) => { one.open = true; })")
    expect(page.locator(".inside")).to_have_count(shown.count())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_is_sought_is_found_and_an_address_leads_to_one(person: PersonMaker) -> None:
    somebody = person()
    page = at_docs(somebody)
    page.get_by_label("Search").fill("feedback")
    expect(page.locator("details.operation")).to_have_count(1)
    page.locator("details.operation summary").click()
    expect(page.get_by_role("table", name="Body")).to_contain_text("better_model")
    expect(page.get_by_text(f'curl -X POST "{somebody.url}/api/feedback"')).to_be_visible()
    page.get_by_label("Search").fill("no such thing")
    expect(page.get_by_role("status")).to_contain_text("Nothing here holds")
    again = person()
    page = at_docs(again, "#get_api_me")
    expect(page.get_by_role("table", name="Answer 200").first).to_contain_text("windows")


def test_it_has_no_serious_barrier_and_fits_a_phone(person: PersonMaker) -> None:
    somebody = person(**PHONE)
    page = at_docs(somebody, "#post_api_ai_chat")
    expect(page.get_by_role("table", name="Body")).to_be_visible()
    assert somebody.barriers() == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
