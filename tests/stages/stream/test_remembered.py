"""Claims about a voice that remembers: its caller hears the same, and what was written is known at every moment."""

import pytest

from proxy.domain.conversation import Answerer
from proxy.domain.errors import Refusal
from proxy.stages.stream import Voice, remembered
from proxy.stages.stream.native import NativeVoice
from proxy.stages.stream.remembered import Remembered
from tests.stages.stream.speech import CALL_ID, CREATED_S, choice, chunk, receipt, spoken


def plain() -> NativeVoice:
    return NativeVoice(CALL_ID, CREATED_S, "conv-1")


def begun(before: str = "", paid_milli: int = 0) -> Remembered:
    voice = Remembered(plain(), CALL_ID, before, paid_milli)
    voice.answering("p/m", "coder", "ordered")
    return voice


def test_its_caller_hears_what_the_voice_within_says() -> None:
    speaks: Voice = begun()
    within = plain()
    within.answering("p/m", "coder", "ordered")
    told = (speaks.head(), spoken(speaks, chunk(choice(content="a"))), speaks.tail(receipt()))
    assert told == (within.head(), spoken(within, chunk(choice(content="a"))), within.tail(receipt()))
    assert begun().error(Refusal("upstream_error", "No.")) == within.error(Refusal("upstream_error", "No."))


def test_words_and_refusals_are_remembered_reasoning_is_not() -> None:
    voice = begun()
    spoken(voice, chunk(choice(reasoning="hm")), chunk(choice(content="Hel")), chunk(choice(refusal="no")))
    assert (voice.written().text, voice.written().state) == ("Helno", "running")
    assert voice.written().by == Answerer(CALL_ID, "p/m", "coder", "ordered", 0)


def test_an_answer_that_goes_on_holds_what_it_began_with_and_what_both_cost() -> None:
    voice = begun("Hel", 500)
    spoken(voice, chunk(choice(content="lo")))
    assert voice.written().by.credits_milli == 500
    voice.tail(receipt())
    assert voice.written().text == "Hello"
    assert voice.written().by.credits_milli == 500 + receipt().credits_milli


@pytest.mark.parametrize(("reason", "state"), [("stop", "whole"), ("length", "short"), (None, "whole")])
def test_its_end_is_known_by_its_reason(reason: str | None, state: str) -> None:
    voice = begun()
    voice.tail(receipt(finish_reason=reason))
    assert voice.written().state == state


def test_an_answer_that_failed_is_cut() -> None:
    voice = begun()
    voice.error(Refusal("upstream_error", "No."))
    assert voice.written().state == "cut"


def test_what_is_too_much_to_remember_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "REMEMBERED_CHARS_MAX", 4)
    voice = begun()
    spoken(voice, chunk(choice(content="abc")), chunk(choice(content="def")), chunk(choice(content="ghijklmn")))
    voice.tail(receipt())
    assert (voice.written().text, voice.written().state) == ("abcd", "cut")
