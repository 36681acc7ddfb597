"""A gateway that is told to stop while calls of every kind run in it: what their callers heard, and those who came after."""

import asyncio
import json
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from tests.e2e.harness import WAIT_S, House, Simulator, chat, eventually

CHAT: Final = "/v1/chat/completions"
_LOOK_S: Final = 0.05
# Of two workers the one that has not heard of it yet is missed by all of so many connections once in four thousand times.
_UNREADY_LOOKS: Final = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call that runs when the gateway is told to stop, and how it must end: `whole`, `told` (an error event or a
    503), or `left` (its caller has gone before)."""

    name: str
    path: str
    body: dict[str, Any]
    ends: str


@dataclass(slots=True)
class Heard:
    """`ends` by kind, in the order of the calls; `late` is what newcomers were answered while calls still ran, `unready` what
    `/readyz` said then; `code` is the exit code and `lasted_s` what passed from the signal to it."""

    ends: list[tuple[str, str]] = field(default_factory=list)
    late: set[tuple[int, str, str]] = field(default_factory=set)
    unready: set[int] = field(default_factory=set)
    code: int | None = None
    lasted_s: float = 0.0


def stream(model: str, **fields: Any) -> dict[str, Any]:
    return chat(model, stream=True, **fields)


def stopped(house: House, provider: Simulator, key: str, kinds: list[Kind], hurried: bool = False) -> Heard:
    """Starts a call of each kind, sends SIGTERM when `provider` was asked for all, and listens to the end; who is in a hurry
    sends another when the first newcomer was turned away."""
    return asyncio.run(_Stop(house, provider, key, kinds).run(hurried))


class _Stop:
    def __init__(self, house: House, provider: Simulator, key: str, kinds: list[Kind]) -> None:
        self._house = house
        self._provider = provider
        self._key = key
        self._kinds = kinds
        self._heard = Heard()
        self._all_run = asyncio.Event()
        self._was_turned_away = asyncio.Event()

    async def run(self, hurried: bool) -> Heard:
        limits = httpx2.Limits(max_connections=len(self._kinds) + 8)
        headers = {"authorization": f"Bearer {self._key}"}
        async with httpx2.AsyncClient(base_url=self._house.url, headers=headers, limits=limits, timeout=WAIT_S) as client:
            wanted = len(self._provider.calls()) + len(self._kinds)
            calls = [asyncio.create_task(self._call(client, kind)) for kind in self._kinds]
            await asyncio.to_thread(eventually, lambda: len(self._provider.calls()) == wanted, "the start of all calls")
            self._all_run.set()
            began_s = time.monotonic()
            self._house.gateway.send(signal.SIGTERM)
            coming = asyncio.create_task(self._come_late(client, calls))
            if hurried:
                await asyncio.wait_for(self._was_turned_away.wait(), WAIT_S)
                self._house.gateway.send(signal.SIGTERM)
            self._heard.ends = [(kind.name, await call) for kind, call in zip(self._kinds, calls, strict=True)]
            await coming
            self._heard.code = await asyncio.to_thread(self._house.gateway.wait)
            self._heard.lasted_s = time.monotonic() - began_s
        return self._heard

    async def _call(self, client: httpx2.AsyncClient, kind: Kind) -> str:
        asking = asyncio.create_task(client.post(kind.path, json=kind.body))
        if kind.ends == "left":
            await self._all_run.wait()
            asking.cancel()
            return "left"
        answer = await asking
        if answer.status_code != httpx2.codes.OK:
            return _code(answer)
        text = answer.text.rstrip()
        if not kind.body.get("stream"):
            return "whole"
        return "whole" if text.endswith("[DONE]") else str(json.loads(text.rpartition("data: ")[2])["error"]["code"])

    async def _come_late(self, client: httpx2.AsyncClient, calls: list[asyncio.Task[str]]) -> None:
        """Newcomers on connections of their own, from when the signal was heard for as long as the others are answered. The
        door closes when the last call has ended, a moment before its caller has read that."""
        kept_none = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(
            base_url=self._house.url, headers=client.headers, limits=kept_none, timeout=WAIT_S
        ) as newcomers:
            with suppress(httpx2.TransportError):
                await self._hear_of_it(newcomers, calls)
                while not all(call.done() for call in calls):
                    unready = await newcomers.get("/readyz")
                    answer = await newcomers.post(CHAT, json=chat("sim/small"))
                    self._heard.unready.add(unready.status_code)
                    self._heard.late.add((answer.status_code, _code(answer), answer.headers.get("retry-after", "")))
                    self._was_turned_away.set()
                    await asyncio.sleep(_LOOK_S)
        self._was_turned_away.set()

    async def _hear_of_it(self, newcomers: httpx2.AsyncClient, calls: list[asyncio.Task[str]]) -> None:
        """Until whoever looks finds it unready, whichever worker that asks."""
        looks = wanted = _UNREADY_LOOKS if self._house.workers() else 1
        while looks and not all(call.done() for call in calls):
            is_ready = (await newcomers.get("/readyz")).status_code == httpx2.codes.OK
            looks = wanted if is_ready else looks - 1


def _code(answer: httpx2.Response) -> str:
    return str(answer.json().get("error", {}).get("code", "served"))
