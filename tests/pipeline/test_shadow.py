"""Claims about shadow books: nothing shifts while nothing differs, and what differs is found in the right place later."""

from proxy.domain.desk import Grant
from proxy.domain.plan import Allowance
from proxy.pipeline.shadow import Shadow, Spending
from tests.pipeline.test_replay import ALLOWANCES, seen_by_books

DAY_MS = 86_400_000
NOTHING = Spending("open", 0, 0)


def test_the_same_spending_shifts_nothing() -> None:
    shadow, seen = Shadow(), seen_by_books(spent=100, held=7)
    for _ in range(3):
        page = shadow.page(seen, ALLOWANCES)
        assert page.standing == seen
        shadow.note(page, Spending("open", 30, 5), Spending("open", 30, 5))


def test_the_difference_is_spent_in_every_window_and_no_other_period() -> None:
    shadow, seen = Shadow(), seen_by_books(spent=100)
    shadow.note(shadow.page(seen, ALLOWANCES), Spending("open", 30, 0), Spending("open", 50, 0))
    later = shadow.page(seen, ALLOWANCES).standing
    assert [window.spent for window in later.windows] == [120, 120, 100]
    tomorrow = seen_by_books(spent=100, at_ms=seen.at_ms + DAY_MS)
    assert [window.spent for window in shadow.page(tomorrow, ALLOWANCES).standing.windows] == [120, 100, 100]


def test_what_was_saved_is_left_and_never_less_than_nothing_is_spent() -> None:
    shadow, seen = Shadow(), seen_by_books(spent=100)
    shadow.note(shadow.page(seen, ALLOWANCES), Spending("open", 90, 0), NOTHING)
    assert shadow.page(seen, ALLOWANCES).standing.windows[0].spent == 10
    assert shadow.page(seen_by_books(spent=50), ALLOWANCES).standing.windows[0].spent == 0


def test_a_window_that_no_record_shows_counts_from_nothing() -> None:
    shadow, seen = Shadow(), seen_by_books(spent=100)
    weekly = (Allowance("week", 1_000),)
    assert shadow.page(seen, weekly).standing.windows[0].spent == 0
    shadow.note(shadow.page(seen, weekly), Spending("open", 30, 0), Spending("open", 50, 0))
    assert shadow.page(seen, weekly).standing.windows[0].spent == 50


def test_what_the_plan_no_longer_covers_is_paid_by_the_grant() -> None:
    grant = Grant("g1", "u1", "topup", 500, "", 0)
    shadow, seen = Shadow(), seen_by_books(spent=0, grants=(grant,))
    small = (Allowance("month", 40),)
    shadow.note(shadow.page(seen, small), Spending("open", 100, 0), Spending("open", 100, 0))
    later = shadow.page(seen, small).standing
    assert (later.windows[0].spent, later.buckets[0].spent) == (0, 60)


def test_live_holds_of_others_refuse_nothing_and_spent_credits_do() -> None:
    shadow = Shadow()
    assert shadow.page(seen_by_books(spent=0, held=40_000), ALLOWANCES).refuses(Spending("open", 500, 0)) is None
    assert shadow.page(seen_by_books(spent=39_900), ALLOWANCES).refuses(Spending("open", 500, 0)) == "insufficient_credits"
