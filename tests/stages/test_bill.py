"""Claims about what a call is charged at its settlement, from how many of its account's calls got nothing in the hour."""

from dataclasses import replace
from typing import Final

import pytest

from proxy.domain.call import INPUT_CHARGED
from proxy.domain.ledger import Settled, Settlement, Unpaid
from proxy.domain.usage import Usage
from proxy.stages.ledger.bill import UNPAID, Bill, as_booked, bill
from proxy.stages.ledger.counters import CounterKey, Reading
from tests import builders as b

LOST: Final = Unpaid(50, input_milli=30, input=Usage(input=30), free_hourly_max=2)
KEY: Final = CounterKey("user:u1", UNPAID, "2026-01-01T00")
FAILED: Final = b.call(status="failed", reason="upstream_error", usage=None, credits_milli=0, absorbed_milli=50)
IN_VAIN: Final = Settlement("call-1", 0, 7, FAILED, unpaid=LOST)


class Shown(dict[CounterKey, Reading]):
    """Counters of which only one shows anything."""

    def __missing__(self, key: CounterKey) -> Reading:
        return Reading()


@pytest.mark.parametrize(("so_far", "charged"), [(0, 0), (1, 0), (2, 30), (99, 30)])
def test_the_number_of_the_hour_is_free_and_every_one_counts(so_far: int, charged: int) -> None:
    found = bill("u1", IN_VAIN, b.NOW_MS, Shown({KEY: Reading(so_far)}))
    assert found == Bill(charged, 7, 50 - charged, {KEY: Reading(spent=1)})


def test_an_hour_is_one_of_the_calendar_in_utc() -> None:
    late = bill("u1", IN_VAIN, b.NOW_MS + 3_599_999, Shown())
    later = bill("u1", IN_VAIN, b.NOW_MS + 3_600_000, Shown())
    assert [key.epoch for found in (late, later) for key in found.moves] == ["2026-01-01T00", "2026-01-01T01"]


def test_an_answered_call_pays_its_answer_and_its_failed_tries_are_lost() -> None:
    answered = Settlement("call-1", 200, 7, b.call(credits_milli=200), unpaid=Unpaid(50))
    assert bill("u1", answered, b.NOW_MS, Shown()) == Bill(200, 7, 50)
    assert bill("u1", replace(answered, unpaid=None), b.NOW_MS, Shown()) == Bill(200, 7)


def test_a_call_is_booked_as_the_books_settled_it() -> None:
    assert as_booked(IN_VAIN, Settled("call-1", 0, 50, fresh=True)) is FAILED
    paid = as_booked(IN_VAIN, Settled("call-1", 30, 20, fresh=True))
    assert paid == replace(FAILED, credits_milli=30, absorbed_milli=20, usage=LOST.input, reason=INPUT_CHARGED)


def test_an_answer_above_its_hold_keeps_its_reason() -> None:
    answered = Settlement("call-1", 200, 7, b.call(credits_milli=200, reason="named"), unpaid=Unpaid(50))
    cut = as_booked(answered, Settled("call-1", 120, 130, fresh=True))
    assert (cut.credits_milli, cut.absorbed_milli, cut.reason) == (120, 130, "named")
