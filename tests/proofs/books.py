"""What the books of a finished run say, asked from outside its gateways."""

from tests.e2e.harness import Simulator, eventually
from tests.proofs.claims import Case
from tests.proofs.crowd import Said, is_whole
from tests.proofs.site import ProofHouse
from tests.proofs.stores import Store

QUIET_WAIT_S = 60.0


def quiet(house: ProofHouse) -> None:
    """Waits until no call holds anything any more."""
    eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the last hold's end", QUIET_WAIT_S)


def spent_milli(house: ProofHouse, user: str) -> int:
    """What the included credits of this user's month show as spent."""
    query = "SELECT coalesce(sum(spent), 0) FROM counters WHERE scope = ? AND name = 'included/month'"
    return int(house.rows(query, f"user:{user}")[0][0])


def charged_milli(house: ProofHouse, user: str) -> int:
    """What this user's calls say they cost."""
    return int(house.rows("SELECT coalesce(sum(credits_milli), 0) FROM model_calls WHERE user_id = ?", user)[0][0])


def claim_books(case: Case, house: ProofHouse, user: str, limit_milli: int) -> None:
    """The claims every case ends with: nothing held, nothing overspent, calls and counters agree, entries and counters too
    (`signalbox ledger verify`)."""
    quiet(house)
    spent, charged = spent_milli(house, user), charged_milli(house, user)
    case.claim(f"spent {spent} of {limit_milli} milli-credits", spent <= limit_milli)
    case.claim(f"calls were charged {charged}", charged == spent)
    verified = house.command("ledger", "verify")
    wrong = (verified.stdout or verified.stderr).strip().splitlines()[:3]
    case.claim("verify finds nothing" if verified.returncode == 0 else f"verify finds {wrong}", verified.returncode == 0)


def claim_nothing_left(case: Case, house: ProofHouse, user: str, limit_milli: int) -> None:
    """Every unit of the user's credit was charged: whoever is charged too little for a call is left with some."""
    left = limit_milli - spent_milli(house, user)
    case.claim(f"{left} left", left == 0)


def claim_paid(case: Case, store: Store, heard: list[Said], price_milli: int) -> None:
    """Whatever was heard to its end is booked as served, at its price; whoever was killed meanwhile."""
    booked = dict(store.rows("SELECT id, credits_milli FROM model_calls WHERE status = 'served'"))
    whole = [said.call_id for said in heard if is_whole(said)]
    unpaid = [call for call in whole if booked.get(call) != price_milli]
    case.claim(f"{len(whole)} answers were heard to their end, {len(unpaid)} of them not paid", bool(whole) and not unpaid)


class Upstream:
    """What reached the provider since a moment, however much of it the provider has forgotten."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._before = self._last()

    @property
    def calls(self) -> int:
        return self._last() - self._before

    def _last(self) -> int:
        seen = self._simulator.calls()
        return int(seen[-1]["number"]) if seen else 0
