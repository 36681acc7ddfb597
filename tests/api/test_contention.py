"""Claims about many callers of one account at once: everything its credit can pay is served, and only then is it poor."""

import asyncio
from decimal import Decimal
from pathlib import Path

import httpx2

from proxy.domain.plan import Allowance
from tests import builders as b
from tests.api.house import House, code_of, open_house

CALLERS = 200
LIMIT_MILLI = 3_000
CATALOG = b.catalog(b.model("p/cheap"), b.plan("basic", allowances=(Allowance("month", LIMIT_MILLI),), concurrency_max=CALLERS))


async def _answered(house: House, key: str) -> httpx2.Response:
    """One call that costs a tenth of what it holds, made as SDKs do: told to come again, it does."""
    while True:
        answer = await house.chat(key, max_tokens=64)
        if answer.status_code != 429:
            return answer


async def test_all_calls_are_served_that_credit_can_pay_and_only_then_is_it_402(tmp_path: Path) -> None:
    async with open_house(tmp_path, CATALOG) as house:
        key = await house.user_key()
        answers = await asyncio.gather(*(_answered(house, key) for _ in range(CALLERS)))
        assert {code_of(answer) for answer in answers if answer.status_code != 200} == {(402, "insufficient_credits")}
        prompt = {"model": "p/cheap", "prompt": "Hi.", "max_tokens": 16}
        refused = (await house.post("/api/ai/precheck", key, prompt)).json()["refusal"]
        assert refused["code"] == "insufficient_credits"
        (window,) = (await house.get("/api/me", key)).json()["windows"]
        served = [Decimal(answer.headers["x-signalbox-credits"]) for answer in answers if answer.status_code == 200]
        assert (Decimal(window["spent"]), window["held"]) == (sum(served), "0")
