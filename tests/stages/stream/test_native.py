"""Claims about our own surface: typed events in their order, names of ours, nothing of a provider's frame."""

from typing import Any

import orjson

from proxy.domain.chat import Answer
from proxy.domain.errors import Refusal
from proxy.stages.provider.completions.chunk import read_chunk
from proxy.stages.provider.openai import OpenAI
from proxy.stages.stream import Voice
from proxy.stages.stream.native import USAGE_EVERY_BYTES, NativeVoice
from tests.stages.stream.speech import CALL_ID, CREATED_S, choice, chunk, receipt, spoken

CALL = {"call": CALL_ID, "created": CREATED_S, "conversation_id": "conv-1"}


def voice(explain: dict[str, object] | None = None) -> NativeVoice:
    spoken_by = NativeVoice(CALL_ID, CREATED_S, "conv-1")
    spoken_by.answering("p/m", "general", "best_score", explain)
    return spoken_by


def heard(stream: bytes) -> list[tuple[str, Any]]:
    events = [event.split(b"\n") for event in stream.split(b"\n\n") if event]
    return [(name.decode().removeprefix("event: "), orjson.loads(data.removeprefix(b"data: "))) for name, data in events]


def test_it_is_a_voice() -> None:
    speaks: Voice = voice()
    assert speaks.content_type_stream.startswith(b"text/event-stream")


def test_the_head_is_the_decision() -> None:
    decision = {**CALL, "model": "p/m", "assistant": "general", "reason": "best_score"}
    assert heard(voice().head()) == [("decision", decision)]
    assert heard(voice({"why": []}).head()) == [("decision", {**decision, "explain": {"why": []}})]


def test_deltas_are_told_under_our_names() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = spoken(
        voice(),
        chunk(choice(content="a", reasoning_content="r")),
        chunk(choice(reasoning="s")),
        chunk(choice(refusal="No.")),
        chunk(choice(tool_calls=[call])),
        chunk(choice(index=1, content="b")),
    )
    assert heard(said) == [
        ("delta", {"text": "a", "reasoning": "r"}),
        ("delta", {"reasoning": "s"}),
        ("delta", {"refusal": "No."}),
        ("delta", {"tool_calls": [{**call, "index": 0}]}),
        ("delta", {"text": "b", "choice": 1}),
    ]


def test_what_says_nothing_is_no_event() -> None:
    silent = [chunk(choice("stop")), chunk(choice(index=1, content="")), chunk(), b"[DONE]", chunk(usage={"prompt_tokens": 1})]
    assert spoken(voice(), *silent) == b""


def test_usage_is_told_as_it_runs() -> None:
    speaks, delta = voice(), read_chunk(chunk(choice(content="x" * (USAGE_EVERY_BYTES // 2))))
    said = heard(b"".join(speaks.delta(delta) for _ in range(4)))
    assert [name for name, _ in said] == ["delta", "delta", "usage", "delta", "delta", "usage"]
    assert said[-1][1] == {"completion_tokens": USAGE_EVERY_BYTES // 2, "estimated": True}


def test_the_end_is_the_receipt() -> None:
    ((name, done),) = heard(voice().tail(receipt(finish_reason=None, note="stepped_down")))
    assert name == "done"
    assert done | CALL == done
    assert (done["finish_reason"], done["credits"], done["note"], done["usage"]["total_tokens"]) == (
        "stop",
        "1.5",
        "stepped_down",
        25,
    )


def test_an_error_is_one_event_and_no_done() -> None:
    refusal = Refusal("upstream_error", "It broke off.")
    assert heard(voice().error(refusal)) == [("error", refusal.body())]


def test_a_whole_answer_is_one_object() -> None:
    answer = OpenAI().answer(orjson.dumps({"choices": [{"message": {"content": "x"}}, {"message": {"content": "y"}}]}))
    assert isinstance(answer, Answer)
    body = orjson.loads(voice().whole(answer, receipt()))
    assert (body["message"], body["alternatives"]) == ({"text": "x"}, [{"text": "y", "choice": 1}])
    assert (body["call"], body["model"], body["finish_reason"], body["credits"]) == (CALL_ID, "p/m", "stop", "1.5")


def test_a_single_answer_has_no_alternatives() -> None:
    answer = OpenAI().answer(orjson.dumps({"choices": [{"message": {"content": "x"}}], "provider": "SimCo"}))
    assert isinstance(answer, Answer)
    body = voice().whole(answer, receipt())
    assert b"alternatives" not in body
    assert b"SimCo" not in body
