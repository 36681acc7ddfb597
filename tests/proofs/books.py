"""What the books of a finished run say, asked from outside its gateways."""

import asyncio

from proxy.store.sqlite import SqliteDatabase
from proxy.store.verify import verify
from tests.e2e.harness import House, Simulator, eventually
from tests.proofs.claims import Case

QUIET_WAIT_S = 60.0


def quiet(house: House) -> None:
    """Waits until no call holds anything any more."""
    eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the last hold's end", QUIET_WAIT_S)


def spent_milli(house: House, user: str) -> int:
    """What the included credits of this user's month show as spent."""
    query = "SELECT coalesce(sum(spent), 0) FROM counters WHERE scope = ? AND name = 'included/month'"
    return int(house.rows(query, f"user:{user}")[0][0])


def charged_milli(house: House, user: str) -> int:
    """What this user's calls say they cost."""
    return int(house.rows("SELECT coalesce(sum(credits_milli), 0) FROM model_calls WHERE user_id = ?", user)[0][0])


def told_apart(house: House) -> list[str]:
    """What verify finds wrong; the gateway may be running."""

    async def look() -> list[str]:
        database = await SqliteDatabase.open(str(house.database))
        try:
            return await verify(database)
        finally:
            await database.close()

    return asyncio.run(look())


def claim_books(case: Case, house: House, user: str, limit_milli: int) -> None:
    """The claims every case ends with: nothing held, nothing overspent, calls and counters agree, entries and counters too."""
    quiet(house)
    spent, charged = spent_milli(house, user), charged_milli(house, user)
    case.claim(f"spent {spent} of {limit_milli} milli-credits", spent <= limit_milli)
    case.claim(f"calls were charged {charged}", charged == spent)
    wrong = told_apart(house)
    case.claim(f"verify finds {wrong or 'nothing'}", not wrong)


def upstream_calls(simulator: Simulator) -> int:
    """How many calls reached the provider since it last forgot."""
    return len(simulator.calls())
