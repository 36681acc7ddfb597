"""Claims about admission arithmetic: who pays in which order, what refuses and why, and what settling gives back."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.desk import Grant
from proxy.domain.ledger import ConcurrencyLimit, HoldRefused, HoldTerms
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap
from proxy.stages.ledger import Admitted, admit, extend, settle
from proxy.stages.ledger.counters import CounterKey, Moves, Reading, move
from proxy.stages.ledger.sources import Case, case_of, sources, standing
from proxy.stages.ledger.split import Amounts
from tests.builders import NOW_MS

DAY_MS = 86_400_000


class Counters(dict[CounterKey, Reading]):
    """Counters of a test: what nobody moved shows nothing."""

    def __missing__(self, key: CounterKey) -> Reading:
        return Reading()

    def follow(self, moves: Moves) -> None:
        for key, change in moves.items():
            move(self, (key,), change.spent, change.held)

    def of(self, scope: str, name: str) -> Reading:
        return next((self[key] for key in self if (key.scope, key.name) == (scope, name)), Reading())


def terms(*allowances: Allowance, **changes: Any) -> HoldTerms:
    return replace(HoldTerms(allowances or (Allowance("month", 1_000),), (), (), 1), **changes)


def case(*allowances: Allowance, grants: tuple[Grant, ...] = (), at_ms: int = NOW_MS, **changes: Any) -> Case:
    return case_of("u1", terms(*allowances, **changes), grants, at_ms)


def grant(id: str, amount_milli: int, **changes: Any) -> Grant:
    return replace(Grant(id, "u1", "topup", amount_milli, "a test", NOW_MS), **changes)


def milli(amount: int) -> Amounts:
    return Amounts(amount, 0)


def taken(of: Case, amount: int, counters: Counters, family: str = "open") -> Admitted:
    """Admits and follows; fails the test when refused."""
    admitted = admit(of, family, milli(amount), counters, {})
    assert isinstance(admitted, Admitted), admitted
    counters.follow(admitted.moves)
    return admitted


def refusal(answer: Admitted | HoldRefused) -> tuple[str, str]:
    assert isinstance(answer, HoldRefused)
    return answer.code, answer.scope


def shares(admitted: Admitted) -> list[tuple[str, int]]:
    return [(share.keys[0].scope, share.milli) for part in admitted.split.parts for share in part.shares]


def test_a_hold_moves_every_window_so_that_a_plan_change_carries_the_spent_over() -> None:
    counters = Counters()
    taken(case(Allowance("month", 1_000)), 300, counters)
    assert {key.name: reading.held for key, reading in counters.items()} == {
        "included/day": 300,
        "included/week": 300,
        "included/month": 300,
        "included/total": 300,
    }
    assert refusal(admit(case(Allowance("day", 200)), "open", milli(1), counters)) == ("credits_on_hold", "user:u1")


def test_all_windows_of_an_allowance_must_have_room() -> None:
    tight = case(Allowance("day", 100), Allowance("month", 1_000))
    assert isinstance(admit(tight, "open", milli(100), Counters()), Admitted)
    assert refusal(admit(tight, "open", milli(101), Counters())) == ("insufficient_credits", "user:u1")


def test_sources_pay_bound_then_included_then_topup_and_the_earliest_expiry_first() -> None:
    grants = (
        grant("never", 10),
        grant("later", 10, expires_at_ms=NOW_MS + 2 * DAY_MS),
        grant("soon", 10, expires_at_ms=NOW_MS + DAY_MS),
        grant("bound", 10, family="open"),
        grant("foreign", 10, family="closed"),
        grant("expired", 10, expires_at_ms=NOW_MS),
    )
    rich = case(Allowance("month", 10), grants=grants)
    assert shares(taken(rich, 50, Counters())) == [
        ("grant:bound", 10),
        ("user:u1", 10),
        ("grant:soon", 10),
        ("grant:later", 10),
        ("grant:never", 10),
    ]
    assert refusal(admit(rich, "open", milli(51), Counters())) == ("insufficient_credits", "user:u1")


def test_a_bound_allowance_pays_only_for_its_family_and_expires_with_its_window() -> None:
    grants = (grant("g", 5, family="reasoning", expires_at_ms=NOW_MS + DAY_MS),)
    both = case(Allowance("month", 20), Allowance("month", 10, family="reasoning"), grants=grants)
    assert [source.gauges[0].limit for source in sources(both, "reasoning")] == [5, 10, 20]
    assert [source.gauges[0].limit for source in sources(both, "open")] == [20]


def test_a_plan_without_an_allowance_for_a_family_has_no_source() -> None:
    bound = case(Allowance("month", 10, family="reasoning"))
    assert refusal(admit(bound, "open", milli(1), Counters())) == ("insufficient_credits", "user:u1")


def test_what_only_live_holds_block_is_on_hold_and_what_is_spent_is_gone() -> None:
    counters = Counters()
    first = taken(case(), 700, counters)
    assert refusal(admit(case(), "open", milli(301), counters)) == ("credits_on_hold", "user:u1")
    counters.follow(settle(first.split, 700, 0).moves)
    assert refusal(admit(case(), "open", milli(301), counters)) == ("insufficient_credits", "user:u1")


def test_a_cap_refuses_by_its_own_name_spent_or_held() -> None:
    capped = case(caps=(Cap("app:a1", "month", 5_000), Cap("key:k1", "day", 50)))
    assert refusal(admit(capped, "open", milli(51), Counters())) == ("budget_cap_reached", "key:k1")
    counters = Counters()
    taken(capped, 40, counters)
    assert refusal(admit(capped, "open", milli(11), counters)) == ("credits_on_hold", "key:k1")


def test_a_ceiling_counts_raw_cost_and_is_charged_in_full() -> None:
    ceiling = case(caps=(Cap("installation", "day", 1_000, "nano_usd"),))
    assert refusal(admit(ceiling, "open", Amounts(0, 1_001), Counters())) == ("budget_cap_reached", "installation")
    counters = Counters()
    admitted = admit(ceiling, "open", Amounts(5, 1_000), counters)
    assert isinstance(admitted, Admitted)
    counters.follow(admitted.moves)
    assert counters.of("installation", "cap/day/nano_usd") == Reading(0, 1_000)
    counters.follow(settle(admitted.split, 5, 1_700).moves)
    assert counters.of("installation", "cap/day/nano_usd") == Reading(1_700, 0)


def test_concurrency_is_named_after_what_is_gone_and_before_what_is_held() -> None:
    limited = case(concurrency=(ConcurrencyLimit("user:u1", 2),))
    assert refusal(admit(limited, "open", milli(1_001), Counters(), {"user:u1": 2}))[0] == "insufficient_credits"
    counters = Counters()
    taken(case(), 1_000, counters)
    assert refusal(admit(limited, "open", milli(1), counters, {"user:u1": 2})) == ("concurrency_limit", "user:u1")
    assert refusal(admit(limited, "open", milli(1), counters, {"user:u1": 1}))[0] == "credits_on_hold"


def test_a_zero_amount_always_has_room() -> None:
    nothing = case(Allowance("month", 0), caps=(Cap("key:k1", "day", 0),))
    admitted = admit(nothing, "open", milli(0), Counters(), {})
    assert isinstance(admitted, Admitted)
    assert admitted.moves == {}
    assert settle(admitted.split, 3, 0).absorbed_milli == 3


def test_two_caps_on_one_counter_move_it_once() -> None:
    counters = Counters()
    taken(case(caps=(Cap("key:k1", "day", 500), Cap("key:k1", "day", 900))), 100, counters)
    assert counters.of("key:k1", "cap/day/milli_credits") == Reading(0, 100)


def test_only_the_account_counts_its_month_from_its_own_anchor() -> None:
    caps = (Cap("user:u1", "month", 500), Cap("app:a1", "month", 500))
    admitted = taken(case(caps=caps, anchor_day=15), 100, Counters())
    epochs = {key.scope: key.epoch for key in admitted.split.parts[0].caps}
    assert epochs == {"user:u1": "2025-12-15", "app:a1": "2026-01-01"}


def test_settling_spends_in_the_order_of_the_split_and_gives_back_the_rest() -> None:
    counters = Counters()
    rich = case(Allowance("month", 10), grants=(grant("g", 10),), caps=(Cap("key:k1", "day", 100),))
    resolved = settle(taken(rich, 20, counters).split, 12, 0)
    counters.follow(resolved.moves)
    assert (resolved.charged_milli, resolved.absorbed_milli) == (12, 0)
    assert counters.of("user:u1", "included/month") == Reading(10, 0)
    assert counters.of("grant:g", "topup") == Reading(2, 0)
    assert counters.of("key:k1", "cap/day/milli_credits") == Reading(12, 0)


def test_what_exceeds_the_hold_is_absorbed() -> None:
    resolved = settle(taken(case(), 20, Counters()).split, 1_000, 0)
    assert (resolved.charged_milli, resolved.absorbed_milli) == (20, 980)


def test_an_extension_admits_the_difference_and_never_gives_back() -> None:
    counters = Counters()
    first = taken(case(), 400, counters)
    more = extend(case(), first.split, "open", milli(1_000), counters)
    assert isinstance(more, Admitted)
    counters.follow(more.moves)
    assert counters.of("user:u1", "included/month") == Reading(0, 1_000)
    assert len(more.split.parts) == len(more.split.parts[0].shares) == 1
    assert refusal(extend(case(), more.split, "open", milli(1_001), counters))[0] == "insufficient_credits"
    less = extend(case(), more.split, "open", milli(5), counters)
    assert less == Admitted(more.split, ())


def test_an_extension_after_midnight_leaves_the_first_part_in_its_own_day() -> None:
    counters = Counters()
    daily = Allowance("day", 100)
    first = taken(case(daily), 100, counters)
    tomorrow = case(daily, at_ms=NOW_MS + DAY_MS)
    more = extend(tomorrow, first.split, "open", milli(150), counters)
    assert isinstance(more, Admitted)
    counters.follow(more.moves)
    counters.follow(settle(more.split, 120, 0).moves)
    days = {key.epoch: reading for key, reading in counters.items() if key.name == "included/day"}
    assert days == {"2026-01-01": Reading(100, 0), "2026-01-02": Reading(20, 0)}


def test_an_extension_that_others_hold_back_is_on_hold() -> None:
    counters = Counters()
    first = taken(case(), 400, counters)
    taken(case(), 500, counters)
    refused = extend(case(), first.split, "open", milli(501), counters)
    assert refusal(refused) == ("credits_on_hold", "user:u1")
    assert isinstance(refused, HoldRefused)
    assert (refused.standing.windows[0].spent, refused.standing.windows[0].held) == (0, 900)


def test_an_extension_may_draw_on_one_more_source() -> None:
    counters = Counters()
    rich = case(Allowance("month", 10), grants=(grant("g", 10),))
    first = taken(rich, 10, counters)
    more = extend(rich, first.split, "open", milli(15), counters)
    assert isinstance(more, Admitted)
    assert shares(more) == [("user:u1", 10), ("grant:g", 5)]


def test_an_extension_under_other_caps_is_a_part_of_its_own() -> None:
    counters = Counters()
    first = taken(case(), 10, counters)
    more = extend(case(caps=(Cap("key:k1", "day", 100),)), first.split, "open", milli(15), counters)
    assert isinstance(more, Admitted)
    counters.follow(more.moves)
    assert counters.of("key:k1", "cap/day/milli_credits") == Reading(0, 5)
    counters.follow(settle(more.split, 12, 0).moves)
    assert counters.of("key:k1", "cap/day/milli_credits") == Reading(2, 0)


def test_what_an_earlier_writer_wrote_stays_where_it_is_held() -> None:
    counters = Counters()
    both = case(Allowance("month", 60), grants=(grant("bound", 100, family="reasoning"),))
    first = taken(both, 90, counters, family="reasoning")
    refused = extend(both, first.split, "open", Amounts(101, 0, billed_milli=40), counters)
    assert refusal(refused) == ("insufficient_credits", "user:u1")
    anew = extend(both, first.split, "open", Amounts(100, 0, billed_milli=40), counters)
    assert isinstance(anew, Admitted)
    counters.follow(anew.moves)
    assert shares(anew) == [("grant:bound", 40), ("user:u1", 60)]
    assert (counters.of("grant:bound", "topup"), counters.of("user:u1", "included/month")) == (Reading(0, 40), Reading(0, 60))
    counters.follow(settle(anew.split, 70, 0).moves)
    assert (counters.of("grant:bound", "topup"), counters.of("user:u1", "included/month")) == (Reading(40, 0), Reading(30, 0))


def test_what_an_earlier_writer_cost_stays_under_its_own_providers_ceiling() -> None:
    counters = Counters()
    here, there = (case(caps=(Cap(f"provider:{id}", "day", 1_000, "nano_usd"),)) for id in ("p", "q"))
    first = admit(here, "open", Amounts(10, 700), counters, {})
    assert isinstance(first, Admitted)
    counters.follow(first.moves)
    anew = extend(there, first.split, "open", Amounts(10, 900, billed_nano_usd=300, billed_milli=4), counters)
    assert isinstance(anew, Admitted)
    counters.follow(anew.moves)
    raw = "cap/day/nano_usd"
    assert (counters.of("provider:p", raw), counters.of("provider:q", raw)) == (Reading(0, 300), Reading(0, 600))
    counters.follow(settle(anew.split, 10, 800).moves)
    assert (counters.of("provider:p", raw), counters.of("provider:q", raw)) == (Reading(300, 0), Reading(500, 0))


def test_for_another_family_the_whole_is_split_anew() -> None:
    counters = Counters()
    grants = (grant("bound", 100, family="reasoning"),)
    both = case(Allowance("month", 60), grants=grants)
    first = taken(both, 90, counters, family="reasoning")
    assert refusal(extend(both, first.split, "open", milli(61), counters)) == ("insufficient_credits", "user:u1")
    anew = extend(both, first.split, "open", milli(60), counters)
    assert isinstance(anew, Admitted)
    counters.follow(anew.moves)
    assert shares(anew) == [("user:u1", 60)]
    assert counters.of("grant:bound", "topup") == Reading(0, 0)


def test_at_another_provider_the_whole_raw_cost_counts_under_its_ceilings() -> None:
    counters = Counters()
    here, there = (case(caps=(Cap(f"provider:{name}", "day", 1_000, "nano_usd"),)) for name in ("p1", "p2"))
    first = admit(here, "open", Amounts(10, 700), counters, {})
    assert isinstance(first, Admitted)
    counters.follow(first.moves)
    anew = extend(there, first.split, "open", Amounts(10, 700), counters)
    assert isinstance(anew, Admitted)
    counters.follow(anew.moves)
    counters.follow(settle(anew.split, 10, 650).moves)
    assert counters.of("provider:p1", "cap/day/nano_usd") == Reading(0, 0)
    assert counters.of("provider:p2", "cap/day/nano_usd") == Reading(650, 0)
    assert refusal(extend(there, first.split, "open", Amounts(10, 1_001), Counters()))[0] == "budget_cap_reached"


def test_splitting_anew_may_reuse_what_the_hold_itself_holds() -> None:
    counters = Counters()
    first = taken(case(), 1_000, counters, family="reasoning")
    anew = extend(case(), first.split, "open", milli(1_000), counters)
    assert isinstance(anew, Admitted)
    assert anew.moves == {}


def test_a_negative_amount_is_a_defect() -> None:
    with pytest.raises(ValueError, match="negative"):
        admit(case(), "open", milli(-1), Counters())
    with pytest.raises(ValueError, match="negative"):
        settle(taken(case(), 1, Counters()).split, -1, 0)


def test_standing_shows_limits_spent_held_and_resets() -> None:
    counters = Counters()
    rich = case(grants=(grant("g", 7), grant("old", 7, expires_at_ms=NOW_MS)), caps=(Cap("key:k1", "day", 5_000),))
    first = taken(rich, 300, counters)
    counters.follow(settle(first.split, 100, 0).moves)
    taken(rich, 50, counters)
    now = standing(rich, counters)
    window, bucket, cap = now.windows[0], now.buckets[0], now.caps[0]
    assert (window.limit, window.spent, window.held, window.resets_at_ms) == (1_000, 100, 50, NOW_MS + 31 * DAY_MS)
    assert [b.id for b in now.buckets] == ["g"]
    assert (bucket.kind, bucket.limit, bucket.spent) == ("topup", 7, 0)
    assert (cap.scope, cap.limit, cap.spent, cap.held) == ("key:k1", 5_000, 100, 50)
    assert now.spendable_milli("open") == 907
