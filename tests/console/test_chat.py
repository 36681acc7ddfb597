"""Journeys through the chat, as a user makes them."""

import base64
import re
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import Locator, expect

from proxy.simulator.tale import tale
from tests.console.conftest import PersonMaker
from tests.console.line import Line
from tests.e2e.harness import House, eventually, key_id

PIXEL: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE: Final = " ".join(
    (
        "<img src=x onerror=alert(1)>",
        "<script>alert(2)</script>",
        "![p](https://evil.example/p.png)",
        "[go](javascript:alert(3))",
        "\u202eright to left",
        "w" * 5_000,
    )
)


def test_a_wrong_key_is_told_and_a_right_one_opens_the_chat(person: PersonMaker, user_key: Callable[..., str]) -> None:
    somebody = person()
    somebody.page.get_by_label("API key").fill("sb_user_nonsense")
    somebody.page.get_by_role("button", name="Sign in").click()
    expect(somebody.page.get_by_role("alert")).to_contain_text("not valid")
    somebody.sign_in(user_key("ada"))
    expect(somebody.page.get_by_text("Nothing said yet")).to_be_visible()


def test_an_answer_streams_and_says_who_why_and_for_how_much(person: PersonMaker, user_key: Callable[..., str]) -> None:
    ben = person(user_key("ben"))
    ben.say("Please write some python for me")
    done = ben.ends("done")
    expect(done).to_contain_text("credits")
    done.get_by_role("button", name="Why this model").click()
    expect(done).to_contain_text("Attempts")
    expect(done.get_by_role("link", name="Open the call")).to_be_visible()
    expect(ben.page.get_by_text("in 1 answer")).to_be_visible()


def test_the_draft_is_judged_quietly_while_it_is_written(person: PersonMaker, user_key: Callable[..., str]) -> None:
    cleo = person(user_key("cleo"))
    foreseen, field = cleo.page.locator("#foreseen"), cleo.page.get_by_label("Your message")
    field.fill("Please write some python")
    expect(foreseen).to_contain_text("coder")
    expect(foreseen).to_contain_text("credits at most")
    field.fill("Please write a delicateword")
    expect(foreseen).to_contain_text("Asks for your confirmation")
    assert field.evaluate("field => field === document.activeElement")


def test_what_needs_confirmation_is_sent_once_it_is_given_and_stands_in_no_other_message_s_way(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    cy = person(user_key("cy"))
    cy.say("A delicateword, please")
    cy.ends("failed")
    cy.say("Another matter")
    cy.ends("done")
    cy.say("A delicateword, please")
    asked = cy.ends("failed")
    asked.get_by_role("button", name="Send it all the same").click()
    cy.ends("done")


def test_a_stream_is_stopped_and_keeps_its_words(person: PersonMaker, user_key: Callable[..., str]) -> None:
    dan = person(user_key("dan"))
    dan.choose("sim/long")
    dan.say("Speak at length")
    expect(dan.answer).to_contain_text("w2")
    dan.page.get_by_role("button", name="Stop").click()
    expect(dan.ends("stopped")).to_contain_text("w2")
    expect(dan.page.get_by_role("button", name="Send")).to_be_visible()


def test_a_broken_answer_is_kept_and_goes_on(person: PersonMaker, user_key: Callable[..., str]) -> None:
    eve = person(user_key("eve"))
    eve.choose("sim/cut")
    eve.say("Count")
    broken = eve.ends("broken")
    expect(broken).to_contain_text("w5")
    broken.get_by_role("button", name="Continue").click()
    expect(eve.answer).to_contain_text("w5")
    eve.ends("broken")


def test_a_lost_connection_is_told_and_the_answer_is_asked_for_again(person: PersonMaker, user_key: Callable[..., str]) -> None:
    finn = person(user_key("finn"))
    finn.page.route("**/api/ai/chat", lambda route: route.abort())
    finn.say("Are you there")
    expect(finn.ends("failed")).to_contain_text("cannot be reached")
    finn.page.unroute("**/api/ai/chat")
    finn.answer.get_by_role("button", name="Try again").click()
    finn.ends("done")
    finn.forgive("net::ERR_FAILED")


def test_another_model_answers_the_same_question(person: PersonMaker, user_key: Callable[..., str]) -> None:
    gus = person(user_key("gus"))
    gus.choose("sim/echo")
    gus.say("first words")
    gus.ends("done").get_by_label("Answer again with").select_option("sim/words")
    expect(gus.answer).to_contain_text("w20")
    expect(gus.page.locator("article.question")).to_have_count(1)


def test_who_has_no_credits_is_told_what_is_left_and_may_ask_for_more(
    person: PersonMaker, user_key: Callable[..., str], made: Callable[..., Any]
) -> None:
    hal = person(user_key("hal", "poor"))
    hal.choose("sim/words")
    hal.say("Spend it all")
    refused = hal.ends("failed")
    expect(refused).to_contain_text("credits are left")
    refused.get_by_role("button", name="Ask for more credits").click()
    hal.page.get_by_label("How many credits").fill("25")
    hal.page.get_by_role("button", name="Send the request").click()
    expect(hal.page.get_by_text("Sent. You find")).to_be_visible()


def test_what_a_model_writes_stays_text(person: PersonMaker, user_key: Callable[..., str]) -> None:
    ida = person(user_key("ida"))
    ida.choose("sim/echo")
    ida.say(HOSTILE)
    done = ida.ends("done")
    expect(done).to_contain_text("<script>alert(2)</script>")
    assert done.locator("img, script, [onerror], a[href^='javascript']").count() == 0
    assert ida.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_reloading_in_mid_stream_begins_anew(person: PersonMaker, user_key: Callable[..., str]) -> None:
    key = user_key("jo")
    jo = person(key)
    jo.choose("sim/long")
    jo.say("Speak at length")
    expect(jo.answer).to_contain_text("w2")
    jo.page.reload()
    expect(jo.page.get_by_label("API key")).to_be_visible()
    jo.sign_in(key)
    expect(jo.page.get_by_text("Nothing said yet")).to_be_visible()
    assert jo.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_a_revoked_key_asks_to_sign_in_and_keeps_what_was_written(
    person: PersonMaker, user_key: Callable[..., str], made: Callable[..., Any], house: House
) -> None:
    key = user_key("kim")
    kim = person(key)
    kim.choose("sim/echo")
    kim.say("keep these words")
    kim.ends("done")
    made(f"keys/{key_id(key)}/revoke")
    eventually(lambda: house.http(key).get("/api/me").status_code == 401, "the end of a key")
    kim.say("and these")
    dialog = kim.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sign in again")
    dialog.get_by_label("API key").fill(made("keys", kind="user", name="new", user_id="kim")["key"])
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(kim.page.locator("article.answer").first).to_contain_text("keep these words")


def test_two_tabs_and_the_way_back(person: PersonMaker, user_key: Callable[..., str], house: House) -> None:
    lou = person(user_key("lou"))
    lou.say("Hello")
    lou.ends("done")
    lou.open("Usage")
    lou.page.go_back()
    expect(lou.answer).to_be_visible()
    other = lou.context.new_page()
    other.goto(f"{house.url}/ui")
    expect(other.get_by_label("API key")).to_be_visible()


def test_a_connection_that_breaks_in_mid_stream_keeps_what_came_and_offers_to_go_on(
    person: PersonMaker, user_key: Callable[..., str], line: Line
) -> None:
    meg = person(user_key("meg"), line.url)
    meg.choose("sim/long")
    meg.say("Speak at length")
    expect(meg.answer).to_contain_text("w5")
    line.cut()
    cut = meg.ends("cut")
    expect(cut).to_contain_text("The connection broke here")
    cut.get_by_role("button", name="Continue").click()
    expect(meg.answer).to_contain_text(re.compile(r"w5.*w1 w2"))
    meg.page.get_by_role("button", name="Stop").click()
    meg.ends("stopped")
    meg.forgive("net::ERR_")


def test_a_key_that_is_revoked_in_mid_stream_ends_it_and_a_new_one_goes_on(
    person: PersonMaker, user_key: Callable[..., str], made: Callable[..., Any]
) -> None:
    key = user_key("ned")
    ned = person(key)
    ned.choose("sim/long")
    ned.say("Speak at length")
    expect(ned.answer).to_contain_text("w5")
    made(f"keys/{key_id(key)}/revoke")
    dialog = ned.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sign in again")
    dialog.get_by_label("API key").fill(made("keys", kind="user", name="new", user_id="ned")["key"])
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(ned.answer).to_contain_text("w5")


def test_a_rescued_answer_is_whole_and_says_who_went_on(person: PersonMaker, user_key: Callable[..., str]) -> None:
    oda = person(user_key("oda"))
    oda.choose("mended")
    oda.say("Tell me a tale.")
    done = oda.ends("done")
    expect(done).to_contain_text(" ".join(tale("Tell me a tale.", 60).split()[-4:]))
    expect(done).to_contain_text("continued by spare/prefill")
    expect(done).to_contain_text("answered at attempt 2")


def test_a_slow_provider_is_waited_for_and_may_be_stopped_without_a_word(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    pam = person(user_key("pam"))
    pam.choose("sim/sleepy")
    pam.say("Are you awake")
    expect(pam.answer).to_contain_text("Waiting for the first word")
    pam.page.get_by_role("button", name="Stop").click()
    pam.ends("stopped")
    pam.choose("sim/echo")
    pam.say("And you")
    pam.ends("done")


def test_images_are_chosen_pasted_and_dropped_where_the_model_takes_them(
    person: PersonMaker, user_key: Callable[..., str]
) -> None:
    quin = person(user_key("quin"))
    field, images = quin.page.get_by_label("Your message"), quin.page.locator("form .thumb")
    quin.choose("sim/vision")
    quin.page.get_by_label("Add image").set_input_files({"name": "chosen.png", "mimeType": "image/png", "buffer": PIXEL})
    bring(field, "paste", "pasted.png", "image/png")
    bring(field, "drop", "dropped.png", "image/png")
    expect(images).to_have_count(3)
    bring(field, "drop", "page.pdf", "application/pdf")
    expect(quin.page.locator("#foreseen")).to_contain_text("page.pdf is no PNG")
    quin.page.get_by_role("button", name="Remove pasted.png").click()
    quin.say("What is in them")
    quin.ends("done")
    expect(quin.page.locator("article.question img")).to_have_count(2)
    quin.choose("sim/echo")
    expect(quin.page.get_by_label("Add image")).to_have_count(0)
    bring(field, "paste", "late.png", "image/png")
    expect(quin.page.locator("#foreseen")).to_contain_text("does not take images")
    expect(images).to_have_count(0)


def test_an_answer_is_judged_with_a_reason_and_a_better_model(
    person: PersonMaker, user_key: Callable[..., str], house: House
) -> None:
    ray = person(user_key("ray"))
    ray.choose("sim/echo")
    ray.say("Hello")
    done = ray.ends("done")
    done.get_by_role("button", name="Good answer").click()
    expect(done.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    done.get_by_role("button", name="Bad answer").click()
    done.get_by_label("What was it?").select_option("wrong")
    done.get_by_label("A better model for it").select_option("sim/words")
    done.get_by_label("More").fill("It only repeats.")
    assert ray.barriers() == []
    done.get_by_role("button", name="Send").click()
    expect(done).to_contain_text("Thank you")
    rows = house.rows("SELECT thumb, reason, better_model_id, words FROM feedback WHERE user_id = ?", "ray")
    assert rows == [("down", "wrong", "sim/words", "It only repeats.")]


def bring(field: Locator, how: str, name: str, media_type: str) -> None:
    """Pastes or drops a file, as a browser tells it."""
    field.evaluate(
        """(field, [how, name, type]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([name], name, { type }));
            const given = { bubbles: true, cancelable: true };
            const event = how === "paste" ? new ClipboardEvent("paste", { ...given, clipboardData: carried })
                                          : new DragEvent("drop", { ...given, dataTransfer: carried });
            field.dispatchEvent(event);
        }""",
        [how, name, media_type],
    )
