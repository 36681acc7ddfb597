"""Claims about credit that is just enough, over real books and a real vocabulary: what fits to the token is served."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from proxy.counting.bpe import counting_in
from proxy.counting.counter import BoundedCounter
from proxy.domain.catalog import Catalog
from proxy.domain.plan import Allowance
from tests import builders as b
from tests.api.house import Script, code_of, open_house, whole

TEXT: Final = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 40
ANSWER_TOKENS: Final = 50
# As OpenAI publishes: four tokens around the one message, three before the answer. 1 and 4 milli-credits a token.
EXACT_MILLI: Final = counting_in("o200k_base")(TEXT) + 4 + 3 + 4 * ANSWER_TOKENS


@pytest.fixture
async def counter() -> AsyncIterator[BoundedCounter]:
    made = BoundedCounter(counting_in)
    yield made
    made.close()


def shop(limit_milli: int) -> Catalog:
    model = b.model("p/cheap", vocabulary="o200k_base", output_tokens_min=ANSWER_TOKENS)
    return b.catalog(model, b.plan("basic", allowances=(Allowance("month", limit_milli),)))


def asked(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": TEXT}], "max_tokens": ANSWER_TOKENS, **fields}


def billing(input_tokens: int, output_tokens: int) -> Script:
    """An answer whose provider bills exactly that."""
    (body,) = whole().pieces
    usage = {"prompt_tokens": input_tokens, "completion_tokens": output_tokens}
    return Script([orjson.dumps(orjson.loads(body) | {"usage": usage})])


async def test_credits_for_exactly_the_exact_size_are_served(tmp_path: Path, counter: BoundedCounter) -> None:
    assert len(TEXT.encode()) > 3 * EXACT_MILLI
    async with open_house(tmp_path, shop(EXACT_MILLI), counter) as house:
        answer = await house.chat(await house.user_key(), **asked())
        assert answer.status_code == 200


async def test_one_milli_credit_less_is_too_little(tmp_path: Path, counter: BoundedCounter) -> None:
    async with open_house(tmp_path, shop(EXACT_MILLI - 1), counter) as house:
        answer = await house.chat(await house.user_key(), **asked())
        assert code_of(answer) == (402, "insufficient_credits")
        assert house.upstream.requests == []


async def test_without_the_vocabulary_the_bound_by_bytes_stands(tmp_path: Path) -> None:
    async with open_house(tmp_path, shop(EXACT_MILLI)) as house:
        assert code_of(await house.chat(await house.user_key(), **asked())) == (402, "insufficient_credits")


async def test_a_bill_at_the_bound_is_paid_from_the_hold_to_the_last_unit(tmp_path: Path, counter: BoundedCounter) -> None:
    async with open_house(tmp_path, shop(EXACT_MILLI), counter) as house:
        tokens = EXACT_MILLI - 4 * ANSWER_TOKENS
        house.upstream.scripts.append(billing(tokens, ANSWER_TOKENS))
        key = await house.user_key()
        answer = await house.chat(key, **asked())
        assert Decimal(answer.headers["x-signalbox-credits"]) * 1_000 == EXACT_MILLI
        (window,) = (await house.get("/api/me", key)).json()["windows"]
        assert (window["left"], window["held"]) == ("0", "0")
