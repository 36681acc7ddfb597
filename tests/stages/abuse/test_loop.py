"""Claims about loops: near-identical prompts are told from others, and only who spends far more than usual is in one."""

from dataclasses import replace
from typing import Final

from proxy.domain.abuse import AbuseRules
from proxy.stages.abuse import loop
from tests.builders import NOW_MS

RULES: Final = AbuseRules(loop_calls=3, surge_milli=1_000, history_s=0)
ORDER: Final = "Summarise the report on harvests of the year {} for the board, in three points, and name the sources you used"
OTHER: Final = "Please write a function that reads lines of a file and gives back the longest of them without its white space"


def alike(one: str, other: str) -> bool:
    return loop.alike(loop.sketch(one), loop.sketch(other))


def test_prompts_that_differ_in_a_word_are_near_identical() -> None:
    assert all(alike(ORDER.format(1999), ORDER.format(year)) for year in range(2000, 2020))


def test_prompts_about_other_things_are_not() -> None:
    assert not alike(ORDER, OTHER)
    assert not alike("go on", "thank you")


def test_nothing_is_not_like_nothing() -> None:
    assert not alike("", "")


def test_a_sketch_of_a_long_prompt_reads_its_ends_alone() -> None:
    assert alike(f"{ORDER} {'x ' * 50_000}{OTHER}", f"{ORDER} {'y ' * 50_000}{OTHER}")


def test_a_sketch_holds_no_text() -> None:
    assert all(isinstance(part, int) for part in loop.sketch(ORDER))
    assert len(loop.sketch(ORDER)) == loop.SKETCH_SIZE


def rounds(sizes: list[int], gap_ms: int = 1_000) -> loop.Round:
    found = loop.Round()
    for number, size in enumerate(sizes):
        found = loop.turned(found, loop.sketch(ORDER), size, RULES, NOW_MS + number * gap_ms)
    return found


def test_the_same_prompt_again_and_again_is_a_loop() -> None:
    assert loop.looping(rounds([9, 9, 9]), RULES) is None
    assert loop.looping(rounds([9, 9, 9, 9]), RULES) == "repeated"
    assert loop.looping(rounds([1, 2, 3, 4]), RULES) == "growing"


def test_a_pause_or_another_prompt_ends_a_loop() -> None:
    assert rounds([9] * 5, gap_ms=RULES.loop_gap_s * 1_000 + 1).calls == 1
    assert loop.turned(rounds([9] * 5), loop.sketch(OTHER), 9, RULES, NOW_MS + 5_000).calls == 1


def test_who_always_spends_much_does_not_surge_and_who_never_did_does() -> None:
    even = loop.Pace()
    for minute in range(2 * 24 * 60):
        even = loop.spent(even, 1_000, NOW_MS + minute * 60_000)
    end_ms = even.at_ms
    assert not loop.surges(even, RULES, end_ms)
    assert loop.surges(loop.spent(loop.Pace(), 4_000, end_ms), RULES, end_ms)
    assert loop.surges(loop.spent(even, 100_000, end_ms), RULES, end_ms)


def test_a_surge_is_over_when_spending_is() -> None:
    pace = loop.spent(loop.Pace(), 1_500, NOW_MS)
    assert loop.surges(pace, RULES, NOW_MS)
    assert not loop.surges(pace, RULES, NOW_MS + loop.SHORT_S * 1_000)


def test_of_a_new_user_nobody_knows_what_is_usual() -> None:
    rules = replace(RULES, history_s=3_600)
    new = loop.spent(loop.Pace(), 1_000_000, NOW_MS)
    assert not loop.surges(new, rules, NOW_MS)
    later_ms = NOW_MS + 3_600_000
    assert loop.surges(loop.spent(new, 1_000_000, later_ms), rules, later_ms)
