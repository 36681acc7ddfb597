"""Many callers at once: bodies in, statuses out; a caller may leave early, and nothing is retried for it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

ANSWER_WAIT_S = 60.0
LEAVING_WITHIN_S = 2.0
PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Said:
    """What one caller heard: the status (0: it left, or the connection broke), the error code and the call's id; `at_s` is
    when, on the monotonic clock."""

    status: int
    code: str | None
    call_id: str | None
    text: str = ""
    at_s: float = 0.0


class Crowd:
    """Callers with one key, spread over `urls` in turn; `served` is released by each who has heard an answer."""

    def __init__(self, urls: list[str], key: str) -> None:
        self._urls = urls
        self._key = key
        self.served = asyncio.Semaphore(0)

    async def ask_all(self, bodies: list[dict[str, Any]], leaving: float = 0.0, seed: int = 1) -> list[Said]:
        """All bodies at once. A share of `leaving` callers goes away at a random moment of LEAVING_WITHIN_S."""
        chance = random.Random(seed)
        async with self._client(len(bodies)) as client:
            patience = [chance.random() * LEAVING_WITHIN_S if chance.random() < leaving else ANSWER_WAIT_S for _ in bodies]
            calls = [self._ask(client, n, body, patience[n]) for n, body in enumerate(bodies)]
            return await asyncio.gather(*calls)

    async def ask_while(self, lasts: Callable[[], bool], bodies: Iterator[dict[str, Any]], callers: int) -> list[Said]:
        """So many callers ask again and again while `lasts`; all that they heard, oldest first."""
        async with self._client(callers) as client:

            async def ask_on(number: int) -> list[Said]:
                heard: list[Said] = []
                while lasts():
                    heard.append(await self._ask(client, number, next(bodies), ANSWER_WAIT_S))
                    await asyncio.sleep(PAUSE_S)
                return heard

            lists = await asyncio.gather(*(ask_on(number) for number in range(callers)))
        return sorted((said for heard in lists for said in heard), key=lambda said: said.at_s)

    def _client(self, callers: int) -> httpx2.AsyncClient:
        limits = httpx2.Limits(max_connections=callers + 1)
        return httpx2.AsyncClient(limits=limits, headers={"authorization": f"Bearer {self._key}"}, timeout=ANSWER_WAIT_S)

    async def _ask(self, client: httpx2.AsyncClient, number: int, body: dict[str, Any], patience_s: float) -> Said:
        url = f"{self._urls[number % len(self._urls)]}/v1/chat/completions"
        try:
            async with asyncio.timeout(patience_s):
                answer = await client.post(url, json=body)
        except (TimeoutError, httpx2.HTTPError):
            return Said(0, None, None, at_s=time.monotonic())
        if answer.status_code == 200:
            self.served.release()
        code = None if answer.status_code == 200 else answer.json()["error"]["code"]
        return Said(answer.status_code, code, answer.headers.get("x-signalbox-call"), answer.text, time.monotonic())


def is_whole(said: Said) -> bool:
    """Whether it heard an answer to its end."""
    return said.status == 200 and 'data: {"error"' not in said.text


def counted(said: list[Said]) -> str:
    """How many heard what, as words."""
    found = Counter(_heard(one) for one in said)
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items()))


def _heard(said: Said) -> str:
    if said.status == 200:
        return "served" if is_whole(said) else "an error event"
    return "left" if said.status == 0 else f"{said.status} {said.code}"
