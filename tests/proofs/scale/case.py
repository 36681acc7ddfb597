"""The proof that books of millions of calls cost what small ones cost: made, asked, compared, and their query plans shown."""

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proxy.domain.rollup import DAY_MS
from proxy.store.database import Database
from proxy.store.postgres import PostgresDatabase
from proxy.store.recount import recount
from proxy.store.sqlite import SqliteDatabase
from proxy.store.verify import verify
from tests.proofs.claims import Case
from tests.proofs.scale.cost import Contender, Cost, Duel, callers_of, costs
from tests.proofs.scale.fill import STRIDE, Size, fill
from tests.proofs.scale.pages import open_hall
from tests.proofs.scale.plans import Watched, big_tables, plans, scans
from tests.proofs.scale.questions import QUESTIONS, Caller, Desk, Question
from tests.proofs.scale.template import samples
from tests.proofs.site import Site
from tests.proofs.stores import Ground, SqliteStore, Store, fresh

EMPTY: Final = Size(10, idle=True)
SMALL: Final = Size(10)
MODEST: Final = Size(200)
# As many calls, each of another user.
CROWDED: Final = Size(10_000, days=STRIDE, calls_a_day=1)
USUAL: Final = Size(4_000)
FULL: Final = Size(100_000)
RATIO_MAX: Final = 1.3
AUDITED_CALLS_MAX: Final = 500_000


@dataclass(frozen=True, slots=True)
class Books:
    """The books of five sizes in one kind of database."""

    empty: Contender
    small: Contender
    modest: Contender
    crowded: Contender
    large: Contender

    def beside(self, question: Question) -> Contender:
        small = {"empty": self.empty, "small": self.small, "modest": self.modest, "crowded": self.crowded}
        return small[question.beside]


def scale(site: Site, size: Size) -> Case:
    """Books of `size` beside books of 10 users."""
    case = Case(
        f"{size}, {site.store.name}",
        f"admission and queries cost what they cost in books of {EMPTY.users} users, pages what they cost at {MODEST.calls:,}"
        f" calls (ratio at most {RATIO_MAX} in CPU time); no query looks through a big table",
    )
    asyncio.run(_prove(case, site, size))
    return case


async def _prove(case: Case, site: Site, size: Size) -> None:
    with ExitStack() as stack:
        ground: Ground = "sqlite" if isinstance(site.store, SqliteStore) else "postgres"
        stores = [site.store]
        for name in ("crowded", "modest", "small", "empty"):
            (site.folder / name).mkdir()
            stores.append(stack.enter_context(fresh(ground, site.folder / name)))
        until_ms = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
        sizes = (size, CROWDED, MODEST, SMALL, EMPTY)
        desks = [await _made(store, part, until_ms) for store, part in zip(stores, sizes, strict=True)]
        large, crowded, modest, small, empty = map(_contender, desks, stores)
        books = Books(empty, small, modest, crowded, large)
        async with AsyncExitStack() as open_halls:
            for one in (modest, crowded, large):
                users = [who.user_id for who in callers_of(one.desk)]
                one.desk.hall = await open_halls.enter_async_context(
                    open_hall(site.folder, one.desk.database, users, one.desk.middle)
                )
            await _claim_costs(case, books)
        await _claim_plans(case, large.desk, site.folder)
        if size.calls <= AUDITED_CALLS_MAX:
            await _claim_audit(case, large.desk.database)
        for desk in desks:
            await desk.database.close()


async def _made(store: Store, size: Size, until_ms: int) -> Desk:
    await (await _opened(store)).close()
    began_s = time.monotonic()
    fill(store, await samples(), size, until_ms)
    print(f"    {size}: {time.monotonic() - began_s:.0f} s, {_bytes(store) / 1e9:.1f} GB", flush=True)
    return Desk(await _opened(store), size, until_ms)


async def _opened(store: Store) -> Database:
    if isinstance(store, SqliteStore):
        return await SqliteDatabase.open(str(store.path))
    return await PostgresDatabase.open(store.url)


def _contender(desk: Desk, store: Store) -> Contender:
    if isinstance(store, SqliteStore):
        return Contender(desk, ())
    backends = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'signalbox'"
    return Contender(desk, [pid for (pid,) in store.rows(backends)])


def _bytes(store: Store) -> int:
    if isinstance(store, SqliteStore):
        return store.path.stat().st_size
    return int(store.rows("SELECT pg_database_size(current_database())")[0][0])


async def _claim_plans(case: Case, desk: Desk, folder: Path) -> None:
    """Shows how each statement of each question is answered."""
    shown, looking = set[str](), 0
    big = await big_tables(desk.database)
    watched = Watched(desk.database)
    watching = Desk(watched, desk.size, desk.until_ms)
    async with open_hall(folder, watched, [Caller(0).user_id], desk.middle) as watching.hall:
        for question in QUESTIONS:
            watched.sent.clear()
            await question.ask(watching, Caller(0))
            print(f"    plan  {question.name}")
            for statement, plan in (await plans(desk.database, watched.sent)).items():
                found = scans(statement, plan, big)
                if found:
                    looking += 1
                    case.claim(f"{question.name} looks through a table: {'; '.join(found)}", False)
                if statement not in shown:
                    print("".join(f"          {line}\n" for line in [statement[:110], *(f"  {line}" for line in plan)]), end="")
                shown.add(statement)
    case.claim(f"{len(shown)} statements of {len(QUESTIONS)} questions, each answered by an index", bool(shown) and not looking)


async def _claim_costs(case: Case, books: Books) -> None:
    # What is admitted leaves calls behind, in other small books than those that pages are compared with: so it comes last.
    writing = [question for question in QUESTIONS if question.group == "admission"]
    reading = [question for question in QUESTIONS if question not in writing]
    taken: dict[Question, Cost] = {}
    for part in (reading, writing):
        found = await costs([Duel(question, books.beside(question), books.large) for question in part], RATIO_MAX)
        taken |= zip(part, found, strict=True)
    for question, cost in taken.items():
        _show(question, cost)
    for group in dict.fromkeys(question.group for question in QUESTIONS):
        of_group = {question: cost for question, cost in taken.items() if question.group == group}
        dearest = max(of_group, key=lambda question: of_group[question].ratio)
        most, first = of_group[dearest], max(cost.first_us / cost.small_us for cost in of_group.values())
        seen = f"{group}: ratio {most.ratio:.2f} at most ({dearest.name}, {most.large_us:.0f} µs), {first:.1f} the first time"
        case.claim(seen, most.ratio <= RATIO_MAX)


def _show(question: Question, cost: Cost) -> None:
    verdict = "holds" if cost.ratio <= RATIO_MAX else "BROKEN"
    seen = f"{question.name}: {cost.large_us:.0f} µs beside {cost.small_us:.0f} µs ({cost.ratio:.2f})"
    print(f"      {verdict:7} {seen}, {cost.first_us:.0f} µs the first time", flush=True)


async def _claim_audit(case: Case, database: Database) -> None:
    """The books are such as calls leave them: the audit finds nothing wrong, a recount of the roll-ups nothing to mend."""
    wrong = await verify(database)
    case.claim(f"verify finds {wrong[:3] or 'nothing'}", not wrong)
    counted = await recount(database)
    case.claim(f"a recount mends {counted.wrong_rows} rows", counted.wrong_rows == 0)
