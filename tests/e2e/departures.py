"""Callers who leave: a call's body in, when its provider noticed out; the provider is the simulator, whose clock is ours."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from tests.e2e.dialects import DIALECTS, PLAN, model, simulated
from tests.e2e.harness import House, Simulator, chat, eventually

CHAT: Final = "/v1/chat/completions"
# Long enough that the caller is the first to end it.
_LATE_MS: Final = 20_000
_WORDS_S: Final = 0.1
_WORDS: Final = "sim-w--words.400--pace.20--ttft.0"
_SILENT: Final = f"sim-s--ttft.{_LATE_MS}"
_OTHER_KINDS: Final = """
[[model]]
id = "{dialect}/embed"
kind = "embedding"
family = "every"
upstream_name = "sim-e--ttft.{late_ms}"
context_tokens_max = 8_000
prices = {{ input = "1" }}
"""
_IMAGES: Final = """
[[model]]
id = "openai/draw"
kind = "image"
family = "every"
upstream_name = "sim-d--ttft.{late_ms}"
context_tokens_max = 8_000
images = [{{ size = "512x512", price = "0.01" }}]
"""


@dataclass(frozen=True, slots=True)
class Departure:
    """A call that is left: in the middle of its stream, or before a byte of it was heard."""

    name: str
    path: str
    body: dict[str, Any]
    after_first_words: bool = False


DEPARTURES: Final = (
    *(Departure(f"{name}, in a stream", CHAT, chat(f"{name}/words", stream=True), True) for name in DIALECTS),
    *(Departure(f"{name}, before a stream", CHAT, chat(f"{name}/silent", stream=True)) for name in DIALECTS),
    *(Departure(f"{name}, whole", CHAT, chat(f"{name}/silent")) for name in DIALECTS),
    *(
        Departure(f"{name}, embeddings", "/v1/embeddings", {"model": f"{name}/embed", "input": "a"})
        for name in ("openai", "openrouter")
    ),
    Departure("openai, images", "/v1/images/generations", {"model": "openai/draw", "prompt": "a", "size": "512x512"}),
)


def departures_catalog(url: str) -> str:
    """Models of every dialect that speak for long, or are silent for long."""
    rows = [PLAN, _IMAGES.format(late_ms=_LATE_MS)]
    for name in DIALECTS:
        rows += [simulated(name, url), model(f"{name}/words", _WORDS), model(f"{name}/silent", _SILENT)]
    return "".join((*rows, *(_OTHER_KINDS.format(dialect=name, late_ms=_LATE_MS) for name in ("openai", "openrouter"))))


def left(house: House, simulator: Simulator, key: str, departure: Departure) -> float:
    """Makes the call, leaves it, and says after how many ms its provider saw that: the wall clock of one machine."""
    simulator.forget()
    left_at_ms = asyncio.run(_leave(house, simulator, key, departure))
    call = eventually(
        lambda: next((one for one in simulator.calls() if one["closed_early"]), None), "the close at the provider"
    )
    # The provider's clock shows whole milliseconds, rounded down twice.
    noticed_at_ms: int = call["began_ms"] + call["left_after_ms"]
    return max(0.0, noticed_at_ms - left_at_ms)


async def _leave(house: House, simulator: Simulator, key: str, departure: Departure) -> float:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=house.url, headers=headers, timeout=_LATE_MS) as client:
        call = asyncio.create_task(_listen(client, departure))
        await asyncio.to_thread(_wait_for, simulator)
        if departure.after_first_words:
            await asyncio.sleep(_WORDS_S)
        left_at_ms = time.time() * 1_000
        call.cancel()
        await asyncio.wait({call})
    return left_at_ms


async def _listen(client: httpx2.AsyncClient, departure: Departure) -> None:
    async with client.stream("POST", departure.path, json=departure.body) as answer:
        async for _ in answer.aiter_raw():
            pass


def _wait_for(simulator: Simulator) -> None:
    eventually(simulator.calls, "the call at the provider")
