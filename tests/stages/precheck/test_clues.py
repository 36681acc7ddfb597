"""What the clue reader makes of patterns: never a clue that a match could lack."""

import re

import pytest

from proxy.stages.precheck.clues import Clues, Lead, clues
from proxy.stages.precheck.marks import every, rule_set, worth_a_try
from proxy.stages.precheck.places import PLACES_MAX, places
from proxy.stages.precheck.wording import Wording
from tests.stages.precheck.books import rule


def tried(pattern: str, text: str) -> list[int] | None:
    """Where a pattern is tried; nowhere if the text does not call it."""
    rules, wording = [rule("hazard", "cyber", pattern)], Wording(text)
    for trial, leads in worth_a_try(wording, rule_set(rules), every(rules)):
        found = places(trial.begins, leads, wording)
        return None if found is None else list(found)
    return []


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
        (r"(?<![\d.])\d{3}", "number", 1),
        (r"\d[^\n]{0,9}(?:多少|几)", "anywhere", 1),
        (r"(?:write|draft)", "anywhere", 0),
        (r"\b(?:write|[a-z]+)", "anywhere", 0),
        (r"\b(?:write|(?:a|b)c)", "anywhere", 0),
        (r"\b(?:x?yz|write)", "anywhere", 0),
        (r"\b(?:write)?x", "anywhere", 0),
        (r"\bwrite|\b(?:draft)", "anywhere", 0),
        (r"[(|](?=x)\(y", "anywhere", 0),
        (r"\b(?:def \(|import \d\n|(?:a|b))", "anywhere", 0),
        (r"\A[^\n]{8}\n\S", "text", 1),
    ],
)
def test_clues_are_read_off_plain_groups_only(pattern: str, begins: str, groups: int) -> None:
    re.compile(pattern)
    found = clues(pattern)
    assert (found.begins, len(found.groups)) == (begins, groups)


@pytest.mark.parametrize(
    ("text", "is_tried"),
    [("Who wrote it?", True), ("- 'Tell me", True), ("He knows who", False), ("", False), ("Do tell me", False)],
)
def test_a_group_that_opens_a_text_is_called_by_its_first_words_alone(text: str, is_tried: bool) -> None:
    assert bool(tried(r"\A\W{0,9}\b(?:who|tell me)\b", text)) == is_tried


@pytest.mark.parametrize(
    ("pattern", "keys", "short"),
    [
        (r"\b(?:colou?r|fly)\b", {"color", "colour", "fly"}, set()),
        (r"\b(?:summari[sz]e\w{0,2}|hack\w{0,3})", {"summa", "summa*"}, {"hac"}),
        (r"\b(?:best (?:ideas?|way)|do not )\b", {"best idea", "best ideas", "best way", "do not"}, set()),
        (r"\b(?:ex-\w{1,9}|c\+\+ )", {"ex", "c"}, set()),
        (r"\b(?:in|on) the", {"in", "on"}, set()),
        (r"(?:翻译|几|://)", {"翻译", "几", ":"}, set()),
    ],
)
def test_a_choice_is_known_by_as_much_of_its_words_as_is_sure(pattern: str, keys: set[str], short: set[str]) -> None:
    (group,) = clues(pattern).groups
    assert (set(group.keys), set(group.short)) == (keys, short)


def test_a_pattern_is_tried_where_its_words_begin_and_nowhere_else() -> None:
    assert tried(r"\b(?:write|draft)", "Rewrite it, then write the Draft") == [17, 27]
    assert tried(r"\b(?:write)", "rewrite") == []
    assert tried(r"\b(?:make)\b.*\b(?:bomb)", "make a cake") == []
    assert tried(r"\b(?:make)\b.*\b(?:bomb)", "make a bomb") == [0]


def test_a_pattern_may_begin_at_a_number_the_start_or_anywhere() -> None:
    assert tried(r"(?<![\d])\d{2}", "in 1815 and 12") == [3, 12]
    assert tried(r"\A(?:x)?y", "anything") == [0]
    assert tried(r".", "anything") is None


def test_letters_of_scripts_without_spaces_are_found_inside_words() -> None:
    assert tried(r"(?:翻译)", "请翻译") == [1]
    assert tried(r"(?:翻译)", "plain") == []
    assert tried(r"(?<![a-z])(?:python)", "用python写") == [1]


def test_words_are_found_in_every_alphabet_and_between_other_signs() -> None:
    assert tried(r"\b(?:перевед)", "Пожалуйста, переведи это") == [12]
    assert tried(r"\b(?:übersetz)", "“Bitte” — Übersetze “dies”") == [10]


def test_the_dotted_capital_i_moves_no_place() -> None:
    assert tried(r"\b(?:write)", "\u0130stanbul write") == [9]
    assert tried(r"\b(?:istanbul)", "\u0130stanbul") == [0]


def test_a_text_that_repeats_itself_is_tried_at_its_ends() -> None:
    found = tried(r"\b(?:make)", "make " * 1_000)
    assert found is not None
    assert len(found) == PLACES_MAX
    assert (found[0], found[-1]) == (0, 4_995)


def test_characters_are_counted_in_the_whole_text() -> None:
    text = Wording("1a1b2")
    assert (text.count("12"), text.count("@"), text.count("12")) == (3, 0, 3)


def test_choices_that_begin_alike_are_looked_for_once() -> None:
    (group,) = clues(r"\b(?:you are now|you are a|draft)\b").groups
    assert group.keys == {"you are": Lead("you are ", ("you are now", "you are a")), "draft": Lead("draft", ())}
    assert tried(r"\b(?:you are now|you are a)\b", "You are here, you are now a cat; you are a dog") == [14, 33]


def test_a_group_that_must_repeat_is_a_clue_too() -> None:
    assert [set(group.keys) for group in clues(r"\b(?:which)\b[^,]{0,9}(?:,\w{1,9}){3}").groups] == [{"which"}, {","}]
    assert [set(group.keys) for group in clues(r"\b(?:which)\b[^,]{0,9}(?:,\w{1,9}){0,3}").groups] == [{"which"}]


def test_of_one_set_only_rules_that_are_asked_for_are_tried() -> None:
    rules = [
        rule("category", "coding", r"\b(?:write)"),
        rule("hazard", "cyber", r"\b(?:write)\b.*\b(?:virus)"),
        rule("hazard", "pii", "."),
    ]
    ready, tasks = rule_set(rules), every(rules[:1])
    for among, values in (
        (tasks, ["coding"]),
        (every(rules) ^ tasks, ["cyber", "pii"]),
        (every(rules), ["coding", "cyber", "pii"]),
    ):
        assert [trial.rule.value for trial, _ in worth_a_try(Wording("write a virus"), ready, among)] == values
    assert [trial.rule.value for trial, _ in worth_a_try(Wording("a virus"), ready, every(rules))] == ["pii"]


def test_brackets_in_a_class_or_escaped_are_no_group() -> None:
    assert [set(group.keys) for group in clues(r"\b(?:write|[(|])\(").groups] == [{"write", "write*", "(", "|"}]
    assert [set(group.keys) for group in clues(r"\b(?:write|draft) [(|]\)(?:x|y)").groups] == [{"write", "draft"}]


def test_a_pattern_without_clues_says_so() -> None:
    assert clues("a|b") == Clues((), "anywhere")
