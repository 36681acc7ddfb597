"""Claims about events that differ in their text alone: told as if each had been read in full, and nothing else is taken so."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Delta
from proxy.stages.provider.completions.reader import ChunkReader
from proxy.stages.stream.express import LESSONS_MAX, Express
from proxy.stages.stream.openai import OpenAIVoice
from tests.stages.stream.speech import CALL_ID, CREATED_S, heard

TOP = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "upstream"}


def event(text: Any, delta: dict[str, Any] | None = None, **top: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text, **(delta or {})}, "logprobs": None, "finish_reason": None}
    return orjson.dumps({**TOP, "choices": [choice], **top})


def voice(include_usage: bool = False) -> OpenAIVoice:
    spoken_by = OpenAIVoice(CALL_ID, CREATED_S, include_usage)
    spoken_by.answering("p/m", None, "best_score")
    spoken_by.head()
    return spoken_by


def taught(lesson: bytes, include_usage: bool = False) -> Express:
    express, delta = Express(), ChunkReader().delta(lesson)
    express.learn(lesson, delta, voice(include_usage).delta(delta))
    return express


def in_full(events: Sequence[bytes], lesson: bytes, include_usage: bool = False) -> bytes:
    reader, spoken_by = ChunkReader(), voice(include_usage)
    spoken_by.delta(reader.delta(lesson))
    return b"".join(spoken_by.delta(reader.delta(each)) for each in events)


LESSONS = {
    "as it is": event("Hi"),
    "with spaces": orjson.dumps(orjson.loads(event("Hi")), option=orjson.OPT_INDENT_2).replace(b"\n", b" "),
    "without logprobs": event("Hi").replace(b'"logprobs":null,', b""),
    "with a role in each": event("Hi", {"role": "assistant"}),
    "with another field": event("Hi", provider="somebody"),
    "with usage that says nothing": event("Hi", usage=None),
}


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("include_usage", [False, True])
def test_what_is_told_is_what_a_reader_of_each_event_would_have_told(name: str, include_usage: bool) -> None:
    lesson = LESSONS[name]
    events = [lesson.replace(b"Hi", text.encode()) for text in ("a", " ", "ä€😀", '\\n\\t\\"', "\\u00e4", "{}[],:")]
    express = taught(lesson, include_usage)
    alike = express.stretch(events)
    assert len(alike.texts) == len(events)
    assert heard(express.told(alike.strings)) == heard(in_full(events, lesson, include_usage))
    assert "".join(alike.texts) == 'a ä€😀\n\t"ä{}[],:'


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_text_may_stand_in_it(texts: list[str]) -> None:
    express, events = taught(event("Hi")), [event(text) for text in texts]
    alike = express.stretch(events)
    assert alike.texts == texts
    assert express.told(alike.strings) == in_full(events, event("Hi"))
    told = [(text, in_full([each], event("Hi"))) for text, each in zip(texts, events, strict=True)]
    assert [express.one(b"data: " + each + b"\n\n") for each in events] == told


@pytest.mark.parametrize(
    "other",
    [
        event(""),
        event(None),
        event("x", {"refusal": "no"}),
        event("x", model="another"),
        event("x").replace(b'"finish_reason":null', b'"finish_reason":"stop"'),
        event("x").replace(b'"x"', b'"x","tool_calls":[]'),
        event("x").replace(b'"x"', b'"x","content":"y"'),
        event("x").replace(b'"x"', b'"x\\"'),
        event("x").replace(b'"x"', b'"\\ud800"'),
        event("x").replace(b'"x"', b'"\xff"'),
        event("x").replace(b'"x"', b'"\x01"'),
        event("x").replace(b'"x"', b'"'),
        event("x")[:-1],
        b"[DONE]",
        b"",
    ],
)
def test_what_is_otherwise_ends_the_stretch(other: bytes) -> None:
    express = taught(event("Hi"))
    alike = express.stretch([event("a"), other, event("b")])
    assert alike.texts == ["a"]
    assert express.one(b"data: " + other + b"\n\n") is None


def test_what_is_not_one_event_and_whole_is_never_taken_for_one() -> None:
    express, said = taught(event("Hi")), b"data: " + event("a") + b"\n\n"
    assert express.one(said) == ("a", express.told([b"a"]))
    for data in (said + said, said[:-1], said[1:], said[:-2] + b"\r\n\r\n", said + b": hello\n\n", b": hello\n\n" + said):
        assert express.one(data) is None
    assert Express().one(said) is None


@given(cut=st.integers(min_value=0), text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_nor_is_any_piece_of_one(cut: int, text: str) -> None:
    said = b"data: " + event(text) + b"\n\n"
    piece = said[: cut % len(said)]
    assert taught(event("Hi")).one(piece) is None


@pytest.mark.parametrize(
    "lesson",
    [
        event("Hi", {"reasoning_content": "Hm."}),
        event("Hi", {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}]}),
        event("Hi", usage={"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
        event("Hi").replace(b'"finish_reason":null', b'"finish_reason":"stop"'),
        event("Hi").replace(b'"index":0', b'"index":1'),
        event("Hi", extra={"content": "more"}),
        event(["Hi"]),
        event(""),
    ],
)
def test_nothing_is_learned_from_an_event_that_says_more(lesson: bytes) -> None:
    assert not taught(lesson).stretch([lesson, event("a")]).texts


def test_nor_from_what_was_told_in_several_events_or_other_words() -> None:
    lesson = event("Hi")
    delta = ChunkReader().delta(lesson)
    told = voice().delta(delta)
    for other in (told + told, told.replace(b"Hi", b"Ho"), b"event: delta\n" + told, b""):
        express = Express()
        express.learn(lesson, delta, other)
        assert not express.stretch([event("a")]).texts


def test_who_is_never_alike_is_not_asked_for_ever() -> None:
    express, spoken_by = Express(), voice()
    for number in range(LESSONS_MAX):
        lesson = event("Hi", extra={"content": number})
        delta = ChunkReader().delta(lesson)
        express.learn(lesson, delta, spoken_by.delta(delta))
    delta = ChunkReader().delta(event("Hi"))
    express.learn(event("Hi"), delta, spoken_by.delta(delta))
    assert not express.stretch([event("a")]).texts


def test_an_error_teaches_nothing() -> None:
    express = Express()
    express.learn(b"", Delta({}), b"")
    assert not express.stretch([b""]).texts
