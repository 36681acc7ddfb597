"""The proof of a provider that fails at random: half of its calls have one of all faults, and every answer is compared word for
word."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx2

from proxy.simulator.dialects.dialect import DIALECT_NAMES, DialectName
from proxy.simulator.faults.acts import Row
from proxy.simulator.faults.choosing import mixture
from proxy.simulator.tale import tale
from tests.e2e.harness import House
from tests.proofs.books import claim_books
from tests.proofs.claims import Case
from tests.proofs.faults.case import AT_ONCE, CREDIT_MILLI
from tests.proofs.faults.cells import WORDS, Cell, firsts, seconds
from tests.proofs.faults.expected import expected
from tests.proofs.faults.heard import WAIT_S, Heard, ask
from tests.proofs.site import Site

CALLS: Final = 2_000
SEED: Final = 5
FAILING: Final = 0.5
WHOLE_MIN: Final = 0.999
TRIES_MAX: Final = 2.2
_TRIES: Final = "SELECT count(*) FROM attempts"


class Draw(NamedTuple):
    """One call: its provider's dialect, whether it is streamed, and the fault that it has, if any."""

    number: int
    dialect: DialectName
    stream: bool
    row: Row | None

    @property
    def asked(self) -> str:
        """No two calls ask for the same words, so that no word can be another's."""
        line = f"Tell me tale number {self.number}."
        if self.row is None:
            return line
        numbers = "".join(f" {name}={number}" for name, number in self.row.numbers.items())
        return f"{line}\nsimulator-fault: {self.row.name}{numbers} only=sim-first"

    @property
    def told(self) -> str:
        return tale(self.asked, WORDS)

    def body(self, first: str) -> dict[str, Any]:
        second = "second-sage/prefill" if self.dialect in ("openai", "openrouter") else "second/prefill"
        message = {"role": "user", "content": self.asked}
        return {"model": first, "models": [first, second], "messages": [message], "stream": self.stream}


def drawn(calls: int, seed: int) -> Iterator[Draw]:
    """Calls by chance, the same ones for the same seed. What is meant by a model, or is beyond what anybody can tell, is no
    failure of its provider's: only faults count that must end in a whole answer."""
    chance = random.Random(seed)
    rows = {(dialect, stream): _mendable(dialect, stream) for dialect in DIALECT_NAMES for stream in (False, True)}
    for number in range(calls):
        dialect, stream = chance.choice(DIALECT_NAMES), chance.random() < 0.5
        row = chance.choice(rows[dialect, stream]) if chance.random() < FAILING else None
        yield Draw(number, dialect, stream, row)


def _mendable(dialect: DialectName, stream: bool) -> list[Row]:
    return [row for row in mixture(dialect, stream) if expected(Cell(0, row, dialect, stream, "prefill")).says == "all"]


def mixed(site: Site) -> Case:
    """First nobody is warned: each call has a provider of its own. Then all are the same four, and breakers may help."""
    case = Case(
        f"a provider that fails at random in half of its calls, all faults mixed, beside a healthy one, {CALLS} calls; first"
        " with a provider for each call, so that no breaker helps, then with one for each dialect",
        f"at least {WHOLE_MIN:.1%} whole, nothing repeated or missing, at most {TRIES_MAX} upstream calls for each on average",
    )
    draws = list(drawn(CALLS, SEED))
    first, second = site.yard.simulator("first"), site.yard.simulator("second")
    house = site.house(first)
    names: dict[str, DialectName] = {f"m{draw.number}": draw.dialect for draw in draws}
    names.update((dialect, dialect) for dialect in DIALECT_NAMES)
    (house.config / "mixed.toml").write_text(seconds(second.url) + firsts(names, first.url))
    with site.running(house, 1):
        key = house.key("user", "ann", "wide")
        _claim(case, house, key, "unwarned", [(draw, f"m{draw.number}/first") for draw in draws])
        _claim(case, house, key, "with breakers", [(draw, f"{draw.dialect}/first") for draw in draws])
        claim_books(case, house, "ann", CREDIT_MILLI)
    return case


def _claim(case: Case, house: House, key: str, name: str, calls: list[tuple[Draw, str]]) -> None:
    before = house.rows(_TRIES)[0][0]
    answers = asyncio.run(_ask_all(house.url, key, calls))
    verdicts = Counter(_verdict(draw, heard) for (draw, _), heard in zip(calls, answers, strict=True))
    share = verdicts["whole"] / len(calls)
    failing = sum(draw.row is not None for draw, _ in calls)
    case.claim(f"{name}: {failing} calls with a fault; {dict(verdicts)}, {share:.2%} whole", share >= WHOLE_MIN)
    case.claim(f"{verdicts['wrong']} with words repeated, missing or another's", not verdicts["wrong"])
    for (draw, _), heard in zip(calls, answers, strict=True):
        if draw.row is not None and _verdict(draw, heard) != "whole":
            case.claim(f"not whole: {draw.row.name}, {draw.dialect}, {heard.status} {heard.code}", True)
    # The books of what was left open a moment ago may come a moment later.
    tries = (house.rows(_TRIES)[0][0] - before) / len(calls)
    case.claim(f"{tries:.2f} upstream calls for each", tries <= TRIES_MAX)


async def _ask_all(url: str, key: str, calls: list[tuple[Draw, str]]) -> list[Heard]:
    turns = asyncio.Semaphore(AT_ONCE)
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=WAIT_S) as client:

        async def ask_one(draw: Draw, first: str) -> Heard:
            async with turns:
                return await ask(client, draw.body(first))

        return await asyncio.gather(*(ask_one(draw, first) for draw, first in calls))


def _verdict(draw: Draw, heard: Heard) -> str:
    """`whole`, `told` (an error, after a true beginning or nothing), or what must never be."""
    says = heard.says(draw.told)
    if says == "all" and heard.code is None and not heard.odd:
        return "whole"
    return "told" if says in ("beginning", "nothing") and heard.code is not None else "wrong"
