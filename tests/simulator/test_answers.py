"""Claims about what a model says and what it counts."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simulator.answers import Answer, answers, usage
from proxy.simulator.markers import behaviour_of
from proxy.simulator.prompt import Prompt, Tool, Turn
from proxy.simulator.tale import tale

_PLACE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", _PLACE)
TRAINS = Tool("find_trains", _PLACE)


def prompt(asked: str = "hello", model: str = "sim-small") -> Prompt:
    return Prompt(model, (Turn("user", asked),))


def answered(asked: Prompt) -> Answer:
    return answers(asked, behaviour_of(asked.model))[0]


def said(asked: Prompt) -> str:
    return "".join(answered(asked).content)


@given(st.text(), st.sampled_from(["sim-small", "sim-coder", "sim-reason", "sim-translator", "sim-summary"]))
def test_any_prompt_gets_the_same_answer_twice(text: str, model: str) -> None:
    assert answered(prompt(text, model)) == answered(prompt(text, model))


@given(st.text())
def test_echo_is_exactly_the_last_user_message(text: str) -> None:
    assert said(prompt(text, "sim--echo")) == text


def test_words_are_numbered_and_one_token_each() -> None:
    answer = answered(prompt(model="sim--words=60"))
    assert "".join(answer.content) == " ".join(f"w{n}" for n in range(1, 61))
    assert answer.token_count == 60


def test_an_empty_answer_has_nothing_in_it() -> None:
    assert answered(prompt(model="sim-reason--empty")) == Answer()


@given(st.integers(1, 200), st.sampled_from(["sim-small", "sim-reason", "sim--words=90", "sim-reason--words=90"]))
def test_no_answer_is_longer_than_its_bound(bound: int, model: str) -> None:
    free = answered(prompt("Write code", model))
    bounded = answered(replace(prompt("Write code", model), output_tokens_max=bound))
    assert bounded.token_count == min(bound, free.token_count)
    assert (bounded.finish_reason == "length") is (free.token_count > bound)


def test_an_answer_ends_before_its_stop_word() -> None:
    answer = answered(replace(prompt(model="sim--words=9"), stop=("w7", "w4")))
    assert "".join(answer.content) == "w1 w2 w3 "
    assert answer.finish_reason == "stop"


def test_each_choice_says_it_another_way() -> None:
    given_answers = answers(replace(prompt("Explain tides"), n=3), behaviour_of("sim-small"))
    assert len({answer.content for answer in given_answers}) == 3


def test_reasoning_models_show_their_reasoning() -> None:
    assert answered(prompt("Why is the sky blue?", "sim-reason")).reasoning
    assert not answered(prompt("Why is the sky blue?")).reasoning


def test_an_image_is_acknowledged() -> None:
    assert said(Prompt("sim", (Turn("user", "What is this?", 1),))).startswith("I see an image. ")
    assert said(Prompt("sim", (Turn("user", "What are these?", 2),))).startswith("I see 2 images. ")


def test_a_tool_that_is_asked_for_is_called_with_what_was_said() -> None:
    answer = answered(replace(prompt("What is the weather in Paris?"), tools=(WEATHER, TRAINS)))
    assert [call.name for call in answer.tool_calls] == ["get_weather"]
    assert orjson.loads("".join(answer.tool_calls[0].arguments)) == {"city": "Paris"}
    assert (answer.finish_reason, answer.content) == ("tool_calls", ())


def test_a_tool_that_nobody_asks_for_is_not_called() -> None:
    assert not answered(replace(prompt("Tell me a story"), tools=(WEATHER, TRAINS))).tool_calls


def test_two_tools_are_called_together_unless_that_is_forbidden() -> None:
    both = replace(prompt("Weather and trains in Paris, please"), tools=(WEATHER, TRAINS))
    assert [call.name for call in answered(both).tool_calls] == ["get_weather", "find_trains"]
    assert len({call.id for call in answered(both).tool_calls}) == 2
    assert len(answered(replace(both, parallel_tools=False)).tool_calls) == 1


def test_a_bound_cuts_the_arguments_of_a_tool_call_short() -> None:
    both = replace(prompt("Weather and trains in Paris, please"), tools=(WEATHER, TRAINS))
    first = answered(both).tool_calls[0]
    bounded = answered(replace(both, output_tokens_max=len(first.arguments) - 1))
    assert [call.arguments for call in bounded.tool_calls] == [first.arguments[:-1]]
    assert bounded.finish_reason == "length"


@pytest.mark.parametrize(
    ("choice", "called"), [("none", []), ("required", ["get_weather"]), ("find_trains", ["find_trains"]), ("auto", [])]
)
def test_the_caller_can_choose_the_tool(choice: str, called: list[str]) -> None:
    asked = replace(prompt("Tell me a story"), tools=(WEATHER, TRAINS), tool_choice=choice)
    assert [call.name for call in answered(asked).tool_calls] == called


def test_the_result_of_a_tool_is_passed_on() -> None:
    turns = (Turn("user", "weather in Paris?"), Turn("assistant", ""), Turn("tool", "21 degrees"))
    assert said(Prompt("sim", turns, tools=(WEATHER,))) == "Here is what I found: 21 degrees"


def test_a_schema_makes_the_answer_json() -> None:
    assert orjson.loads(said(replace(prompt("Rome"), schema=_PLACE))) == {"city": "Rome"}
    assert isinstance(orjson.loads(said(replace(prompt("Rome"), schema={}))), dict)


def test_usage_counts_what_is_there() -> None:
    asked = replace(prompt("Why is the sky blue?", "sim-reason"), n=2)
    behaviour = behaviour_of(asked.model)
    given_answers = answers(asked, behaviour)
    counted = usage(asked, given_answers, behaviour)
    assert counted.output == sum(answer.token_count for answer in given_answers)
    assert counted.reasoning == sum(len(answer.reasoning) for answer in given_answers) > 0
    assert counted.input > 6


def test_images_and_tools_count_as_input() -> None:
    behaviour = behaviour_of("sim")
    plain, seeing = (usage(Prompt("sim", (Turn("user", "hi", n),)), (), behaviour) for n in (0, 1))
    offered = usage(Prompt("sim", (Turn("user", "hi"),), tools=(WEATHER,)), (), behaviour)
    assert plain.input < offered.input
    assert plain.input < seeing.input


def test_only_a_long_prefix_that_was_answered_is_cached() -> None:
    long, short = Turn("user", "word " * 2_000), Turn("user", "word")
    after = (Turn("assistant", "yes"), Turn("user", "go on"))
    cached = [
        usage(Prompt("sim", turns), (), behaviour_of("sim")).cached for turns in ((long,), (short, *after), (long, *after))
    ]
    assert cached[:2] == [0, 0]
    assert 1_900 < cached[2] < 2_100
    assert cached[2] % 128 == 0


def test_a_model_may_bill_many_times_what_it_says() -> None:
    asked = prompt("hello", "sim")
    assert usage(asked, (), behaviour_of("sim--bills=50")).input == usage(asked, (), behaviour_of("sim")).input * 50


def test_a_tale_follows_from_the_last_user_message_alone() -> None:
    turns = (Turn("system", "be brief"), Turn("user", "one"), Turn("assistant", "two"), Turn("user", "tell me"))
    for model in ("sim--tale=60", "fault:cut:at=3--tale=60"):
        answer = answered(Prompt(model, turns))
        assert "".join(answer.content) == tale("tell me", 60)
        assert answer.token_count == 60


def test_hidden_reasoning_is_billed_and_not_shown() -> None:
    shown, hidden = answered(prompt("Why?", "sim-reason")), answered(prompt("Why?", "sim-reason--hides-reasoning"))
    assert (hidden.reasoning, hidden.content) == ((), shown.content)
    assert hidden.token_count == shown.token_count
    off = answered(replace(prompt("Why?", "sim-reason"), reasoning="off"))
    assert off.token_count == len(shown.content)


def test_the_word_that_stopped_an_answer_is_known() -> None:
    assert answered(replace(prompt(model="sim--words=9"), stop=("w7", "w4"))).stopped_by == "w4"
    assert answered(prompt(model="sim--words=9")).stopped_by is None


@given(st.integers(0, 60))
def test_a_prefill_and_its_continuation_are_the_uncut_answer(at: int) -> None:
    asked = prompt("Tell me of trains", "sim--tale=60")
    uncut = answered(asked).content
    begun = "".join(uncut[:at])
    resumed = replace(asked, turns=(*asked.turns, Turn("assistant", begun)), prefill=True)
    assert begun + said(resumed) == "".join(uncut)


def test_only_models_that_take_a_prefill_go_on_with_it() -> None:
    turns = (Turn("user", "hi"), Turn("assistant", "w1 w2"))
    assert said(Prompt("sim--words=4--prefill", turns)) == " w3 w4"
    assert said(Prompt("sim--words=4", turns)) == "w1 w2 w3 w4"


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("exact", "\n- b\n- c"),
        ("overlap", "- a\n- b\n- b\n- c"),
        ("start_over", "- a\n- b\n- b\n- c"),
        ("repeat_line", "- b\n- b\n- c"),
        ("paraphrase", "In other words: b - a -\n- b\n- c"),
    ],
)
def test_a_model_that_is_asked_to_go_on_does_so_in_its_own_way(how: str, text: str) -> None:
    turns = (Turn("user", "- a\n- b\n- b\n- c"), Turn("assistant", "- a\n- b"), Turn("user", "Go on."))
    assert said(Prompt(f"sim--echo--continue={how}", turns)) == text


def test_an_answer_is_the_same_however_a_dialect_joins_what_was_said() -> None:
    apart = (Turn("system", "a"), Turn("system", "b"), Turn("user", "one"), Turn("user", "trains"))
    joined = (Turn("user", "one\n\ntrains"), Turn("system", "a\n\nb"))
    assert Prompt("sim", apart).digest == Prompt("sim", joined).digest
    assert Prompt("sim", apart, seed=1).digest != Prompt("sim", joined).digest
