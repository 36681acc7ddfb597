"""The log line of a call: what it holds, and what it never does."""

from dataclasses import replace

import orjson
import pytest

from proxy.domain.call import Mark
from proxy.telemetry.line import call_line, word
from tests.builders import ask, attempt, call

MARKER = "my secret MARKER"


def test_a_line_names_the_call_and_says_how_it_went() -> None:
    line = call_line(call(attempts=(attempt(),)))
    assert {"call": "call-1", "user": "u1", "status": "served", "duration_ms": 100, "ttft_ms": 50}.items() <= line.items()
    assert line["tokens"]["output"] == 50
    assert line["credits_milli"] == 300
    assert [tried["model"] for tried in line["attempts"]] == ["p/m"]


def test_stages_that_ran_twice_are_added_up() -> None:
    marks = (Mark("hold", 0, 5), Mark("attempt", 5, 10), Mark("hold", 15, 7))
    assert call_line(call(timeline=marks))["stages_us"] == {"hold": 12, "attempt": 10}


def test_a_call_that_was_refused_unread_has_a_line_too() -> None:
    unread = call(status="refused", ask=None, verdict=None, decision=None, usage=None, model_id=None, ttft_ms=None)
    assert orjson.loads(orjson.dumps(call_line(unread)))["tokens"] is None


def test_no_text_of_caller_or_provider_is_in_a_line() -> None:
    tried = attempt(provider_code=MARKER, provider_request_id=MARKER)
    planted = call(
        asked=(MARKER,),
        ask=replace(ask(), asked=(MARKER,), avoid=(MARKER,), only=(MARKER,)),
        conversation_id=MARKER,
        request_id=MARKER,
        reason=MARKER,
        code=MARKER,
        metadata={MARKER: MARKER},
        attempts=(tried,),
        timeline=(Mark("attempt", 0, 1, MARKER),),
    )
    assert b"MARKER" not in orjson.dumps(call_line(planted))


def test_raw_cost_is_not_in_a_line() -> None:
    line = orjson.dumps(call_line(call(raw_nano_usd=987_654_321, attempts=(attempt(raw_nano_usd=987_654_321),))))
    assert b"987654321" not in line


@pytest.mark.parametrize("value", ["", "two words", "line\nbreak", "x" * 129, "naïve", "{json}"])
def test_what_may_be_text_is_no_word(value: str) -> None:
    assert word(value) == "?"


@pytest.mark.parametrize("value", [None, "rate_limit_exceeded", "openrouter/a/b:free", "0f-a.b+c@d"])
def test_ids_and_codes_are_words(value: str | None) -> None:
    assert word(value) == value
