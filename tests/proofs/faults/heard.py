"""What one caller heard: an answer's bytes in, its words, its end and what is odd about its shape out. Judges no fault."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from proxy.domain.errors import STATUS
from proxy.simulator.prompt import pieces
from tests.proofs.faults.cells import ARGUMENTS, TALE, TOOL
from tests.proofs.faults.expected import Says

WAIT_S: Final = 90.0
CHAT: Final = "/v1/chat/completions"
_FINISH: Final = frozenset({"stop", "length", "tool_calls", "content_filter"})
_FIELDS: Final = ("content", "refusal")
# The simulator's words, where a dialect has no field for them.
_REFUSAL: Final = "I cannot help"


@dataclass(slots=True)
class Heard:
    """`code` is the error's, as a body or as an event. `ended` says that the answer ended as one that is whole does. `odd`
    names what no answer of ours may look like."""

    status: int = 0
    code: str | None = None
    text: str = ""
    refusal: str = ""
    thought: str = ""
    calls: dict[int, list[str]] = field(default_factory=dict)
    finish: str | None = None
    ended: bool = False
    call_id: str = ""
    ms: float = 0.0
    odd: list[str] = field(default_factory=list)

    def says(self, told: str = TALE) -> Says | None:
        """Which of the things that can be said this is, where `told` is all; None if it is none of them."""
        if not self.ended:
            return self._broken_off(told)
        if self.calls:
            return self._called()
        if self.refusal or self.text.startswith(_REFUSAL):
            return "refusal"
        if self.finish == "content_filter":
            return "filtered" if told.startswith(self.text) else None
        if self.finish == "stop" and not self.text and self.thought:
            return "thoughts"
        said: dict[str, Says] = {told: "all", "".join(word * 2 for word in pieces(told)): "as_said"}
        return said.get(self.text) if self.finish == "stop" else None

    def _broken_off(self, told: str) -> Says | None:
        if self.calls:
            return "beginning"
        if not self.text:
            return "nothing"
        return "beginning" if told.startswith(self.text) else None

    def _called(self) -> Says | None:
        name, arguments = self.calls[0]
        # Where a tool is named in the request, OpenAI itself finishes by `stop`.
        if name != TOOL or len(self.calls) > 1 or self.text or self.finish not in ("tool_calls", "stop"):
            return None
        return "all" if _value(arguments) == ARGUMENTS else "as_said" if _value(arguments) is None else None


async def ask(client: httpx2.AsyncClient, body: dict[str, Any]) -> Heard:
    """Asks once and listens to the end."""
    began_s = time.monotonic()
    try:
        async with asyncio.timeout(WAIT_S):
            answer = await client.post(CHAT, json=body)
    except (TimeoutError, httpx2.HTTPError) as error:
        return Heard(odd=[f"no answer: {type(error).__name__}"])
    heard = Heard(answer.status_code, call_id=answer.headers.get("x-signalbox-call", ""))
    heard.ms = (time.monotonic() - began_s) * 1_000
    if answer.status_code != 200:
        _hear_error(heard, answer.json())
    elif body["stream"]:
        _hear_stream(heard, answer.text)
    else:
        _hear_whole(heard, answer.json())
    return heard


def _hear_error(heard: Heard, value: Any) -> None:
    error = value["error"]
    heard.code = error["code"]
    if not {"message", "type", "param", "code"} <= set(error) or set(value) != {"error"}:
        heard.odd.append("an error that is none of ours")
    if heard.status != 200 and STATUS.get(error["code"]) != heard.status:
        heard.odd.append(f"{error['code']} under {heard.status}")


def _hear_whole(heard: Heard, value: Any) -> None:
    choice, *others = value["choices"]
    _hear_choice(heard, choice, choice["message"])
    heard.ended = heard.finish in _FINISH
    counts = [value["usage"].get(name) for name in ("prompt_tokens", "completion_tokens", "total_tokens")]
    said = choice["message"]
    _object(heard, value, "chat.completion")
    _mark(heard, bool(others), "a second choice")
    _mark(heard, not all(isinstance(count, int) and count >= 0 for count in counts), f"usage {counts}")
    _mark(
        heard, not (said["role"] == "assistant" and {*_FIELDS} <= set(said) and "logprobs" in choice), "a message lacks a field"
    )


def _hear_stream(heard: Heard, text: str) -> None:
    blocks = text.split("\n\n")
    _mark(heard, blocks.pop() != "", "an event without its blank line")
    lines = [line for block in blocks for line in block.split("\n") if not line.startswith(":")]
    _mark(heard, not all(line.startswith("data: ") for line in lines), "a line that is no data")
    data = [line.removeprefix("data: ") for line in lines]
    heard.ended = data[-1:] == ["[DONE]"]
    values = [json.loads(one) for one in data if one != "[DONE]"]
    if values and "error" in values[-1]:
        _hear_error(heard, values.pop())
    for value in values:
        _object(heard, value, "chat.completion.chunk")
        for choice in value["choices"]:
            _hear_choice(heard, choice, choice["delta"])
    _mark(heard, len({(one["id"], one["created"], one["model"]) for one in values}) > 1, "more than one id, moment or model")
    _mark(heard, heard.ended and heard.finish not in _FINISH, "an end without its reason")


def _hear_choice(heard: Heard, choice: Any, said: Any) -> None:
    _mark(heard, choice["index"] != 0, "a second choice")
    _mark(heard, choice["finish_reason"] is not None and heard.finish is not None, "two ends")
    heard.finish = choice["finish_reason"] or heard.finish
    heard.text += said.get("content") or ""
    heard.refusal += said.get("refusal") or ""
    heard.thought += said.get("reasoning_content") or said.get("reasoning") or ""
    for place, call in enumerate(said.get("tool_calls") or ()):
        kept = heard.calls.setdefault(call.get("index", place), ["", ""])
        kept[0] += call["function"].get("name") or ""
        kept[1] += call["function"].get("arguments") or ""


def _object(heard: Heard, value: Any, name: str) -> None:
    right = value.get("object") == name and type(value.get("created")) is int and value.get("id") == heard.call_id
    _mark(heard, not (right and isinstance(value.get("model"), str)), "an envelope that is not ours")


def _mark(heard: Heard, is_odd: bool, what: str) -> None:
    if is_odd and what not in heard.odd:
        heard.odd.append(what)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
