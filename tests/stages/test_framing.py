"""Claims about what a model reads of a request: all of it, with at least the tokens that are known to go around it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.counting.bpe import counting_in
from proxy.domain.chat import Chat, Json
from proxy.domain.embeddings import Embeddings
from proxy.domain.images import Images
from proxy.stages import intake
from proxy.stages.framing import ANSWER_TOKENS, CALL_TOKENS_MAX, MESSAGE_TOKENS, Framed, framed

COUNT = counting_in("o200k_base")


def chat_of(**request: Any) -> Chat:
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hi"}], **request}
    chat = intake.parse(orjson.dumps(body))
    assert isinstance(chat, Chat), chat
    return chat


def said(*messages: Json, **request: Any) -> Framed:
    return framed(chat_of(messages=list(messages), **request))


def size(read: Framed) -> int:
    return sum(map(COUNT, (*read.texts, *read.asides))) + read.framing_tokens


def test_plain_messages_cost_what_openai_publishes() -> None:
    """Three tokens and the role around each message, one more with a name, three before the answer; the texts as the
    reference counts them: 10, 19 and 24, the name 1."""
    read = said(
        {"role": "system", "content": "The quick brown fox jumps over the lazy dog."},
        {"role": "user", "name": "fox", "content": "Съешь же ещё этих мягких французских булок, да выпей чаю."},
        {"role": "assistant", "content": "すべての人間は、生まれながらにして自由である。カタカナも。"},
    )
    assert (size(read), read.is_published) == (3 + (4 + 10) + (4 + 19 + 1 + 1) + (4 + 24), True)


def test_our_own_prompt_is_one_more_message() -> None:
    plain, prompted = framed(chat_of()), framed(chat_of(), "Be brief.")
    assert prompted.texts == ("Be brief.", *plain.texts)
    assert prompted.framing_tokens == plain.framing_tokens + MESSAGE_TOKENS == ANSWER_TOKENS + 2 * MESSAGE_TOKENS


IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"it"}'}}


ODD_IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "caption": "A cat."}, "alt": "A dog."}
ODD_CALL = CALL | {"why": "so", "function": {"name": "look", "arguments": "{}", "thought": "It may be there."}}


def test_an_image_has_no_text_and_its_link_is_not_read() -> None:
    read = said({"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE]})
    assert (read.texts, read.asides, read.is_published) == (("What is it?",), (), False)


def test_calls_results_and_what_nobody_knows_are_asides() -> None:
    read = said(
        {"role": "assistant", "content": None, "tool_calls": [CALL], "thoughts": ["so"]},
        {"role": "tool", "content": "42", "tool_call_id": "call_1"},
    )
    assert read.texts == ("42",)
    assert read.asides == ("call_1", "look", '{"at":"it"}', '["so"]', "call_1")
    assert not read.is_published
    assert read.framing_tokens > ANSWER_TOKENS + 2 * MESSAGE_TOKENS + CALL_TOKENS_MAX


def test_sound_is_bounded_as_intake_measures_it() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 500, "format": "wav"}}
    assert said({"role": "user", "content": [sound]}).framing_tokens > 500


@pytest.mark.parametrize("name", ["tools", "functions", "response_format"])
def test_definitions_are_read_and_their_form_is_not_published(name: str) -> None:
    function = {"name": "look", "parameters": {"type": "object"}}
    given = {
        "tools": [{"type": "function", "function": function}],
        "functions": [function],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
    }[name]
    read = framed(chat_of(**{name: given}))
    assert [orjson.loads(aside) for aside in read.asides] == [given]
    assert not read.is_published


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAMES = st.text("abcxyz_", min_size=1, max_size=12)
PROPERTY = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "number"]), "description": WORDS},
    optional={"enum": st.lists(NAMES, min_size=1, max_size=30)},
)
FUNCTION = st.fixed_dictionaries(
    {
        "name": NAMES,
        "description": WORDS,
        "parameters": st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(NAMES, PROPERTY, max_size=6)}
        ),
    }
)


def _as_published(functions: list[Json]) -> int:
    """What OpenAI's cookbook says that functions cost on gpt-4o: an approximation that it calls good."""
    tokens = 12 if functions else 0
    for function in functions:
        tokens += 7 + COUNT(f"{function['name']}:{function['description'].rstrip('.')}")
        properties = function["parameters"]["properties"]
        tokens += 3 if properties else 0
        for name, value in properties.items():
            tokens += 3 + COUNT(f"{name}:{value['type']}:{value['description'].rstrip('.')}")
            if "enum" in value:
                tokens += -3 + sum(3 + COUNT(item) for item in value["enum"])
    return tokens


@given(st.lists(FUNCTION, min_size=1, max_size=5))
def test_tools_are_never_counted_under_what_is_known_of_their_rendering(functions: list[Json]) -> None:
    tools = [{"type": "function", "function": function} for function in functions]
    bare, armed = framed(chat_of()), framed(chat_of(tools=tools))
    assert size(armed) - size(bare) >= _as_published(functions)


PARTS = st.lists(st.builds(lambda text: {"type": "text", "text": text}, WORDS) | st.just(IMAGE), min_size=1, max_size=4)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": WORDS | PARTS}, optional={"name": WORDS}
    )
    | st.just({"role": "assistant", "tool_calls": [CALL], "refusal": "No."})
    | st.just({"role": "assistant", "tool_calls": [ODD_CALL], "thoughts": ["so"]})
    | st.just({"role": "user", "content": [ODD_IMAGE]})
    | st.just({"role": "tool", "content": "42", "tool_call_id": "call_1"}),
    min_size=1,
    max_size=5,
)


@given(MESSAGES, st.lists(FUNCTION, max_size=2))
def test_everything_that_intake_measured_is_read(messages: list[Json], functions: list[Json]) -> None:
    tools = {"tools": [{"type": "function", "function": function} for function in functions]} if functions else {}
    chat = chat_of(messages=messages, memories=["It rained."], **tools)
    read = framed(chat)
    assert sum(len(text.encode()) for text in (*read.texts, *read.asides)) >= chat.text_bytes - len("[]")


def test_of_embeddings_each_text_is_read_as_it_stands() -> None:
    assert framed(Embeddings(("m",), ("one", "two"), ())) == Framed(("one", "two"), (), 0, is_published=True)
    assert framed(Embeddings(("m",), (), ((1, 2),))) == Framed((), (), 0, is_published=True)
    assert framed(Embeddings(("m",), ("one",), (), unknown={"task": "query"})).asides == ('{"task":"query"}',)


def test_how_the_prompt_of_an_image_is_wrapped_is_not_published() -> None:
    assert framed(Images(("m",), "A train.")) == Framed(("A train.",), (), MESSAGE_TOKENS + ANSWER_TOKENS, is_published=False)
