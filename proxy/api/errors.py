"""A Refusal as an HTTP answer: status, headers and OpenAI's error body; the one place where errors become bytes."""

from typing import Final

import orjson

from proxy.domain.errors import Refusal

# Some clients ignore a longer Retry-After and hammer instead; then they are told not to retry at all.
RETRY_AFTER_S_HEEDED: Final = 60

# Endpoints of SDKs that are not ours, by how their paths begin, and what does the same.
_INSTEAD: Final = {
    "/v1/responses": "/v1/chat/completions",
    "/v1/completions": "/v1/chat/completions",
    "/v1/messages": "/v1/chat/completions",
    "/v1/images/edits": "/v1/images/generations",
    "/v1/images/variations": "/v1/images/generations",
}

Headers = list[tuple[bytes, bytes]]


def refusal_body(refusal: Refusal) -> bytes:
    return orjson.dumps(refusal.body())


def refusal_headers(refusal: Refusal) -> Headers:
    """`Retry-After` and `x-should-retry`, where they help; who stops takes no further call on the connection."""
    headers: Headers = [(b"content-type", b"application/json")]
    should_retry = refusal.should_retry
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", str(refusal.retry_after_s).encode()))
        if refusal.retry_after_s > RETRY_AFTER_S_HEEDED:
            should_retry = False
    if refusal.status == 402:
        should_retry = False
    if refusal.code == "shutting_down":
        headers.append((b"connection", b"close"))
    if should_retry is not None:
        headers.append((b"x-should-retry", b"true" if should_retry else b"false"))
    return headers


def not_found(path: str) -> Refusal:
    """Where SDKs have another way to ask for the same, it is named."""
    theirs = next((each for each in _INSTEAD if path.startswith(each)), None)
    here = "nothing at this address" if theirs is None else f"no {theirs} here; POST {_INSTEAD[theirs]} comes nearest"
    return Refusal("not_found", f"There is {here}. See /openapi.json for what there is.")


def wrong_method(method: str, allowed: str) -> Refusal:
    return Refusal("method_not_allowed", f"{method} is not allowed here; use {allowed}.")


def stopping() -> Refusal:
    return Refusal("shutting_down", "The gateway is stopping. Try again.", retry_after_s=1)


def defect(call_id: str) -> Refusal:
    """An error of ours: nothing is said but the id to quote."""
    return Refusal("internal_error", f"The gateway made a mistake. Quote {call_id} when you report it.")
