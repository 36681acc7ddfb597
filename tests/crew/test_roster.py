"""The table of a crew: who works, whether all have come, and how long who ended waits."""

from proxy.crew.roster import PAUSE_S_MAX, PAUSE_S_MIN, STEADY_S, Roster


def test_a_crew_is_complete_when_every_worker_has_taken_calls() -> None:
    roster = Roster(2)
    roster.began(1, 0.0)
    roster.ready(1)
    assert not roster.complete
    roster.began(2, 1.0)
    roster.ready(2)
    assert roster.complete


def test_it_stays_complete_when_one_of_them_dies() -> None:
    roster = Roster(2)
    for number in roster.numbers:
        roster.began(number, 0.0)
        roster.ready(number)
    roster.ended(1, 5.0)
    assert roster.complete
    assert roster.working == [2]
    roster.began(1, 6.0)
    assert roster.working == [2]
    roster.ready(1)
    assert roster.working == [1, 2]


def test_who_fails_again_waits_twice_as_long_up_to_a_bound() -> None:
    roster, pauses = Roster(1), []
    for turn in range(9):
        roster.began(1, float(turn))
        pauses.append(roster.ended(1, turn + 0.5))
    assert pauses[:4] == [PAUSE_S_MIN, 2 * PAUSE_S_MIN, 4 * PAUSE_S_MIN, 8 * PAUSE_S_MIN]
    assert pauses[-1] == PAUSE_S_MAX


def test_who_worked_steadily_in_between_waits_shortly_again() -> None:
    roster = Roster(1)
    for began_s in (0.0, 1.0, 2.0):
        roster.began(1, began_s)
        roster.ended(1, began_s)
    roster.began(1, 10.0)
    assert roster.ended(1, 10.0 + STEADY_S) == PAUSE_S_MIN
    roster.began(1, 100.0)
    assert roster.ended(1, 100.0) == 2 * PAUSE_S_MIN


def test_one_worker_does_not_wait_for_what_another_did() -> None:
    roster = Roster(2)
    for _ in range(5):
        roster.began(1, 0.0)
        roster.ended(1, 0.0)
    roster.began(2, 0.0)
    assert roster.ended(2, 0.0) == PAUSE_S_MIN
