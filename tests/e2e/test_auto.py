"""`auto` on the catalog that ships and a few prompts of our own: the small form of the proofs of docs/proofs/auto.md."""

from collections.abc import Iterator

import pytest

from tests.e2e.harness import Yard
from tests.evals.prompts import own
from tests.proofs.auto import choices, fences, ladder
from tests.proofs.auto.case import opened
from tests.proofs.auto.ground import ShippedHouse, user_key
from tests.proofs.claims import Case


@pytest.fixture(scope="module")
def shipped(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShippedHouse]:
    house = opened(ShippedHouse(yard, tmp_path_factory.mktemp("shipped") / "home", yard.simulator(), ladder.LADDER))
    yield house
    house.gateway.kill()


@pytest.fixture(scope="module")
def admin(shipped: ShippedHouse) -> str:
    return shipped.key("admin")


def texts(count: int) -> list[str]:
    tasks = [example.text for example in own() if example.category is not None]
    return [tasks[place * len(tasks) // count] for place in range(count)]


def test_every_mode_costs_what_its_name_says_and_every_answer_says_why(shipped: ShippedHouse, admin: str) -> None:
    case = Case("choices", "")
    rounds = choices.ask_in_every_way(shipped, admin, texts(8))
    choices.claim(case, shipped, rounds)
    assert case.holds, case.claims
    assert choices.sums(shipped, rounds).count("\n") == len(rounds) + 2


def test_no_call_leaves_plan_veto_list_or_cap(shipped: ShippedHouse, admin: str) -> None:
    found = fences.ask_behind_fences(shipped, admin, texts(2 * len(fences.FENCES)))
    assert sum(len(one.calls) for one in found) == 2 * len(fences.FENCES)
    assert [(one.fence.name, one.outside, one.over) for one in found if one.outside or one.over] == []


def test_a_costly_loop_is_slowed_and_a_cheap_batch_is_not(shipped: ShippedHouse, admin: str) -> None:
    keys = {name: user_key(shipped, admin, name, "pro") for name in ("looper", "grower", "batcher")}
    case = Case("loops", "")
    climbs = ladder.loops(case, shipped, admin, keys)
    assert case.holds, case.claims
    assert [climb.rows[-1][1] for climb in climbs] == ["rate_limit_exceeded"] * 2
