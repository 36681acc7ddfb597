"""Streams that break off in the middle, read with the official client: whole all the same, or an error, never a quiet end."""

from typing import Any

import openai
import pytest
from openai import OpenAI

from proxy.simulator.tale import tale
from tests.e2e.harness import House, Simulator, wrong_in_books

ASKED = "Tell me a tale."
TALE = tale(ASKED, 60)
TOOLS: Any = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}]


def told(client: OpenAI, *models: str, **fields: Any) -> tuple[str, list[Any], openai.APIError | None]:
    """What was read of a stream, its chunks, and the error that ended it."""
    text, chunks = "", []
    try:
        for chunk in client.chat.completions.create(
            model=models[0],
            messages=[{"role": "user", "content": fields.pop("asked", ASKED)}],
            stream=True,
            stream_options={"include_usage": True},
            extra_body={"models": list(models)},
            **fields,
        ):
            chunks.append(chunk)
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    except openai.APIError as error:
        return text, chunks, error
    return text, chunks, None


@pytest.mark.parametrize("second", ["spare/prefill", "sage/tale", "spare/overlap"])
@pytest.mark.parametrize("first", ["sim/cut-17", "sim/reset-30", "sim/error-5", "sim/stall-40"])
def test_a_stream_that_breaks_off_is_read_whole(client: OpenAI, house: House, first: str, second: str) -> None:
    text, chunks, error = told(client, first, second)
    assert error is None
    assert text == TALE
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {(chunks[0].id, chunks[0].created, first)}
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    signalbox = chunks[-1].model_extra["signalbox"]
    assert (signalbox["model"], signalbox["rescued_by"], signalbox["attempts"]) == (first, [second], 2)
    rows = house.rows("SELECT status, model_id, family, credits_milli FROM model_calls WHERE id = ?", chunks[0].id)
    assert [row[:3] for row in rows] == [("served", first, "sim")]
    assert rows[0][3] > 0
    assert wrong_in_books(house.database) == []


@pytest.mark.parametrize("models", [("sim/cut-17",), ("sim/cut-17", "spare/paraphrase"), ("sim/reset-30", "spare/words")])
def test_a_stream_that_nobody_can_join_is_an_error_and_not_an_end(client: OpenAI, house: House, models: list[str]) -> None:
    text, chunks, error = told(client, *models)
    assert error is not None
    assert text
    assert TALE.startswith(text)
    (row,) = house.rows("SELECT status, code FROM model_calls WHERE id = ?", chunks[0].id)
    assert row == ("cut", "upstream_error")


def test_a_tool_call_that_has_begun_is_an_error(client: OpenAI, spare: Simulator) -> None:
    spare.forget()
    fields = {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "look_up"}}}
    _, _, error = told(client, "sim/cut-calling", "spare/prefill", asked="look_up something", **fields)
    assert error is not None
    assert spare.calls() == []


def test_the_caller_can_look_up_who_went_on(client: OpenAI, house: House, keys: Any) -> None:
    _, chunks, _ = told(client, "sim/error-5", "spare/prefill")
    with house.http(keys.user) as http:
        call = http.get(f"/api/calls/{chunks[0].id}").json()
    assert (call["model"], call["rescued_by"], call["status"]) == ("sim/error-5", ["spare/prefill"], "served")
    assert [(attempt["model"], attempt["charged"]) for attempt in call["attempts"]] == [
        ("sim/error-5", True),
        ("spare/prefill", True),
    ]
    assert "rescue" in [step["stage"] for step in call["timeline"]]
