"""Claims about what is made of figures: when a rise is one, when memory is flat, what a table says of a goal."""

import math

import pytest

from tests.bench import guard, page
from tests.bench.cases import Figures
from tests.bench.half import Half, Window
from tests.bench.reach import GOALS, Goal, figures, reach
from tests.bench.rounds import Row, Rows
from tests.bench.soak import Soak, quarters


def test_a_few_even_pairs_are_enough_to_say_that_nothing_rose() -> None:
    assert guard.wants_more([1.0] * 4)
    assert not guard.wants_more([1.3, 0.9, 1.0, 1.02, 1.05])


def test_what_looks_dearer_is_measured_again_before_it_is_called_so() -> None:
    assert guard.wants_more([1.2] * 5)
    assert guard.wants_more([1.2] * 14)
    assert not guard.wants_more([1.2] * 15)
    assert guard.has_risen([1.2] * 15)


def test_wild_pairs_about_nothing_are_no_rise() -> None:
    assert not guard.has_risen([0.5, 2.0, 0.7, 1.6, 1.0, 0.9, 1.1])


def test_each_goal_names_the_aim_as_the_harder_of_two() -> None:
    assert [goal.what for goal in GOALS if not goal.reaches(goal.aim, goal.least)] == []


@pytest.mark.parametrize(
    ("value", "said"), [(2.0, "**no**"), (1.1, "yes"), (0.9, "aim"), (math.nan, "")], ids=["missed", "least", "aim", "unknown"]
)
def test_a_goal_says_how_far_it_was_reached(value: float, said: str) -> None:
    goal = Goal("start", 1.5, 1.0, lambda rows: value, most=True, unit=" s")
    assert goal.row(_rows()).rsplit("|", 2)[1].strip() == said


def test_ratios_are_taken_within_each_round_before_the_median() -> None:
    rows = _rows(gateway=[{"call_us": 10.0}, {"call_us": 20.0}, {"call_us": 40.0}], litellm=[{"call_us": 1000.0}] * 3)
    assert "| CPU a call: LiteLLM / ours | ≥ 70 | ≥ 100 | 50 | **no** | not measured |" in reach(rows)


def test_what_is_reached_without_precheck_stands_beside_what_is_with_it() -> None:
    rows = _rows(gateway=[{"call_us": 20.0}], litellm=[{"call_us": 1400.0}], **{"no-precheck": [{"call_us": 14.0}]})
    assert "| CPU a call: LiteLLM / ours | ≥ 70 | ≥ 100 | 70 | yes | 100 | aim |" in reach(rows)


def test_what_was_not_measured_is_called_so_and_has_an_empty_cell() -> None:
    rows = _rows(gateway=[{"call_us": 10.0}], nginx=[{}])
    assert reach(rows).count("not measured") == 2 * len(GOALS)
    assert "| CPU a call, 300 B, 32 connections, µs | 10 |  |" in figures(rows)


def _windows(*p99_us: tuple[float, float]) -> Half:
    return Half(100, [Window(600, 500.0, seen, 100.0, direct) for seen, direct in p99_us])


def test_what_stops_the_machine_in_few_windows_is_nobodys_p99_and_stands_beside_it() -> None:
    came_to = _windows((2_000, 300), (2_100, 300), (40_000, 300), (1_900, 300), (2_000, 300)).figures()
    assert (came_to["half_p99_us"], came_to["half_worst_us"]) == (1_700, 39_700)


def test_what_direct_calls_waited_for_in_the_same_seconds_is_not_added_by_anybody() -> None:
    came_to = _windows((9_000, 8_000), (2_000, 1_000), (31_000, 30_000)).figures()
    assert (came_to["half_p99_us"], came_to["half_p50_us"], came_to["half_direct_p99_us"]) == (1_000, 400, 8_000)


def test_what_a_gateway_does_in_most_windows_is_its_p99() -> None:
    assert _windows((20_000, 300), (300, 300), (20_000, 300), (300, 300), (20_000, 300)).figures()["half_p99_us"] == 19_700


def test_memory_that_still_grows_at_the_end_is_not_flat() -> None:
    assert quarters([1.0, 2.0, 3.0, 4.0]) == [1.0, 2.0, 3.0, 4.0]
    for last_mb, flat in ((103.0, True), (104.0, False)):
        soak = Soak("a machine", memory_mb=[90.0, 100.0, 101.0, last_mb])
        soak.judge()
        assert soak.memory_flat is soak.holds is flat


def test_a_soak_that_leaves_a_hold_or_a_descriptor_says_so() -> None:
    soak = Soak("a machine", memory_mb=[1.0] * 4, descriptors_before=10, descriptors_after=20, holds_left=1)
    soak.judge()
    assert not soak.holds
    assert page.soak_table({name: getattr(soak, name) for name in Soak.__slots__}).count("**no**") == 2


def _rows(**targets: list[Figures]) -> Rows:
    rows = [Row(name, number, found) for name, each in targets.items() for number, found in enumerate(each, 1)]
    return Rows("a machine", 1.0, rows)
