"""Many callers at once: bodies in, statuses out; a caller may leave early, and nothing is retried for it."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx2

ANSWER_WAIT_S = 60.0
LEAVING_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """What one caller heard: the status (0: it left, or the connection broke), the error code and the call's id."""

    status: int
    code: str | None
    call_id: str | None
    text: str = ""


class Crowd:
    """Callers with one key, spread over `urls` in turn."""

    def __init__(self, urls: list[str], key: str) -> None:
        self._urls = urls
        self._key = key

    async def ask_all(self, bodies: list[dict[str, Any]], leaving: float = 0.0, seed: int = 1) -> list[Said]:
        """All bodies at once. A share of `leaving` callers goes away at a random moment of LEAVING_WITHIN_S."""
        chance = random.Random(seed)
        limits = httpx2.Limits(max_connections=len(bodies) + 1)
        headers = {"authorization": f"Bearer {self._key}"}
        async with httpx2.AsyncClient(limits=limits, headers=headers, timeout=ANSWER_WAIT_S) as client:
            patience = [chance.random() * LEAVING_WITHIN_S if chance.random() < leaving else ANSWER_WAIT_S for _ in bodies]
            calls = [self._ask(client, n, body, patience[n]) for n, body in enumerate(bodies)]
            return await asyncio.gather(*calls)

    async def _ask(self, client: httpx2.AsyncClient, number: int, body: dict[str, Any], patience_s: float) -> Said:
        url = f"{self._urls[number % len(self._urls)]}/v1/chat/completions"
        try:
            async with asyncio.timeout(patience_s):
                answer = await client.post(url, json=body)
        except (TimeoutError, httpx2.HTTPError):
            return Said(0, None, None)
        code = None if answer.status_code == 200 else answer.json()["error"]["code"]
        return Said(answer.status_code, code, answer.headers.get("x-signalbox-call"), answer.text)


def counted(said: list[Said]) -> str:
    """How many heard what, as words."""
    found = Counter(_heard(one) for one in said)
    return ", ".join(f"{count} {name}" for name, count in sorted(found.items()))


def _heard(said: Said) -> str:
    if said.status == 200:
        return "an error event" if 'data: {"error"' in said.text else "served"
    return "left" if said.status == 0 else f"{said.status} {said.code}"
