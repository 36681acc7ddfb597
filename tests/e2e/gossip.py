"""A provider that puts a secret into everything it says: a request of any dialect in, an answer, a stream or an error out, with
it wherever providers speak of themselves; no model and no clock behind it."""

import base64
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson

# What it says of itself, in bodies, names of fields and headers, and where it is.
SAID: Final = "SECRET-BODY-4711"
PATH: Final = "SECRET-PATH-4711"
ANSWER: Final = "hello"
Json = dict[str, Any]

STATUSES: Final = (400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529, 302)
MANNERS: Final = (*(f"status-{status}" for status in STATUSES), "html", "inside", "event", "cut", "garbled", "well")

_ERROR: Final[Json] = {
    "type": "error",
    "error": {
        **dict.fromkeys(("message", "type", "param", "status"), SAID),
        "code": SAID,
        "details": [{"@type": SAID, "reason": SAID, "domain": SAID}],
        "metadata": {"raw": SAID, "provider_name": SAID, "headers": {SAID: SAID}},
    },
    "request_id": SAID,
    SAID: SAID,
}
_OWN: Final[Json] = {"id": SAID, "model": SAID, "provider": SAID, "system": SAID, SAID: SAID}
_VECTOR: Final = base64.b64encode(struct.pack("<4f", 1.0, 0.0, 0.0, 0.0)).decode()
_COUNTS: Final[Json] = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4, "cost": 0.5, "billed_by": SAID}
_MESSAGE: Final[Json] = {
    **_OWN,
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": ANSWER}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 1, "service_tier": SAID},
}
_CANDIDATES: Final[Json] = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": ANSWER}]}, "finishReason": "STOP", "index": 0, "note": SAID}
    ],
    "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4, "billedBy": SAID},
    "modelVersion": SAID,
    "responseId": SAID,
    SAID: SAID,
}


def _completion(part: str, **choice: Any) -> Json:
    kind = "chat.completion.chunk" if part == "delta" else "chat.completion"
    said = {"index": 0, part: {"role": "assistant", "content": ANSWER}, "logprobs": None, "finish_reason": "stop", **choice}
    return {**_OWN, "object": kind, "created": 1, "choices": [said], "usage": _COUNTS}


WHOLE: Final[Mapping[str, Json]] = {
    "chat/completions": _completion("message"),
    "messages": _MESSAGE,
    "generateContent": _CANDIDATES,
    "embeddings": {
        **_OWN,
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": _VECTOR}],
        "usage": _COUNTS,
    },
    "images/generations": {**_OWN, "created": 1, "data": [{"b64_json": base64.b64encode(b"image").decode()}], "usage": _COUNTS},
    "models": {**_OWN, "data": [], "models": [], "has_more": False},
}
_BEGUN: Final[Json] = {"type": "message_start", "message": {**_MESSAGE, "content": [], "stop_reason": None}, SAID: SAID}
_TEXT: Final[Json] = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ANSWER}, SAID: SAID}
STREAMED: Final[Mapping[str, tuple[Json | bytes, ...]]] = {
    "chat/completions": (_completion("delta", finish_reason=None), _completion("delta"), b"[DONE]"),
    "messages": (
        _BEGUN,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        _TEXT,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": _MESSAGE["usage"]},
        {"type": "message_stop"},
    ),
    "streamGenerateContent": (_CANDIDATES,),
}


@contextmanager
def gossiping() -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths and headers of what it was asked."""
    heard: list[str] = []

    class Handler(_Gossip):
        requests = heard

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{PATH}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    # A gateway that asks all of its providers at once must not wait for the kernel to offer a connection again.
    request_queue_size = 256


class _Gossip(BaseHTTPRequestHandler):
    requests: list[str]

    def do_GET(self) -> None:
        self._heard(b"")
        self._say(200, orjson.dumps(WHOLE["models"]))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._heard(body)
        asked = orjson.loads(body)
        kind = next(kind for kind in (*STREAMED, *WHOLE) if kind in self.path)
        # Gemini names its model in the path.
        manner = asked.get("model") or self.path.rpartition("/models/")[2].partition(":")[0]
        self._answer(manner, kind, bool(asked.get("stream")) or kind == "streamGenerateContent")

    def _answer(self, manner: str, kind: str, streams: bool) -> None:
        if manner.startswith("status-"):
            self._say(int(manner.removeprefix("status-")), orjson.dumps(_ERROR))
        elif manner == "html":
            self._say(200, f"<html>{SAID}</html>".encode(), "text/html")
        elif manner == "inside":
            self._say(200, orjson.dumps(_ERROR))
        elif streams:
            self._stream(manner, list(STREAMED[kind]))
        elif manner == "well":
            self._say(200, orjson.dumps(WHOLE[kind]))
        else:
            self._say(200, f'{{"{SAID}": "{SAID}'.encode())

    def _stream(self, manner: str, events: list[Json | bytes]) -> None:
        begun: list[Json | bytes] = events if manner == "well" else events[: max(1, len(events) // 2)]
        last: dict[str, list[Json | bytes]] = {"event": [_ERROR], "garbled": [f'{{"{SAID}": '.encode()]}
        self._say(200, b"".join(map(_framed, [*begun, *last.get(manner, [])])), "text/event-stream")

    def _say(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        self.send_response(status, SAID)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        for name in ("x-provider", "server-timing", "set-cookie", "openai-organization", "location", SAID):
            self.send_header(name, f"http://{SAID}/" if name == "location" else f"{SAID}={SAID}")
        self.end_headers()
        self.wfile.write(body)

    def _heard(self, body: bytes) -> None:
        self.requests.append(f"{self.path} {dict(self.headers)} {body.decode()}")

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing here."""


def _framed(event: Json | bytes) -> bytes:
    if isinstance(event, bytes):
        return b"data: " + event + b"\n\n"
    name = b"event: " + event["type"].encode() + b"\n" if "type" in event else b""
    return name + b"data: " + orjson.dumps(event) + b"\n\n"
