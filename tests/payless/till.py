"""A live gateway as somebody sees it who would rather not pay, and its books as an accountant does; judges nothing.

A token of input costs a milli-credit here, one of output four, and an image a hundred.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog
from proxy.domain.desk import CallFilter
from proxy.domain.ledger import HoldTerms
from proxy.domain.plan import Allowance
from tests import builders as b
from tests.api.house import House, Script, bearing, open_house
from tests.api.wire import Conversation

CHAT: Final = "/v1/chat/completions"
OUTPUT: Final = 4
IMAGE: Final = 100
LEAD: Final = 256
GRANT_MILLI: Final = 1_000_000
FIXED_TOKENS: Final = 90
FIXED_MILLI: Final = 19 + FIXED_TOKENS * OUTPUT
LOOK_S: Final = 0.01
WAIT_S: Final = 60.0


def counter() -> Catalog:
    """`p/steps` is held in steps, `p/whole` at its worst, `p/muse` thinks unseen, `p/eyes` sees, `q/open` takes any field.
    Nobody but `q` speaks for `q`, so nothing here falls over to another model."""
    return b.catalog(
        b.provider("q", passes_unknown=True),
        b.model("p/steps", stops_billing_on_close=True, tools=True),
        b.model("p/whole", tools=True),
        b.model("p/muse", hidden_output=True),
        b.model(
            "p/eyes",
            modalities=("text", "image"),
            stops_billing_on_close=True,
            image_tokens=1_000,
            tiers=b.tiers(image=IMAGE * 10**9),
        ),
        b.model("q/open", tools=True, json_schema=True),
        b.assistant("general", "p/steps"),
        b.assistant("wordy", "p/steps", system_prompt="x" * 4_000),
        b.plan("basic", allowances=(Allowance("month", GRANT_MILLI),), concurrency_max=64, n_max=3),
        b.plan("pro", allowances=(Allowance("month", 2 * GRANT_MILLI),), concurrency_max=64, n_max=3),
    )


@asynccontextmanager
async def open_till(folder: Path, **knobs: Any) -> AsyncIterator[House]:
    """`knobs` replace fields of ApiKnobs."""
    async with open_house(folder, counter(), **knobs) as house:
        yield house


# --- what a provider says -----------------------------------------------------------------------------------------------


def event(choices: Sequence[Any], **more: Any) -> bytes:
    value = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return b"data: " + orjson.dumps(value) + b"\n\n"


def word(text: str) -> bytes:
    """One event of a stream."""
    return event([{"index": 0, "delta": {"content": text}, "finish_reason": None}])


def ending(finish_reason: str = "stop", **usage: Any) -> bytes:
    """The end of a stream, and its usage where there is one."""
    finish = event([{"index": 0, "delta": {}, "finish_reason": finish_reason}])
    return finish + (event([], usage=usage) if usage else b"") + b"data: [DONE]\n\n"


def fixed() -> Script:
    """An answer that costs all that a call of `p/whole` with a bound of FIXED_TOKENS holds: FIXED_MILLI."""
    return billing(19, FIXED_TOKENS)


def billing(prompt: int, completion: int, text: str | None = "hello", finish_reason: str = "stop", **more: Any) -> Script:
    """A whole answer with the provider's bill in tokens."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, **more}
    return Script([orjson.dumps({"id": "a", "object": "chat.completion", "created": 1, "choices": [choice], "usage": usage})])


# --- what a caller sends ------------------------------------------------------------------------------------------------


def asking(model: str = "p/steps", /, **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hi."}], **fields}


def seeing(images: int, **fields: Any) -> dict[str, Any]:
    """A prompt without a word."""
    part = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}
    return {"model": "p/eyes", "messages": [{"role": "user", "content": [part] * images}], **fields}


def head(key: str, length: int, *headers: str) -> bytes:
    """A chat call's request line and headers, announcing `length` bytes."""
    lines = [f"POST {CHAT} HTTP/1.1", "Host: gateway", "Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, f"Authorization: Bearer {key}", *headers, "", ""]).encode()


def called(key: str, body: dict[str, Any], *headers: str) -> bytes:
    """A chat call as bytes."""
    data = json.dumps(body).encode()
    return head(key, len(data), *headers) + data


async def post(house: House, key: str, body: bytes | dict[str, Any], **headers: str) -> httpx2.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": "application/json", **bearing(key), **headers}
    return await house.client.post(CHAT, content=data, headers=sent)


async def hear(line: Conversation, words: int) -> None:
    """Reads a stream up to and with its so many'th word."""
    for _ in range(words):
        await line.until(b'"content":"w')
        await line.until(b"\n\n")


# --- what the books say -------------------------------------------------------------------------------------------------


async def spent_milli(house: House, key: str, **headers: str) -> int:
    """What the caller's windows show as spent."""
    windows = (await house.get("/api/me", key, **headers)).json()["windows"]
    return int(sum(Decimal(window["spent"]) for window in windows) * 1_000)


async def calls_of(house: House, user_id: str = "u1") -> list[Call]:
    """Its calls that ended, newest first; waits for those that run."""

    async def is_settled() -> bool:
        return not await held_milli(house, user_id)

    await eventually(is_settled)
    return (await house.parts.register.calls(CallFilter(user_id=user_id))).calls


async def eventually(look: Callable[[], Awaitable[bool]]) -> None:
    """Returns once `look` finds so."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if await look():
                return
            await asyncio.sleep(LOOK_S)


async def held_milli(house: House, user_id: str = "u1") -> int:
    """What live holds have of the account's month."""
    terms = HoldTerms((Allowance("month", GRANT_MILLI),), (), (), anchor_day=1)
    return (await house.parts.books.standing(user_id, terms)).held_milli


async def booked_milli(house: House, call_id: str) -> int:
    """What the entries of a call charged."""
    entries = await house.parts.register.entries(call_id)
    return sum(entry.amount_milli for entry in entries if entry.kind in ("settle", "adjust"))


async def charged(house: House, key: str, user_id: str = "u1", **headers: str) -> Call:
    """The newest call, whose row, entries and account say the same."""
    calls = await calls_of(house, user_id)
    assert await booked_milli(house, calls[0].id) == calls[0].credits_milli
    assert await spent_milli(house, key, **headers) == sum(call.credits_milli for call in calls)
    return calls[0]


async def is_free(house: House, key: str, user_id: str = "u1", **headers: str) -> bool:
    """Whether nothing was called, held or charged, and no entry says otherwise."""
    calls = await calls_of(house, user_id)
    entries = [entry for call in calls for entry in await house.parts.register.entries(call.id)]
    return not (house.upstream.requests or entries or await spent_milli(house, key, **headers))
