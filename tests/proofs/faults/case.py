"""The proof of every fault: a gateway between a provider that makes it and one that is well, asked for each cell."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import httpx2

from proxy.simulator.faults import FAULTS
from tests.e2e.harness import House, Simulator
from tests.proofs.books import claim_books
from tests.proofs.claims import Case
from tests.proofs.faults.cells import Cell, catalog, cells
from tests.proofs.faults.expected import expected
from tests.proofs.faults.heard import WAIT_S, Heard, ask
from tests.proofs.faults.seen import Seen, Tried
from tests.proofs.faults.table import page
from tests.proofs.site import Site

AT_ONCE: Final = 12
PAGE: Final = "faults.md"
CREDIT_MILLI: Final = 100_000_000_000
_SHOWN: Final = 5
_TRIED: Final = "SELECT call_id, model_id, fault, charged FROM attempts ORDER BY call_id, number"
_CALLS: Final = "SELECT id, credits_milli, timeline FROM model_calls"


def every(site: Site) -> Case:
    """Each fault in each dialect that has it, whole and streamed, alone and beside a healthy model."""
    asked = cells()
    case = Case(
        f"each of {len(FAULTS)} faults, in each dialect that has it, whole and streamed, alone and beside a healthy model",
        "what contract 6 says: beside a healthy model a whole answer, but for refusals that are meant and what nobody can tell;"
        " alone an answer or one error of the table, and no clean end of less than all",
    )
    first, second = site.yard.simulator("first"), site.yard.simulator("second")
    house = site.house(first)
    prepare(house, asked, first, second)
    with site.running(house, 1):
        answers = asyncio.run(ask_all(house.url, house.key("user", "ann", "wide"), asked))
        claim_books(case, house, "ann", CREDIT_MILLI)
        seen = looked_up(house, asked, answers)
    _claim(case, seen)
    case.pages[PAGE] = page(seen)
    return case


def prepare(house: House, asked: Iterable[Cell], first: Simulator, second: Simulator) -> None:
    """Writes the catalog of these cells into a house that has not started."""
    rows = httpx2.get(f"{first.url}/sim/faults", timeout=WAIT_S).json()
    doors = {row["name"]: row["url"] for row in rows if row["url"] is not None}
    (house.config / "faults.toml").write_text(catalog(asked, first.url, second.url, doors))
    # One caller meets them all here; what it would be charged for meeting so many in an hour is another proof's.
    policy = house.config / "catalog.toml"
    policy.write_text(policy.read_text().replace("[policy]\n", "[policy]\nfree_calls_hourly_max = 100_000\n"))


async def ask_all(url: str, key: str, asked: Iterable[Cell]) -> list[Heard]:
    """What the caller of each cell heard last."""
    turns = asyncio.Semaphore(AT_ONCE)
    headers = {"authorization": f"Bearer {key}"}

    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=WAIT_S) as client:

        async def ask_one(cell: Cell) -> Heard:
            async with turns:
                return [await ask(client, cell.body) for _ in range(cell.times)][-1]

        return await asyncio.gather(*map(ask_one, asked))


def looked_up(house: House, asked: Iterable[Cell], answers: Iterable[Heard]) -> list[Seen]:
    """Each answer with what the books say of it."""
    tried: dict[str, list[Tried]] = {}
    for call_id, model_id, fault, charged in house.rows(_TRIED):
        tried.setdefault(call_id, []).append(Tried(model_id, fault, bool(charged)))
    calls: Mapping[str, tuple[int, str]] = {id: (milli, _joint(timeline)) for id, milli, timeline in house.rows(_CALLS)}
    return [
        Seen(cell, heard, tuple(tried.get(heard.call_id, ())), *calls.get(heard.call_id, (0, "")))
        for cell, heard in zip(asked, answers, strict=True)
    ]


def _joint(timeline: str) -> str:
    said = [mark["detail"].split(" ", 1)[-1] for mark in json.loads(timeline) if mark["stage"] == "rescue"]
    return next((how for how in said if not how.startswith("not")), "")


def _claim(case: Case, seen: list[Seen]) -> None:
    wrong = [one for one in seen if one.wrong]
    case.claim(f"{len(seen) - len(wrong)} of {len(seen)} cells as they must be", not wrong)
    for one in wrong[:_SHOWN]:
        mode = "stream" if one.cell.stream else "whole"
        case.claim(f"{one.cell.row.name}, {one.cell.dialect}, {mode}, beside {one.cell.beside}: {one.wrong}", False)
    beside = Counter(one.words for one in seen if one.cell.beside != "nobody" and expected(one.cell).says == "all")
    case.claim(f"beside a healthy model: {', '.join(f'{count} {words}' for words, count in beside.most_common())}", not wrong)
    slowest = max(seen, key=lambda one: one.heard.ms)
    case.claim(f"the longest took {slowest.heard.ms / 1_000:.1f} s ({slowest.cell.row.name})", True)
