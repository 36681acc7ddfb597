"""Claims about the share of an app that one account may hold while others wait."""

import pytest

from proxy.domain.ledger import FairShare, HoldRefused
from proxy.domain.standing import Cap
from proxy.stages.ledger.counters import CounterKey, Reading
from proxy.stages.ledger.share import over_share
from tests.stages.test_ledger import Counters, case

HALF = FairShare("app:a1", 50)
APP = (Cap("user:u1", "total", 1), Cap("app:a1", "month", 1_000), Cap("app:a1", "day", 1, "nano_usd"))


def seen(held_milli: int) -> Counters:
    return Counters(
        {
            CounterKey("app:a1", "cap/month/milli_credits", "2026-01-01"): Reading(400, 600),
            CounterKey("user:u1", "included/month", "2026-01-01"): Reading(0, held_milli),
        }
    )


@pytest.mark.parametrize(
    ("held", "amount", "over"),
    [(0, 900, False), (100, 200, False), (100, 201, True), (300, 1, True)],
    ids=["nothing held yet", "within", "beyond", "there already"],
)
def test_a_share_is_of_what_the_app_has_not_spent(held: int, amount: int, over: bool) -> None:
    refused = over_share(case(caps=APP), amount, HALF, seen(held))
    assert (refused is not None) is over


def test_who_is_over_its_share_is_told_that_others_hold_what_it_waits_for() -> None:
    refused = over_share(case(caps=APP), 900, HALF, seen(100))
    assert isinstance(refused, HoldRefused)
    assert (refused.code, refused.scope, refused.over_share) == ("credits_on_hold", "app:a1", True)


def test_while_nobody_waits_there_is_no_share() -> None:
    assert over_share(case(caps=APP), 900, None, seen(100)) is None
