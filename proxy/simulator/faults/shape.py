"""Faults in the shape of an answer: fields missing, null, of another type or too many; and in what is said at all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, Final

import orjson

from proxy.simulator.answers import Answer
from proxy.simulator.dialects.dialect import DialectName, Event, Json
from proxy.simulator.faults.acts import ALL, OPENAI_LIKE, Arrange, Edit, Leaves, Row, Say, always
from proxy.simulator.faults.parts import (
    FINISH,
    LISTS,
    Editing,
    add,
    choices,
    drop,
    each,
    envelopes,
    finishing,
    put,
    spoken,
    tool_calls,
)

_IDS: Final = ("id", "responseId")
_MODELS: Final = ("model", "modelVersion")
_SPACES: Final = (" ", "\n", "\n ", " ")
_REFUSAL: Final = ("I", " cannot", " help", " with", " that", ".")
_ANTHROPIC: Final[frozenset[DialectName]] = frozenset({"anthropic"})
_GEMINI: Final[frozenset[DialectName]] = frozenset({"gemini"})


def _edit(name: str, says: str, edit: Editing, leaves: Leaves = "whole", dialects: frozenset[DialectName] = ALL) -> Row:
    return Row(name, says, "body", leaves, always(Edit(edit)), always(Edit(edit)), dialects=dialects)


def _openai(name: str, says: str, edit: Editing, leaves: Leaves = "whole") -> Row:
    return _edit(name, says, edit, leaves, OPENAI_LIKE)


def _tools(name: str, says: str, edit: Callable[[Json], object], leaves: Leaves = "whole") -> Row:
    act = always(Edit(each(tool_calls, edit)))
    return Row(name, says, "body", leaves, act, act, dialects=OPENAI_LIKE, needs="tools")


def _say(name: str, says: str, say: Callable[[Answer], Answer], leaves: Leaves) -> Row:
    return Row(name, says, "body", leaves, always(Say(say)), always(Say(say)))


def _finish(name: str, says: str, reason: object, leaves: Leaves = "whole", dialects: frozenset[DialectName] = ALL) -> Row:
    """Where a reason is given it is another one."""

    def edit(part: Json) -> None:
        part.update({key: reason for key in FINISH if part.get(key)})

    return _edit(name, says, each(finishing, edit), leaves, dialects)


def _ids_change(events: Iterable[Event]) -> Iterator[Event]:
    numbers = count(1)
    for event in events:
        if isinstance(event.value, dict) and any(key in event.value for key in _IDS):
            fresh = {key: f"other-{next(numbers)}" for key in _IDS if key in event.value}
            yield event._replace(value=event.value | fresh)
        else:
            yield event


def _listed_content(said: Json) -> None:
    if isinstance(said.get("content"), str):
        said["content"] = [{"type": "text", "text": said["content"]}]


def _null_content(said: Json) -> None:
    """Where thoughts or tools are spoken, not where words are."""
    if not said.get("content"):
        said["content"] = None


def _extra_choice(value: Json) -> None:
    if value.get("choices"):
        value["choices"].append(orjson.loads(orjson.dumps(value["choices"][0])) | {"index": 1})


def _parsed_arguments(call: Json) -> None:
    """Only a whole call can be an object; a piece of one stays text."""
    function = call.get("function", {})
    try:
        function["arguments"] = orjson.loads(function.get("arguments", ""))
    except orjson.JSONDecodeError:
        return


def _call_in_one(events: Iterable[Event]) -> Iterator[Event]:
    """Each call's pieces gathered into its first one, with its arguments as an object."""
    first: dict[int, Json] = {}
    gathered: list[Event] = []
    for event in events:
        calls = list(tool_calls(event.value)) if isinstance(event.value, dict) else []
        if not calls:
            yield from _whole_calls(gathered, first)
            gathered.clear()
            yield event
        for call in calls:
            if call["index"] in first:
                first[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
            else:
                first[call["index"]] = call
                gathered.append(event)


def _whole_calls(gathered: list[Event], first: dict[int, Json]) -> Iterator[Event]:
    for call in first.values():
        _parsed_arguments(call)
    first.clear()
    yield from gathered


def _with_id_again(call: Json) -> None:
    """Id, type and name in every piece, as if each were the first."""
    call |= {"id": "call_again", "type": "function"}
    call["function"].setdefault("name", "")


def _only_thoughts(answer: Answer) -> Answer:
    thoughts = answer.reasoning or ("Let", " me", " think", " about", " that", ".")
    return replace(answer, reasoning=thoughts, content=(), tool_calls=(), finish_reason="stop")


def _filtered(answer: Answer) -> Answer:
    return replace(answer, content=answer.content[:5], tool_calls=(), finish_reason="content_filter")


def _blocked(value: Json) -> None:
    """The prompt was blocked: no candidates, and a note why."""
    value.pop("candidates", None)
    value["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}


def _everywhere(value: Json) -> list[Json]:
    return [*envelopes(value), *choices(value), *spoken(value)]


def _lists_as(replacement: Any) -> Editing:
    return lambda value: value.update({key: replacement for key in LISTS if key in value})


ROWS: Final = (
    # The list of answers.
    _edit("choices_missing", "No choices.", drop(*LISTS), "nothing", ALL - _ANTHROPIC),
    _edit("choices_null", "choices is null.", _lists_as(None), "nothing", ALL - _ANTHROPIC),
    _edit("choices_empty", "choices is empty.", _lists_as([]), "nothing", ALL - _ANTHROPIC),
    _openai("choices_extra", "A second choice that nobody asked for, with the same words.", _extra_choice),
    _openai(
        "choice_null",
        "The only choice is null.",
        lambda value: value.update({"choices": [None for _ in value.get("choices", ())]}),
        "nothing",
    ),
    _openai("index_missing", "Choices without their number.", each(choices, drop("index"))),
    # Envelope.
    _edit("id_missing", "No id.", each(envelopes, drop(*_IDS))),
    _edit("id_null", "id is null.", each(envelopes, put(dict.fromkeys(_IDS)))),
    _edit("id_number", "id is a number.", each(envelopes, put(dict.fromkeys(_IDS, 17)))),
    Row(
        "ids_change",
        "Another id in every chunk.",
        "stream",
        "whole",
        stream=always(Arrange(_ids_change)),
        dialects=ALL - _ANTHROPIC,
    ),
    _edit("model_missing", "No model.", each(envelopes, drop(*_MODELS))),
    _edit("model_wrong", "The name of another model.", each(envelopes, put(dict.fromkeys(_MODELS, "someone-else-9b")))),
    _openai("object_missing", "No `object`.", drop("object")),
    _openai("created_missing", "No `created`.", drop("created")),
    _openai("created_float", "`created` with a fraction.", add({"created": 1_700_000_000.25})),
    _openai("created_text", "`created` as a date in words.", add({"created": "2024-01-31T12:00:00Z"})),
    _openai("created_null", "`created` is null.", add({"created": None})),
    _edit(
        "fields_unknown",
        "Fields that nobody knows, at every level.",
        each(_everywhere, add({"x_extra": {"deep": [1, None, "text"]}})),
    ),
    # Messages and deltas.
    _openai("role_missing", "Messages and deltas without a role.", each(spoken, drop("role"))),
    Row(
        "role_everywhere",
        "A role in every delta.",
        "stream",
        "whole",
        stream=always(Edit(each(spoken, add({"role": "assistant"})))),
        dialects=frozenset({"openai"}),
    ),
    _openai("role_odd", "The role is `bot`.", each(spoken, put({"role": "bot"}))),
    _openai("content_list", "Content as a list of parts.", each(spoken, _listed_content)),
    Row(
        "content_null",
        "Content is null where a delta has none.",
        "stream",
        "whole",
        stream=always(Edit(each(spoken, _null_content))),
        dialects=OPENAI_LIKE,
    ),
    _openai("message_missing", "A choice without its message or delta.", each(choices, drop("message", "delta")), "nothing"),
    _openai(
        "message_null",
        "A choice whose message or delta is null.",
        each(choices, put({"message": None, "delta": None})),
        "nothing",
    ),
    _openai("logprobs_missing", "No logprobs, not even null.", each(choices, drop("logprobs"))),
    # Reasons to finish.
    _edit(
        "finish_missing",
        "No reason to finish anywhere, though the answer is complete.",
        each(finishing, drop(*FINISH)),
        dialects=ALL - _GEMINI,
    ),
    _finish("finish_null", "The reason to finish is null.", None),
    _finish("finish_empty", "The reason to finish is empty.", ""),
    _finish("finish_odd", "A reason to finish that nobody knows: `eos`.", "eos"),
    _finish("finish_capitals", "The reason to finish in capitals: `STOP`.", "STOP", dialects=ALL - _GEMINI),
    _finish("finish_number", "The reason to finish is a number.", 0),
    _finish("finish_error", "The reason to finish is `error`.", "error", "nothing"),
    Row(
        "finish_stop_with_tools",
        "Tools are called, and the reason to finish is `stop`.",
        "body",
        "whole",
        always(Edit(each(choices, lambda part: part.get("finish_reason") and part.update(finish_reason="stop")))),
        always(Edit(each(choices, lambda part: part.get("finish_reason") and part.update(finish_reason="stop")))),
        dialects=OPENAI_LIKE,
        needs="tools",
    ),
    # Tools.
    Row(
        "tool_index_missing",
        "Tool call deltas without an index.",
        "stream",
        "whole",
        stream=always(Edit(each(tool_calls, drop("index")))),
        dialects=OPENAI_LIKE,
        needs="tools",
    ),
    _tools("tool_id_missing", "Tool calls without an id.", drop("id")),
    _tools("tool_id_empty", "Tool calls whose id is empty.", put({"id": ""})),
    _tools("tool_id_again", "An id, another one, in every piece of a tool call.", _with_id_again),
    _tools("tool_type_missing", "Tool calls without a type.", drop("type")),
    Row(
        "tool_arguments_object",
        "Arguments of tool calls as an object.",
        "body",
        "whole",
        whole=always(Edit(each(tool_calls, _parsed_arguments))),
        dialects=OPENAI_LIKE,
        needs="tools",
    ),
    Row(
        "tool_call_in_one",
        "Each tool call in one delta, its arguments an object.",
        "stream",
        "whole",
        stream=always(Arrange(_call_in_one)),
        dialects=OPENAI_LIKE,
        needs="tools",
    ),
    _tools(
        "tool_arguments_broken",
        "Arguments of tool calls that are no JSON.",
        lambda call: call.get("function", {}).update(arguments='{"city": "Pa'),
        "part",
    ),
    _tools(
        "tool_name_missing", "Tool calls without a name.", lambda call: call.get("function", {}).pop("name", None), "nothing"
    ),
    # What is said.
    _say("empty", "An answer with nothing in it.", lambda _: Answer(), "nothing"),
    _say(
        "only_spaces",
        "An answer of white space.",
        lambda answer: replace(answer, content=_SPACES, tool_calls=(), finish_reason="stop"),
        "nothing",
    ),
    _say("only_thoughts", "Reasoning, and no answer after it.", _only_thoughts, "nothing"),
    _say("filtered", "An answer that its content filter stops after some words.", _filtered, "refusal"),
    _say(
        "refusal",
        "A refusal in the place of an answer.",
        lambda _: Answer(refusal=_REFUSAL),
        "refusal",
    ),
    _edit("prompt_blocked", "No candidates, and a note that the prompt was blocked.", _blocked, "refusal", _GEMINI),
)
