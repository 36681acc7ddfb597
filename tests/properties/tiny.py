"""Tiny models of two providers: what they understand of a request, and how they would say an answer; and what a client hears.

Written from the providers' documentation and not from our dialects, so that a mistake in one is not a mistake in both:
https://platform.claude.com/docs/en/api/messages, https://ai.google.dev/api/generate-content
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import orjson

Json = dict[str, Any]
Told = list[tuple[str, Any]]


class Tiny(Protocol):
    """One provider, small enough to be seen right."""

    def understood(self, body: Json) -> Told: ...
    def streamed(self, said: Json) -> bytes: ...
    def whole(self, said: Json) -> bytes: ...


def told(messages: list[Json], prompt: str | None) -> Told:
    """A conversation of OpenAI's shape as a plain list of who says what."""
    heard: Told = [] if prompt is None or not prompt.strip() else [("system", prompt)]
    for message in messages:
        if message["role"] == "tool":
            heard.append(("result", (message["tool_call_id"], message["content"])))
        elif message["content"]:
            heard.append((message["role"], message["content"]))
        for call in message.get("tool_calls", ()):
            function = call["function"]
            heard.append(("call", (call["id"], function["name"], orjson.loads(function["arguments"]))))
    return heard


def expected(said: Json) -> Json:
    """What a client should hear of an answer: reasoning, text, calls in order with arguments that are JSON."""
    calls = [(call["id"], call["name"], call["arguments"]) for call in said["calls"]]
    return {"reasoning": "".join(said["reasoning"]), "content": "".join(said["content"]), "calls": calls}


def heard(stream: bytes) -> Json:
    """The same from the chunks of a stream, put together as clients do."""
    message: Json = {"reasoning_content": "", "content": "", "tool_calls": {}}
    for line in stream.split(b"\n\n"):
        for choice in orjson.loads(line.removeprefix(b"data: "))["choices"] if line else ():
            _add(message, choice["delta"])
    return as_heard({**message, "tool_calls": [call for _, call in sorted(message["tool_calls"].items())]})


def as_heard(message: Json) -> Json:
    """The same from a whole message."""
    calls = [(call["id"], call["function"]) for call in message.get("tool_calls") or ()]
    made = [(call_id, function["name"], orjson.loads(function["arguments"])) for call_id, function in calls]
    return {"reasoning": message.get("reasoning_content") or "", "content": message["content"] or "", "calls": made}


def _add(message: Json, delta: Json) -> None:
    for name in ("reasoning_content", "content"):
        message[name] += delta.get(name) or ""
    for call in delta.get("tool_calls", ()):
        held = message["tool_calls"].setdefault(call["index"], {"function": {"name": "", "arguments": ""}})
        held.update({"id": call["id"]} if "id" in call else {})
        for name in ("name", "arguments"):
            held["function"][name] += call["function"].get(name, "")


class _Anthropic:
    def understood(self, body: Json) -> Told:
        found: Told = [("system", block["text"]) for block in body.get("system", ())]
        for turn in body["messages"]:
            found += [self._block(turn["role"], block) for block in turn["content"]]
        return found

    def streamed(self, said: Json) -> bytes:
        events: list[Json] = [{"type": "message_start", "message": {"usage": {"input_tokens": 1, "output_tokens": 1}}}]
        grown = [("thinking", "thinking_delta", said["reasoning"]), ("text", "text_delta", said["content"])]
        for kind, delta, pieces in grown:
            events += self._run(len(events), {"type": kind, kind: ""}, [{"type": delta, kind: piece} for piece in pieces])
        for call in said["calls"]:
            text = orjson.dumps(call["arguments"]).decode() if call["arguments"] else ""
            halves = [text[: len(text) // 2], text[len(text) // 2 :]]
            block = {"type": "tool_use", "id": call["id"], "name": call["name"], "input": {}}
            events += self._run(len(events), block, [{"type": "input_json_delta", "partial_json": half} for half in halves])
        reason = "tool_use" if said["calls"] else "end_turn"
        events += [{"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 9}}]
        return _sse([*events, {"type": "message_stop"}])

    def whole(self, said: Json) -> bytes:
        blocks: list[Json] = [{"type": "thinking", "thinking": piece, "signature": "s"} for piece in said["reasoning"]]
        blocks += [{"type": "text", "text": piece} for piece in said["content"]]
        for call in said["calls"]:
            blocks.append({"type": "tool_use", "id": call["id"], "name": call["name"], "input": call["arguments"]})
        return orjson.dumps({"type": "message", "content": blocks, "stop_reason": "tool_use" if said["calls"] else "end_turn"})

    def _run(self, index: int, block: Json, deltas: list[Json]) -> list[Json]:
        grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        start = {"type": "content_block_start", "index": index, "content_block": block}
        return [start, *grown, {"type": "content_block_stop", "index": index}]

    def _block(self, role: str, block: Json) -> tuple[str, Any]:
        match block["type"]:
            case "tool_use":
                return "call", (block["id"], block["name"], block["input"])
            case "tool_result":
                return "result", (block["tool_use_id"], "".join(part["text"] for part in block.get("content", ())))
            case _:
                return role, block["text"]


class _Gemini:
    def understood(self, body: Json) -> Told:
        found: Told = [("system", part["text"]) for part in body.get("systemInstruction", {}).get("parts", ())]
        for turn in body["contents"]:
            found += [self._part("assistant" if turn["role"] == "model" else "user", part) for part in turn["parts"]]
        return found

    def streamed(self, said: Json) -> bytes:
        parts = self._parts(said)
        bodies = [self._response([part]) for part in parts]
        return _sse([*bodies, self._response([], "STOP")])

    def whole(self, said: Json) -> bytes:
        return orjson.dumps(self._response(self._parts(said), "STOP"))

    def _parts(self, said: Json) -> list[Json]:
        parts: list[Json] = [{"text": piece, "thought": True} for piece in said["reasoning"]]
        parts += [{"text": piece} for piece in said["content"]]
        for call in said["calls"]:
            parts.append({"functionCall": {"id": call["id"], "name": call["name"], "args": call["arguments"]}})
        return parts

    def _response(self, parts: list[Json], finish: str | None = None) -> Json:
        candidate: Json = {"index": 0, "content": {"role": "model", "parts": parts}}
        return {"candidates": [{**candidate, **({"finishReason": finish} if finish else {})}], "responseId": "r"}

    def _part(self, role: str, part: Json) -> tuple[str, Any]:
        if "functionCall" in part:
            return "call", (part["functionCall"]["id"], part["functionCall"]["name"], part["functionCall"]["args"])
        if "functionResponse" in part:
            response = part["functionResponse"]["response"]
            said = response["result"] if response.keys() == {"result"} else orjson.dumps(response).decode()
            return "result", (part["functionResponse"]["id"], said)
        return role, part["text"]


def _sse(events: Iterable[Json]) -> bytes:
    named = ((event.get("type", ""), orjson.dumps(event)) for event in events)
    return b"".join((f"event: {name}\n".encode() if name else b"") + b"data: " + data + b"\n\n" for name, data in named)


ANTHROPIC: Final[Tiny] = _Anthropic()
GEMINI: Final[Tiny] = _Gemini()
