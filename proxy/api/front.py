"""The door of the gateway: any ASGI message in; the hot path is a dictionary away, everything else is ordinary Starlette;
gives every answer its request id and CORS headers and turns a defect of ours into a 500."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from proxy.api.errors import Headers, defect, refusal_body, refusal_headers, stopping
from proxy.api.reply import Message, Receive, Send
from proxy.domain.errors import Refusal
from proxy.ports import Ids

ASGIApp = Callable[[Message, Receive, Send], Awaitable[None]]
REQUEST_ID_MAX: Final = 128
_BARE: Final = ("/chat/completions", "/models", "/embeddings", "/images/", "/moderations")
_LOG = logging.getLogger("signalbox")
_CORS: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"*, authorization, x-request-id, retry-after, x-should-retry"),
]
_ALLOWED: Final = (
    b"authorization, content-type, accept, idempotency-key, if-match, traceparent, x-request-id, x-signalbox-user, "
    b"x-stainless-arch, x-stainless-async, x-stainless-custom-poll-interval, x-stainless-helper-method, x-stainless-lang, "
    b"x-stainless-os, x-stainless-package-version, x-stainless-poll-helper, x-stainless-raw-response, "
    b"x-stainless-read-timeout, x-stainless-retry-count, x-stainless-runtime, x-stainless-runtime-version, "
    b"x-stainless-timeout, openai-organization, openai-project, openai-beta"
)


class Front:
    """`hot` maps a path to its ASGI application for POST; `rest` serves everything else."""

    def __init__(self, hot: Mapping[str, ASGIApp], rest: ASGIApp, ids: Ids) -> None:
        self.hot = hot
        self._rest = rest
        self._ids = ids

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        request_id = _request_id(scope) or self._ids.request_id()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["headers"] = [(b"x-request-id", request_id.encode()), *_CORS]
        answer = _Answer(send, state["headers"])
        try:
            await self._serve(scope, receive, answer)
        except asyncio.CancelledError:
            # The server stops. The call has settled, and said so where it had begun to speak.
            await answer.refuse(stopping())
        except Exception:  # noqa: BLE001 - the one outermost handler: a defect of ours becomes a 500 with an id
            _LOG.exception("defect in %s", request_id)
            await answer.refuse(defect(request_id))

    def _serve(self, scope: Message, receive: Receive, answer: "_Answer") -> Awaitable[None]:
        method, path = scope["method"], scope["path"]
        if path not in self.hot:
            path = _canonical(path)
        if method == "OPTIONS":
            return answer.preflight()
        if method == "POST" and path in self.hot:
            return self.hot[path](scope, receive, answer.watched)
        scope["path"] = path
        return self._rest(scope, receive, answer.with_headers)


class _Answer:
    """Sends on one request's answer, and knows whether it has begun."""

    def __init__(self, send: Send, headers: Headers) -> None:
        self._send = send
        self._headers = headers
        self._begun = False

    def watched(self, message: Message) -> Awaitable[None]:
        self._begun = True
        return self._send(message)

    async def with_headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *self._headers]
        await self.watched(message)

    async def preflight(self) -> None:
        allowed = [
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"),
            (b"access-control-allow-headers", _ALLOWED),
            (b"access-control-max-age", b"86400"),
        ]
        await self._send({"type": "http.response.start", "status": 204, "headers": [*allowed, *self._headers]})
        await self._send({"type": "http.response.body", "body": b""})

    async def refuse(self, refusal: Refusal) -> None:
        if self._begun:
            return
        body = refusal_body(refusal)
        length = (b"content-length", str(len(body)).encode())
        headers = [*refusal_headers(refusal), length, *self._headers]
        await self._send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _request_id(scope: Message) -> str | None:
    """The caller's own request id, where it is fit for logs and headers."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and 0 < len(value) <= REQUEST_ID_MAX and value.isascii():
            text: str = value.decode("ascii")
            return text if text.replace("-", "").replace("_", "").isalnum() else None
    return None


def _canonical(path: str) -> str:
    """SDKs are given base URLs with and without `/v1` and a trailing slash: all of them mean the same endpoint."""
    path = path.rstrip("/") or "/"
    return "/v1" + path if path.startswith(_BARE) else path
