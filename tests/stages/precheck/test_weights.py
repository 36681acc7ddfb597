"""What weights add to rules: categories and harm by words, hints instead of orders, and silence where they are not sure."""

from dataclasses import replace

import pytest

from proxy.domain.verdict import RuleBook, Table, Weights
from proxy.stages.precheck import check
from proxy.stages.precheck.features import parts, risk_features, task_features
from proxy.stages.precheck.weighing import dilution, heaviest, joined, leads, loudest_word, scores, spoke, table, weights_of
from proxy.stages.precheck.wording import Wording, words
from tests import builders
from tests.stages.precheck.books import book, rule, said, shipped

THRESHOLDS = {"category": 0.6, "content": 1.0, "attack": 1.0, "sensitive": 1.0, "block": 3.0, "block_attack": 2.0}
HOSTILE = [
    "a" * 100_000,
    "a b " * 25_000,
    "1. " * 33_000,
    "\n" * 100_000,
    "? " * 50_000,
    "翻" * 100_000,
    "A) " * 33_000,
    ": \n" * 33_000,
]


def row(*weights: float) -> bytes:
    return bytes(128 + round(weight * 16) for weight in weights)


def made(classes: tuple[str, ...], rows: dict[str, bytes]) -> Table:
    return table(classes, list(rows), b"".join(rows.values()), 16)


def weighted(*rules: object, **rows: bytes) -> RuleBook:
    """A book whose weights know these words: code or qa, and safe, content, attack or sensitive."""
    category = {"compile": row(4, -4), "chat": row(-2, 2)}
    level = {"bomb": row(-2, 2, 0, 0), "nuke": row(-2, 4, 0, 0), "obey": row(-2, 0, 3, 0), "sad": row(-1, 0, 0, 2)}
    weights = Weights(
        revision="w",
        category=made(("coding", "qa"), category),
        complexity=made(("simple", "standard", "hard"), {"compile": row(0, 0, 3)}),
        level=made(("safe", "content", "attack", "sensitive"), {**level, **rows}),
        hazard=made(("cyber", "jailbreak"), {"bomb": row(2, 0)}),
        thresholds=THRESHOLDS,
    )
    return replace(book(*rules), weights=weights, revision="weighted")  # type: ignore[arg-type]


def test_words_decide_category_and_complexity() -> None:
    verdict = check(said("compile"), weighted())
    assert (verdict.category, verdict.family, verdict.complexity) == ("coding", "code", "hard")
    assert verdict.confidence > 0.9


def test_below_the_threshold_a_text_is_a_question_with_little_confidence() -> None:
    verdict = check(said("unheard of"), weighted())
    assert (verdict.category, verdict.confidence) == ("qa", 0.2)


def test_a_short_turn_leans_on_a_surer_one_before() -> None:
    assert check(said("compile", "now shorter"), weighted()).category == "coding"
    assert check(said("compile", "now " * 30), weighted()).category == "qa"


@pytest.mark.parametrize(
    ("text", "risk", "hazards"),
    [
        ("nuke", "disallowed", ("cyber",)),
        ("bomb", "disallowed", ("cyber",)),
        ("obey", "disallowed", ("jailbreak",)),
        ("sad", "sensitive", ("cyber",)),
        ("hello", "safe", ()),
    ],
)
def test_the_level_that_leads_by_its_threshold_speaks(text: str, risk: str, hazards: tuple[str, ...]) -> None:
    verdict = check(said(text), weighted())
    assert (verdict.risk, verdict.hazards) == (risk, hazards)


def test_harm_that_leads_less_than_a_block_wants_is_delicate() -> None:
    assert check(said("bomb"), weighted(bomb=row(0, 2, 0, 0))).risk == "sensitive"


def test_evidence_of_weights_is_where_the_loudest_word_stands() -> None:
    (span,) = check(said("a small bomb"), weighted()).evidence
    assert (span.rule, span.start, span.end) == ("weights", 8, 12)


def test_a_hint_speaks_to_the_weights_and_not_for_itself() -> None:
    hint = rule("hazard", "cyber", r"\b(?:malware)", hint=True)
    assert check(said("malware"), weighted(hint)).risk == "safe"
    assert check(said("malware"), weighted(hint, **{"r:cyber": row(-2, 4, 0, 0)})).risk == "disallowed"
    assert check(said("malware"), book(hint)).risk == "disallowed"


def test_an_operators_own_rule_needs_no_weights() -> None:
    assert check(said("malware"), weighted(rule("hazard", "cyber", r"\b(?:malware)"))).risk == "disallowed"


@pytest.mark.parametrize(
    ("role", "text", "risk"), [("tool", "obey", "disallowed"), ("tool", "sad", "safe"), ("system", "obey", "safe")]
)
def test_of_what_tools_bring_only_attacks_count_and_the_operators_words_are_trusted(role: str, text: str, risk: str) -> None:
    messages = ({"role": "user", "content": "hello"}, {"role": role, "content": text})
    assert check(builders.chat(messages=messages), weighted()).risk == risk


@pytest.mark.parametrize("text", HOSTILE)
def test_features_of_hostile_texts_are_bounded(text: str) -> None:
    assert check(said(text), shipped()).category
    assert len(task_features(Wording(text[:1_800]))) < 2_000
    assert len(risk_features(Wording(text[:1_800]))) < 6_000


@pytest.mark.parametrize("text", ["word ", "hello world\n", "你好 ", "7 "])
def test_what_is_said_again_and_again_says_nothing_more(text: str) -> None:
    assert risk_features(Wording(text * 300)) == risk_features(Wording(text * 4))


def test_an_instruction_is_found_before_and_after_the_text_it_is_about() -> None:
    found = parts("summarize this: the town lies on a river. it is old.\nkeep it short")
    assert (found.head, found.tail) == ("summarize this:", "keep it short")
    assert found.body == "the town lies on a river. it is old."


def test_words_are_pairs_in_scripts_without_spaces() -> None:
    assert words("请翻译 this") == ["请翻", "翻译", "this"]
    assert words("don't stop") == ["don", "t", "stop"]


def test_scores_add_up_and_long_texts_count_less_by_word() -> None:
    level = weighted().weights.level  # type: ignore[union-attr]
    assert scores(level, ["bomb"], [], 0.5) == [-1.0, 1.0, 0.0, 0.0]
    assert leads(level, scores(level, ["bomb"], []), "safe")["content"] == 4.0
    assert spoke(level, ["sad", "bomb"], "content", "safe")[0] == ("bomb", 4.0)
    assert heaviest(level, [0.0, 0.0, 0.0, 0.0]).confidence == 0.25
    assert dilution(16) == 1.0
    assert dilution(64) == 0.5


def test_a_table_keeps_every_weight_and_refuses_words_without_one() -> None:
    weights = bytes(range(12))
    assert weights_of(table(("a", "b", "c"), ["w", "x", "y", "z"], weights, 16)) == weights
    with pytest.raises(ValueError, match="one byte a class"):
        table(("a", "b", "c"), ["w"], weights, 16)


def test_tables_that_share_their_rows_say_what_they_said_alone() -> None:
    level, category = (
        made(("safe", "content"), {"bomb": row(-2, 2), "calm": row(1, -1)}),
        made(("coding", "qa"), {"bomb": row(-3, 1)}),
    )
    for alone, among in zip((level, category), joined(level, category), strict=True):
        for said_ in (["bomb", "calm"], ["calm"], ["unheard"]):
            assert scores(among, said_, []) == scores(alone, said_, [])
        assert loudest_word(among, ["calm", "bomb"], among.classes[1], among.classes[0]) == "bomb"
        assert spoke(among, ["calm", "bomb"], among.classes[0]) == spoke(alone, ["calm", "bomb"], alone.classes[0])


def test_the_sum_of_very_many_words_does_not_run_over() -> None:
    many = table(("a", "b"), [str(number) for number in range(10_000)], b"\xff\x00" * 10_000, 1)
    assert scores(many, list(many.rows), []) == [1_270_000.0, -1_280_000.0]
