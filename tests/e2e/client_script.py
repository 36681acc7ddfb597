"""What a program does with the official client, as one script: a model in, everything the client handed to the program out.
Knows no provider: run for models of different dialects it must see the same.

    python -m tests.e2e.client_script BASE_URL KEY MODEL THINKING_MODEL
"""

import json
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openai import OpenAI
from pydantic import BaseModel

WAIT_S: Final = 20.0
# What belongs to one call alone. Ids of tool calls are compared by their order, for a program has to give them back.
PASSING: Final = ("id", "created", "model", "call", "system_fingerprint", "service_tier")
# What a provider says of thought in its own words, beside `reasoning_content`: a program gives it back unread.
OWN: Final = ("reasoning", "reasoning_details", "extra_content")
_PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_PLACE: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOLS: Final[list[Any]] = [
    {"type": "function", "function": {"name": name, "description": f"Looks up the {name[4:]}.", "parameters": _PLACE}}
    for name in ("get_weather", "get_population")
]
_LYON: Final = "the weather and the population of Lyon"
_HINT: Final = {"role": "system", "content": "You are brief."}
_LOOK: Final = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": _PIXEL}}]


class Train(BaseModel):
    """What the JSON answer is parsed into."""

    name: str
    cars: int
    stops: list[str]
    night: bool


@dataclass(frozen=True, slots=True)
class Program:
    """One program: its client, the model it uses and the one it uses for what wants thought."""

    client: OpenAI
    model: str
    thinker: str


def run(program: Program) -> dict[str, Any]:
    """Everything that the program was told, by step, less what belongs to one call alone."""
    return {name: _lasting(step(program)) for name, step in STEPS.items()}


def without(value: Any, names: Collection[str]) -> Any:
    """What was told, less the fields of these names at any depth."""
    if isinstance(value, list):
        return [without(part, names) for part in value]
    if isinstance(value, dict):
        return {name: without(part, names) for name, part in value.items() if name not in names}
    return value


def _whole(program: Program) -> Any:
    return _asked(program, "what is a signal box?")


def _stream_with_usage(program: Program) -> Any:
    options = {"include_usage": True}
    return _joined(_asked(program, "what is a signal box?", stream=True, stream_options=options))


def _tools_at_once(program: Program) -> Any:
    return _asked(program, _LYON, tools=_TOOLS, parallel_tool_calls=True)


def _tools_streamed(program: Program) -> Any:
    with program.client.chat.completions.stream(model=program.model, messages=_messages(_LYON), tools=_TOOLS) as stream:
        return stream.get_final_completion().model_dump(warnings=False)


def _one_tool_named(program: Program) -> Any:
    choice = {"type": "function", "function": {"name": "get_population"}}
    return _asked(program, _LYON, tools=_TOOLS, tool_choice=choice)


def _results_of_tools(program: Program) -> Any:
    message = _tools_at_once(program)["choices"][0]["message"]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"{call['function']['name']} says {number}"}
        for number, call in enumerate(message["tool_calls"], 40)
    ]
    given_back = {"role": "assistant", "content": message["content"], "tool_calls": message["tool_calls"]}
    return _create(program, messages=[*_messages(_LYON), given_back, *results], tools=_TOOLS)


def _vision(program: Program) -> Any:
    return _asked(program, _LOOK)


def _json_schema(program: Program) -> Any:
    answer = program.client.chat.completions.parse(
        model=program.model, messages=_messages("the night train from Lyon"), response_format=Train
    )
    return answer.model_dump(warnings=False)


def _json_schema_streamed(program: Program) -> Any:
    with program.client.chat.completions.stream(
        model=program.model, messages=_messages("the night train from Lyon"), response_format=Train
    ) as stream:
        return stream.get_final_completion().model_dump(warnings=False)


def _reasoning(program: Program) -> Any:
    return _asked(program, "how much is 17 + 25?", model=program.thinker, reasoning_effort="low")


def _reasoning_streamed(program: Program) -> Any:
    asked = {"reasoning_effort": "low", "stream": True, "stream_options": {"include_usage": True}}
    return _joined(_asked(program, "how much is 17 + 25?", model=program.thinker, **asked))


def _stop(program: Program) -> Any:
    return _asked(program, "what is a signal box?", stop=["signal"])


def _bound(program: Program) -> Any:
    return _asked(program, "what is a signal box?", max_tokens=3)


def _bound_streamed(program: Program) -> Any:
    return _joined(_asked(program, "what is a signal box?", max_completion_tokens=3, stream=True))


STEPS: Final[Mapping[str, Callable[[Program], Any]]] = {
    "whole": _whole,
    "stream with usage": _stream_with_usage,
    "tools at once": _tools_at_once,
    "tools at once, streamed": _tools_streamed,
    "one tool named": _one_tool_named,
    "results of tools": _results_of_tools,
    "vision": _vision,
    "JSON schema": _json_schema,
    "JSON schema, streamed": _json_schema_streamed,
    "reasoning": _reasoning,
    "reasoning, streamed": _reasoning_streamed,
    "stop": _stop,
    "bound": _bound,
    "bound, streamed": _bound_streamed,
}


def _messages(content: Any) -> list[Any]:
    return [_HINT, {"role": "user", "content": content}]


def _asked(program: Program, content: Any, **fields: Any) -> Any:
    return _create(program, messages=_messages(content), **fields)


def _create(program: Program, **fields: Any) -> Any:
    answer = program.client.chat.completions.create(**{"model": program.model, **fields})
    return answer if fields.get("stream") else answer.model_dump()


def _joined(chunks: Iterable[Any]) -> dict[str, Any]:
    """A stream as a program puts it together: how it is cut into pieces is the provider's business, its beginning, its end and
    the shape of each chunk are not."""
    shown = [chunk.model_dump() for chunk in chunks]
    deltas = [choice["delta"] for chunk in shown for choice in chunk["choices"]]
    return {
        "calls": len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in shown}),
        "shapes": sorted({json.dumps(sorted(chunk)) for chunk in shown}),
        "first": deltas[0],
        "content": "".join(delta["content"] or "" for delta in deltas),
        "thought": "".join(delta.get("reasoning_content") or "" for delta in deltas),
        "finish": [choice["finish_reason"] for chunk in shown for choice in chunk["choices"] if choice["finish_reason"]],
        "usage": [chunk["usage"] for chunk in shown if chunk["usage"]],
        "ends with usage": shown[-1]["choices"] == [],
    }


def _lasting(value: Any) -> Any:
    """Without what belongs to one call alone; each tool call with its number in the place of its id."""
    if isinstance(value, list):
        return [_numbered(part, number) for number, part in enumerate(value)]
    if isinstance(value, dict):
        return {name: _lasting(part) for name, part in value.items() if name not in PASSING + OWN}
    return value


def _numbered(value: Any, number: int) -> Any:
    is_call = isinstance(value, dict) and "function" in value and bool(value.get("id"))
    return _lasting(value) | {"number": number} if is_call else _lasting(value)


def main() -> int:
    base_url, key, model, thinker = sys.argv[1:]
    with OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=WAIT_S) as client:
        sys.stdout.write(json.dumps(run(Program(client, model, thinker)), indent=1, ensure_ascii=False, default=str) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
