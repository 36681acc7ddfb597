"""Journeys through conversations that are kept: gone on with after a reload and a broken connection, renamed, saved, erased."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import PersonMaker, opened
from tests.console.desk import because
from tests.console.desk import opened as visited
from tests.console.held import Held
from tests.console.line import Line
from tests.console.person import Person
from tests.console.test_pages import PLANTED
from tests.e2e.harness import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(tmp_path_factory.mktemp("kept"), conversations="true") as made:
        yield made


def talked(somebody: Person, *texts: str) -> None:
    somebody.choose("sim/echo")
    for text in texts:
        somebody.say(text)
        somebody.ends("done")


def listed(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Conversations").get_by_role("listitem").locator("span").all_inner_texts()


def test_a_conversation_goes_on_after_signing_in_again(person: PersonMaker, user_key: Callable[..., str]) -> None:
    key = user_key("abe")
    abe = person(key)
    talked(abe, "About trains", "And signals")
    abe.page.reload()
    abe.sign_in(key)
    expect(abe.page.locator("article")).to_have_count(4)
    expect(abe.page.get_by_role("heading", name="About trains")).to_be_visible()
    abe.say("More")
    abe.ends("done")
    abe.page.get_by_role("navigation", name="Conversations").get_by_role("button", name="New chat").click()
    expect(abe.page.get_by_text("Nothing said yet")).to_be_visible()
    talked(abe, "Of <b>bridges</b>")
    expect(abe.page.get_by_role("navigation", name="Conversations").get_by_role("link")).to_have_count(2)
    assert listed(abe.page) == ["Of <b>bridges</b>", "About trains"]
    abe.page.get_by_role("link", name="About trains").click()
    expect(abe.page.locator("article")).to_have_count(6)
    abe.page.go_back()
    expect(abe.page.locator("article")).to_have_count(2)


def test_it_is_renamed_saved_and_erased(person: PersonMaker, user_key: Callable[..., str], tmp_path: Path) -> None:
    bea = person(user_key("bea"))
    talked(bea, "About trains")
    page = bea.page
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Title").fill("Better <i>name</i>")
    page.get_by_role("button", name="Keep the title").click()
    expect(page.get_by_role("heading", name="Better <i>name</i>")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="As text").click()
    saved.value.save_as(tmp_path / "saved.md")
    assert (tmp_path / "saved.md").read_text().startswith("# Better <i>name</i>\n\n## You\n\nAbout trains\n")
    page.get_by_role("button", name="Erase", exact=True).click()
    page.get_by_role("button", name="Erase it for good").click()
    expect(page.get_by_text("What you talk about is listed here.")).to_be_visible()
    told = [answer for answer in bea.answers if "/api/conversations" in answer.url and answer.status == 200]
    assert len(told) > 4
    assert [answer.url for answer in told if PLANTED.search(answer.text())] == []
    talked(bea, "Another")
    page.get_by_role("button", name="Erase all").click()
    page.get_by_role("button", name="Erase all for good").click()
    expect(page.get_by_text("Nothing said yet")).to_be_visible()
    expect(page.get_by_text("What you talk about is listed here.")).to_be_visible()


def test_a_page_loaded_anew_in_mid_stream_shows_what_was_kept_and_goes_on(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    key = user_key("cam")
    cam = person(key)
    cam.choose("sim/long")
    cam.say("Speak at length")
    expect(cam.answer).to_contain_text("w5")
    expect(cam.page).to_have_url(re.compile(r"/ui#/chat/conv_\w+\?live=1$"))
    cam.page.reload()
    cam.sign_in(key)
    expect(cam.answer).to_contain_text("w5")
    # What goes on counts from the beginning, for this provider knows nothing of what it said.
    expect(cam.answer).to_contain_text(re.compile(r"w5.*w1 w2"))
    cam.page.get_by_role("button", name="Stop").click()
    cam.ends("stopped")
    expect(cam.page.locator("article")).to_have_count(2)
    # What was stopped costs nothing to look at.
    cam.page.reload()
    cam.sign_in(key)
    expect(cam.ends("cut").get_by_role("button", name="Continue")).to_be_visible()


def test_a_broken_connection_mends_by_itself(person: PersonMaker, user_key: Callable[..., str], line: Line) -> None:
    dee = person(user_key("dee"), line.url)
    dee.choose("sim/long")
    dee.say("Speak at length")
    expect(dee.answer).to_contain_text("w5")
    held = Held(dee.page, "**/api/conversations/conv_*")
    line.cut()
    expect(dee.answer).to_have_attribute("data-state", "resuming")
    held.let_go()
    expect(dee.answer).to_contain_text(re.compile(r"w5.*w1 w2"))
    dee.page.get_by_role("button", name="Stop").click()
    dee.ends("stopped")
    dee.forgive("net::ERR_")


def test_another_answer_takes_the_place_of_the_first(person: PersonMaker, user_key: Callable[..., str], house: House) -> None:
    key = user_key("fay")
    fay = person(key)
    talked(fay, "first words")
    fay.answer.get_by_label("Answer again with").select_option("sim/words")
    expect(fay.answer).to_contain_text("w19")
    fay.ends("done")
    with house.http(key) as http:
        kept = http.get(f"/api/conversations/{http.get('/api/conversations').json()['data'][0]['id']}").json()["turns"]
    assert [turn["role"] for turn in kept] == ["user", "assistant"]
    assert "w19" in kept[1]["content"]


def test_what_one_tab_says_is_in_the_other_when_it_is_looked_at(person: PersonMaker, user_key: Callable[..., str]) -> None:
    key = user_key("ina")
    ina = person(key)
    talked(ina, "Said here")
    expect(ina.page).to_have_url(re.compile(r"#/chat/conv_\w+$"))
    address = ina.page.url
    first, ina.page = ina.page, ina.context.new_page()
    ina.page.goto(address)
    ina.sign_in(key)
    expect(ina.page.locator("article")).to_have_count(2)
    talked(ina, "Said there")
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.locator("article")).to_have_count(4)


def test_what_is_not_there_is_told_and_a_chat_begins(person: PersonMaker, user_key: Callable[..., str]) -> None:
    gil = person(user_key("gil"))
    gil.page.goto(f"{gil.url}/ui#/chat/conv_of_somebody_else")
    expect(gil.page.get_by_role("alert")).to_contain_text("no conversation of this id")
    talked(gil, "Hello")
    expect(gil.page.locator("article")).to_have_count(2)


def test_no_part_of_a_conversation_has_a_serious_barrier(person: PersonMaker, user_key: Callable[..., str]) -> None:
    hex_ = person(user_key("hex"))
    found = hex_.barriers()
    talked(hex_, "About trains " + "w" * 300)
    found += hex_.barriers()
    for name in ("Rename", "Save", "Erase"):
        hex_.page.get_by_role("button", name=name, exact=True).click()
        found += hex_.barriers()
        hex_.page.get_by_role("button", name="Close").click()
    assert found == []
    assert hex_.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_administrator_erases_them_for_a_user_with_a_reason_and_reads_none(
    person: PersonMaker, user_key: Callable[..., str], boss: Person, house: House
) -> None:
    ivo = person(user_key("ivo"))
    talked(ivo, "Between us")
    page = visited(boss, "users/ivo")
    page.get_by_role("button", name="Erase conversations").click()
    expect(page.get_by_role("dialog")).to_contain_text("erased for good")
    because(page, "Erase conversations", "asked <i>for it</i>")
    expect(page.get_by_text("1 conversation erased.")).to_be_visible()
    told = [answer.text() for answer in boss.answers if "/ivo" in answer.url]
    assert len(told) > 3
    assert "Between us" not in "".join(told)
    boss.open("Audit")
    expect(page.get_by_role("listitem").filter(has_text="user:ivo").first).to_contain_text("asked <i>for it</i>")
    assert house.rows("SELECT count(*) FROM kept_turns WHERE user_id = 'ivo'") == [(0,)]


def test_nothing_is_said_into_a_conversation_before_it_is_open(person: PersonMaker, user_key: Callable[..., str]) -> None:
    key = user_key("jon")
    jon = person(key)
    talked(jon, "First words")
    expect(jon.page).to_have_url(re.compile(r"#/chat/conv_\w+$"))
    jon.page.reload()
    held = Held(jon.page, "**/api/conversations/conv_*")
    jon.sign_in(key)
    jon.choose("sim/echo")
    field = jon.page.get_by_label("Your message")
    field.fill("Second words")
    field.press("Enter")
    held.one().continue_()
    expect(jon.page.locator("article")).to_have_count(2)
    expect(field).to_have_value("Second words")
    field.press("Enter")
    expect(jon.page.locator("article")).to_have_count(4)
    expect(jon.ends("done")).to_contain_text("Second words")


def test_a_conversation_that_fails_late_leaves_the_one_opened_since_and_no_dialog_turns_to_another(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    kay = person(user_key("kay"))
    page, threads = kay.page, kay.page.get_by_role("navigation", name="Conversations")
    talked(kay, "About <b>one</b>")
    threads.get_by_role("button", name="New chat").click()
    talked(kay, "About two")
    threads.get_by_role("link", name="About <b>one</b>").click()
    expect(page.locator("article.question")).to_contain_text("one")
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("one")
    page.go_back()
    expect(page.locator("article.question")).to_contain_text("two")
    expect(page.get_by_role("dialog")).to_have_count(0)
    held = Held(page, "**/api/conversations/conv_*")
    threads.get_by_role("link", name="About <b>one</b>").click()
    older = held.one()
    threads.get_by_role("link", name="About two").click()
    held.one().continue_()
    expect(page.locator("article.question")).to_contain_text("two")
    older.fulfill(status=404, json={"error": {"message": "Gone.", "code": "not_found"}})
    threads.get_by_role("button", name="New chat").click()
    expect(page.get_by_text("Nothing said yet")).to_be_visible()
    assert page.get_by_role("alert").count() == 0


def test_older_conversations_that_fail_to_come_are_told_and_a_list_that_came_anew_begins_anew(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    lea = person()
    page, threads = lea.page, lea.page.get_by_role("navigation", name="Conversations")
    new, old, ancient = [
        {"id": name, "title": name, "created_at_ms": 1, "changed_at_ms": 1} for name in ("new", "old", "ancient")
    ]
    newest, oldest, moved = [
        {"json": {"data": rows, "next_before": more}}
        for rows, more in (([new, old], "x"), ([ancient], None), ([ancient, new], "y"))
    ]
    answers: list[dict[str, Any]] = [newest, {"status": 503, "json": {}}, oldest, moved, moved]
    page.route("**/api/conversations?*", lambda route: route.fulfill(**answers.pop(0)))
    lea.sign_in(user_key("lea"))
    more, titles = threads.get_by_role("button", name="Show more"), threads.get_by_role("link").locator("span")
    more.click()
    expect(threads.get_by_role("alert")).to_be_visible()
    more.click()
    expect(titles).to_have_text(["new", "old", "ancient"])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(titles).to_have_text(["ancient", "new"])
