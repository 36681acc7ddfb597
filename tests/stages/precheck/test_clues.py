"""What the clue reader makes of patterns: never a clue that a match could lack."""

import re

import pytest

from proxy.stages.precheck.clues import Clues, clues, stems
from proxy.stages.precheck.places import PLACES_MAX, Places


def places(pattern: str, text: str) -> list[int] | None:
    found = Places(text, stems((pattern,))).worth_a_try(clues(pattern))
    return None if found is None else list(found)


@pytest.mark.parametrize(
    ("pattern", "begins", "groups"),
    [
        (r"\b(?:write|draft)\b", "group", 1),
        (r"(?<![a-z])(?:python|c\+\+)", "group", 1),
        (r"\b(?:make|build)\b[^.]{0,9}\b(?:bomb|gun)", "group", 2),
        (r"\b(?:make)(?:up|out)", "group", 1),
        (r"\b(?:make)(?:[ -](?:up|out))?", "group", 1),
        (r"\A\W{0,9}(?:please )?(?:write|draft)", "text", 0),
        (r"\A\W{0,9}(?:write|draft)", "text", 1),
        (r"(?:翻译|译成)", "group", 1),
        (r"(?:://)\w", "group", 1),
        (r"(?<![\d.])\d{3}", "number", 0),
        (r"\d[^\n]{0,9}(?:多少|几)", "anywhere", 1),
        (r"(?:write|draft)", "anywhere", 0),
        (r"\b(?:write|[a-z]+)", "anywhere", 0),
        (r"\b(?:write|(?:a|b)c)", "anywhere", 0),
        (r"\b(?:x?yz|write)", "anywhere", 0),
        (r"\b(?:write)?x", "anywhere", 0),
        (r"\bwrite|\b(?:draft)", "anywhere", 0),
        (r"[(|](?=x)\(y", "anywhere", 0),
    ],
)
def test_clues_are_read_off_plain_groups_only(pattern: str, begins: str, groups: int) -> None:
    re.compile(pattern)
    found = clues(pattern)
    assert (found.begins, len(found.groups)) == (begins, groups)


def test_a_word_that_may_be_longer_is_looked_for_by_its_beginning() -> None:
    (group,) = clues(r"\b(?:colou?r|summar(?:y|ize)|a b|in)").groups
    assert group.words == {"col": ("colo",), "summa": ("summar",), "a": ("a b",), "in": ("in",)}


def test_a_pattern_is_tried_where_its_words_begin_and_nowhere_else() -> None:
    assert places(r"\b(?:write|draft)", "Rewrite it, then write the Draft") == [17, 27]
    assert places(r"\b(?:write)", "rewrite") == []
    assert places(r"\b(?:make)\b.*\b(?:bomb)", "make a cake") == []
    assert places(r"\b(?:make)\b.*\b(?:bomb)", "make a bomb") == [0]


def test_a_pattern_may_begin_at_a_number_the_start_or_anywhere() -> None:
    assert places(r"(?<![\d])\d{2}", "in 1815 and 12") == [3, 12]
    assert places(r"\A(?:x)?y", "anything") == [0]
    assert places(r".", "anything") is None


def test_letters_of_scripts_without_spaces_are_found_inside_words() -> None:
    assert places(r"(?:翻译)", "请翻译") == [1]
    assert places(r"(?:翻译)", "plain") == []
    assert places(r"(?<![a-z])(?:python)", "用python写") == [1]


def test_words_are_found_in_every_alphabet_and_between_other_signs() -> None:
    assert places(r"\b(?:перевед)", "Пожалуйста, переведи это") == [12]
    assert places(r"\b(?:übersetz)", "“Bitte” — Übersetze “dies”") == [10]


def test_the_dotted_capital_i_moves_no_place() -> None:
    assert places(r"\b(?:write)", "\u0130stanbul write") == [9]
    assert places(r"\b(?:istanbul)", "\u0130stanbul") == [0]


def test_a_text_that_repeats_itself_is_tried_at_its_ends() -> None:
    found = places(r"\b(?:make)", "make " * 1_000)
    assert found is not None
    assert len(found) == PLACES_MAX
    assert (found[0], found[-1]) == (0, 4_995)


def test_characters_are_counted_in_the_whole_text() -> None:
    text = Places("1a1b2", frozenset())
    assert (text.count("12"), text.count("@"), text.count("12")) == (3, 0, 3)


def test_a_pattern_without_clues_says_so() -> None:
    assert clues("a|b") == Clues((), "anywhere")
