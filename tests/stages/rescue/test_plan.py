"""Claims about whether and how another model goes on with an answer."""

from typing import Any

import pytest

from proxy.domain.chat import Chat
from proxy.domain.policy import Rescue
from proxy.stages.provider.speech import choice, delta, tool_call
from proxy.stages.rescue import Helper, NoRescue, Plan, Spoken, is_possible, plan
from proxy.stages.rescue.joint import Onward
from proxy.stages.rescue.spoken import CHARS_MAX
from tests import builders as b

TEXT = "The morning train leaves at se"
PREFILLS = Helper(takes_prefill=True, output_tokens_left=100)
PLAIN = Helper(takes_prefill=False, output_tokens_left=100)
CHAT = b.chat(stream=True)


def spoken(*texts: str, finish_reason: str | None = None, **more: Any) -> Spoken:
    said = Spoken()
    for text in texts:
        said.add(delta({"choices": [choice(0, {"content": text})]}, None))
    if more or finish_reason:
        said.add(delta({"choices": [choice(more.pop("index", 0), more, finish_reason)]}, None))
    return said


def planned(chat: Chat = CHAT, said: Spoken | None = None, helper: Helper = PREFILLS, rescue: Rescue = "ask") -> Plan:
    found = plan(rescue, chat, said or spoken(TEXT), helper)
    assert isinstance(found, Plan), found
    return found


def refused(chat: Chat = CHAT, said: Spoken | None = None, helper: Helper = PREFILLS, rescue: Rescue = "ask") -> str:
    found = plan(rescue, chat, said or spoken(TEXT), helper)
    assert isinstance(found, NoRescue), found
    return found.why


# --- by prefill -------------------------------------------------------------------------------------------------------


def test_a_model_that_takes_prefill_is_given_what_was_said() -> None:
    found = planned(rescue="prefill")
    assert found.how == "prefill"
    assert found.chat.messages == (*CHAT.messages, {"role": "assistant", "content": TEXT})
    assert found.chat.text_bytes == CHAT.text_bytes + len(TEXT)


@pytest.mark.parametrize("white_space", [" ", "\n\n", " \t\n"])
def test_white_space_at_the_end_is_neither_sent_nor_lost(white_space: str) -> None:
    found = planned(said=spoken("First.", white_space))
    assert found.chat.messages[-1]["content"] == "First."
    assert found.joint.add(f"{white_space}Then") == "Then"


def test_an_answer_of_white_space_begins_anew_behind_it() -> None:
    found = planned(said=spoken("\n\n"))
    assert (found.how, found.chat, found.joint.add("\n\nHello")) == ("restart", CHAT, "Hello")


def test_a_beginning_that_the_caller_gave_is_gone_on_with() -> None:
    begun = b.chat(stream=True, messages=({"role": "user", "content": "?"}, {"role": "assistant", "content": "Well, "}))
    assert planned(begun).chat.messages == (begun.messages[0], {"role": "assistant", "content": f"Well, {TEXT}"})


def test_a_beginning_in_parts_is_doubt() -> None:
    parts = {"role": "assistant", "content": [{"type": "text", "text": "Well, "}]}
    assert refused(b.chat(stream=True, messages=(parts,))) == "conversation"


def test_who_goes_on_does_not_think_again() -> None:
    found = planned(b.chat(stream=True, fields={"reasoning_effort": "high", "temperature": 0.5}))
    assert found.chat.fields == {"temperature": 0.5}


# --- by asking --------------------------------------------------------------------------------------------------------


def test_a_model_that_takes_no_prefill_is_asked_only_where_the_operator_allows_it() -> None:
    assert refused(helper=PLAIN, rescue="prefill") == "prefill"
    found = planned(helper=PLAIN)
    *before, begun, question = found.chat.messages
    assert (found.how, tuple(before), begun) == ("ask", CHAT.messages, {"role": "assistant", "content": TEXT})
    assert (question["role"], TEXT in question["content"]) == ("user", True)


@pytest.mark.parametrize("text", ["It ends with a stop.", "It ends with a space ", "Too short"])
def test_nobody_is_asked_whose_reply_could_not_be_joined(text: str) -> None:
    assert refused(said=spoken(text), helper=PLAIN) == "doubt"


def test_log_probabilities_would_not_be_those_of_the_text() -> None:
    assert refused(b.chat(stream=True, fields={"logprobs": True}), helper=PLAIN) == "doubt"


# --- anew -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("helper", [PREFILLS, PLAIN])
@pytest.mark.parametrize("format", ["text", "json_object", "json_schema"])
def test_an_answer_of_which_only_thoughts_were_shown_begins_anew(helper: Helper, format: Any) -> None:
    chat = b.chat(stream=True, format=format)
    found = planned(chat, spoken(reasoning_content="Hm."), helper, "prefill")
    assert (found.how, found.chat, type(found.joint)) == ("restart", chat, Onward)
    assert found.joint.is_closed


# --- not at all -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (spoken(TEXT, tool_calls=[tool_call(0, "c1", "look", "")]), "tools"),
        (spoken(TEXT, function_call={"name": "look", "arguments": ""}), "tools"),
        (spoken(refusal="I cannot"), "refused"),
        (spoken(TEXT, content="two", index=1), "choices"),
        (spoken(TEXT, finish_reason="stop"), "finished"),
        (spoken("x" * CHARS_MAX, "y"), "too_long"),
    ],
    ids=["tool call", "function call", "refusal", "second choice", "finished", "too long"],
)
def test_what_is_more_than_the_beginning_of_a_text_is_not_gone_on_with(said: Spoken, why: str) -> None:
    assert refused(said=said) == why


def test_what_was_too_long_is_not_kept() -> None:
    assert spoken("x" * CHARS_MAX, "y").text == ""


def test_texts_at_once_are_remembered_as_one_by_one() -> None:
    said = spoken("x" * (CHARS_MAX - 2))
    said.add_texts(["y", "z"])
    assert (said.text[-3:], said.obstacle) == ("xyz", None)
    said.add_texts(["!"])
    assert (said.text, said.obstacle) == ("", "too_long")


@pytest.mark.parametrize("format", ["json_object", "json_schema"])
def test_broken_json_is_not_gone_on_with(format: Any) -> None:
    assert refused(b.chat(stream=True, format=format), spoken('{"city": "Ber')) == "format"


@pytest.mark.parametrize("stop", ["seven", ["x", "at seven"]])
def test_a_stop_text_may_stand_astride_the_joint(stop: str | list[str]) -> None:
    assert refused(b.chat(stream=True, fields={"stop": stop})) == "stop"


def test_another_stop_text_does_not_matter() -> None:
    assert planned(b.chat(stream=True, fields={"stop": ["noon", "x"]})).how == "prefill"


def test_an_answer_as_long_as_it_may_be_is_not_gone_on_with() -> None:
    assert refused(helper=Helper(takes_prefill=True, output_tokens_left=0)) == "bound"


@pytest.mark.parametrize(
    ("rescue", "permitted", "chat", "possible"),
    [
        ("prefill", True, CHAT, True),
        ("ask", True, CHAT, True),
        ("off", True, CHAT, False),
        ("prefill", False, CHAT, False),
        ("prefill", True, b.chat(), False),
        ("prefill", True, b.chat(stream=True, n=2), False),
    ],
    ids=["prefill", "ask", "off", "not permitted", "whole answer", "several choices"],
)
def test_what_cannot_be_rescued_need_not_be_remembered(rescue: Rescue, permitted: bool, chat: Chat, possible: bool) -> None:
    assert is_possible(rescue, permitted, chat) is possible
