"""Claims about the order of waiting calls: accounts take turns, nobody's crowd takes the places of others."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.stages.turns import Turns

APP = "app:a1"


def turns(*waiters: str, size_max: int = 100) -> Turns[str]:
    """Waiters are named after their account: `ann-1` is the first call of `ann`."""
    made: Turns[str] = Turns(size_max)
    for waiter in waiters:
        assert made.join(APP, account(waiter), waiter) is None
    return made


def account(waiter: str) -> str:
    return waiter.partition("-")[0]


def all_served(made: Turns[str]) -> list[str]:
    order = []
    while (waiter := made.next(APP)) is not None:
        made.served(waiter)
        order.append(waiter)
    return order


def test_accounts_take_turns_and_within_one_the_first_is_first() -> None:
    made = turns("ann-1", "ann-2", "ann-3", "bob-1", "cid-1", "bob-2")
    assert all_served(made) == ["ann-1", "bob-1", "cid-1", "ann-2", "bob-2", "ann-3"]
    assert (len(made), made.scopes) == (0, ())


def test_who_is_refused_again_keeps_its_turn() -> None:
    made = turns("ann-1", "bob-1")
    assert [made.next(APP), made.next(APP)] == ["ann-1", "ann-1"]


def test_an_account_may_be_passed_over() -> None:
    made = turns("ann-1", "ann-2", "bob-1")
    assert made.next(APP, {"ann"}) == "bob-1"
    assert made.next(APP, {"ann", "bob"}) is None


def test_who_leaves_gives_up_no_place_of_its_account() -> None:
    made = turns("ann-1", "bob-1", "ann-2")
    made.leave("ann-1")
    made.leave("ann-1")
    assert all_served(made) == ["ann-2", "bob-1"]


def test_each_scope_has_a_queue_of_its_own() -> None:
    made = turns("ann-1")
    made.join("user:bob", "bob", "bob-1")
    assert made.awaited(("key:k1", "user:bob", APP)) == "user:bob"
    assert made.awaited(("user:cid",)) is None
    assert (made.next("user:bob"), made.accounts(APP), made.accounts("user:cid")) == ("bob-1", 1, 0)


def test_a_waiter_whom_another_scope_refuses_waits_there() -> None:
    made = turns("ann-1", "bob-1")
    made.join("user:ann", "ann", "ann-1")
    assert (made.next(APP), made.next("user:ann"), len(made)) == ("bob-1", "ann-1", 2)


def test_when_all_places_are_taken_the_largest_crowd_loses_its_newest() -> None:
    made = turns("ann-1", "ann-2", "bob-1", size_max=3)
    assert made.join(APP, "cid", "cid-1") == "ann-2"
    assert all_served(made) == ["ann-1", "bob-1", "cid-1"]


def test_a_crowd_that_grows_turns_its_own_newcomer_away() -> None:
    made = turns("ann-1", "ann-2", size_max=2)
    assert made.join(APP, "ann", "ann-3") == "ann-3"
    assert len(made) == 2


@given(st.lists(st.sampled_from(["ann", "bob", "cid", "dot"]), max_size=40))
def test_while_two_accounts_wait_neither_is_served_twice_before_the_other(accounts: list[str]) -> None:
    order = [account(waiter) for waiter in all_served(turns(*(f"{name}-{n}" for n, name in enumerate(accounts))))]
    assert sorted(order) == sorted(accounts)
    for at, name in enumerate(order):
        if name in order[at + 1 :]:
            again = order.index(name, at + 1)
            between = order[at + 1 : again]
            assert len(set(between)) == len(between)
            assert set(order[again + 1 :]) <= {name, *between}
