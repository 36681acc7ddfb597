"""What measures precheck is itself right on little: templates, learning, figures, and what it says when there is nothing."""

import gzip
import json
import math
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from proxy.stages.precheck.marks import RuleSet, every, find_marks, rule_set
from proxy.stages.precheck.reading import whole
from proxy.stages.precheck.weighing import Weighed, heaviest, scores
from proxy.stages.precheck.wording import Wording
from tests.evals import learning
from tests.evals.__main__ import main
from tests.evals.descent import LEARNED, Course
from tests.evals.figures import coverage, f1, is_right, macro_f1
from tests.evals.learning import Recipe, Sample, learn
from tests.evals.prompts import SEED, Example, own
from tests.evals.recipe import CONFIDENCES, Read, confidence_of, level, may_train, risky
from tests.evals.shared import MANY_MODELS_TABLE, RISKS, TASKS, FolderMissing, graded, shared
from tests.evals.templates import FOLDER, Grammar
from tests.stages.precheck.books import shipped_rules
from tests.stages.precheck.unlearned import rows


def grammar(folder: Path, text: str) -> Grammar:
    (folder / "lists.txt").write_text("@fruit: apple; pear\n@act: eat a {fruit}; sell it\n", encoding="utf-8")
    (folder / "tasks.txt").write_text(text, encoding="utf-8")
    return Grammar(folder, ["tasks.txt"])


def test_a_template_chooses_and_fills_and_keeps_brackets_without_a_choice(tmp_path: Path) -> None:
    made = grammar(tmp_path, "== qa n=200\n(why|how) (do I {act}|is f(x))?\n")
    texts = {text.lower().rstrip("?.") for text in made.prompts(made.parts[0], random.Random(1))}
    endings = ("do i eat a apple", "do i eat a pear", "do i sell it", "is f(x)")
    assert texts == {f"{word} {ending}" for word in ("why", "how") for ending in endings}


@pytest.fixture(scope="module")
def ours() -> list[Example]:
    return own()


def test_the_same_seed_makes_the_same_prompts() -> None:
    first, second = (
        [text for part in made.parts for text in made.prompts(part, random.Random(SEED))]
        for made in (Grammar(FOLDER, ["everyday.txt"]) for _ in range(2))
    )
    assert first == second


def test_our_own_prompts_are_thousands_of_all_kinds(ours: list[Example]) -> None:
    made = ours
    assert len(made) > 30_000
    assert {"coding", "translation", "roleplay"} <= {example.category for example in made}
    assert {"weapons_cbrn", "self_harm", "jailbreak", "privacy"} <= {example.hazard for example in made}
    assert sum(example.lookalike for example in made) > 2_000
    assert not any("{topic" in example.text or "{A}" in example.text for example in made)


def test_none_of_the_prompts_set_aside_is_learned(ours: list[Example]) -> None:
    assert not {text for _, text in rows()} & {example.text for example in ours}


def test_a_learned_table_tells_its_classes_apart() -> None:
    rows = [Sample(["poem", "rain"], [], 0, 1.0), Sample(["code", "rain"], [], 1, 1.0)] * 10
    table = learn(rows, ("writing", "coding"), Recipe(epochs=5, rate=0.5, diluted=False))
    assert heaviest(table, scores(table, ["poem"], [])).name == "writing"
    assert heaviest(table, scores(table, ["code", "rain"], [])).name == "coding"


def test_a_learned_table_is_the_mean_of_what_several_orders_teach(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [["poem"], ["poem", "rain"], ["rain"], ["code", "rain"], ["code"]]
    rows = [Sample(words, [], number % 2, 1.0) for number, words in enumerate(said * 3)]

    def rain(*seeds: int) -> float:
        monkeypatch.setattr(learning, "SEEDS", seeds)
        table = learn(rows, ("writing", "coding"), Recipe(epochs=3, rate=0.9, diluted=False))
        return scores(table, ["rain"], [])[0]

    alone = [rain(seed) for seed in range(4)]
    assert len(set(alone)) > 1
    assert rain(*range(4)) == pytest.approx(sum(alone) / 4, abs=1 / 16)


def test_the_compiled_loop_learns_what_the_formula_says_to_the_bit() -> None:
    rng, features, classes, rate = random.Random(7), 40, 5, 0.25
    samples = [
        ([rng.randrange(features) for _ in range(rng.randrange(12))], [rng.randrange(9)], rng.random(), rng.randrange(classes))
        for _ in range(60)
    ]
    course = Course(features, classes)
    for words, hints, share, label in samples:
        course.add((words, hints), (share, 1.0), label, 2.0)
    order = [rng.randrange(len(samples)) for _ in range(400)]
    assert list(course.descend(order, rate)) == by_formula(samples, order, features, classes, rate)


def by_formula(
    samples: list[tuple[list[int], list[int], float, int]], order: list[int], features: int, classes: int, rate: float
) -> list[float]:
    """Multinomial logistic regression whose steps shrink with the squares of what a feature has seen."""
    table, seen = [[0.0] * classes for _ in range(features)], [1.0] * features
    for number in order:
        words, hints, share, label = samples[number]
        parts = ((words, share), (hints, 1.0))
        scores = [in_order(part * in_order(table[f][c] for f in said) for said, part in parts) for c in range(classes)]
        odds = [math.exp(score - max(scores)) for score in scores]
        errors = [odd / in_order(odds) for odd in odds]
        if errors[label] > LEARNED:
            continue
        errors[label] -= 1
        surprise = in_order(error * error for error in errors)
        for said, part in parts:
            for feature in said:
                seen[feature] += surprise * part * part
                step = rate * 2.0 * part / math.sqrt(seen[feature])
                table[feature] = [weight - step * error for weight, error in zip(table[feature], errors, strict=True)]
    return [weight for row in table for weight in row]


def in_order(terms: Iterable[float]) -> float:
    """Newer Pythons' own `sum` takes back what rounding lost."""
    total = 0.0
    for term in terms:
        total += term
    return total


def test_terms_decide_who_may_shape_a_weight() -> None:
    assert may_train(Example("1", "own", ""))
    assert may_train(Example("1", "xstest", ""))
    assert not any(
        may_train(Example("1", source, "")) for source in ("dolly-15k", "do-not-answer", "belle-eval", "routerarena")
    )
    assert level(Example("1", "own", "", risk="disallowed", hazard="jailbreak")) == "attack"


def test_figures_are_those_of_the_textbook() -> None:
    gold, found = ["a", "a", "b"], ["a", "b", "b"]
    assert f1(gold, found, "a") == pytest.approx((1.0, 0.5, 2 / 3))
    assert macro_f1(gold, found) == pytest.approx(2 / 3)


def test_what_is_less_sure_than_the_least_is_called_general() -> None:
    code, chat = Example("1", "a", "", "coding"), Example("2", "a", "", "qa")
    found = [(code, Weighed("coding", 0.9)), (chat, Weighed("coding", 0.3))]
    assert [is_right(*row, 0.2) for row in found] == [True, False]
    assert [is_right(*row, 0.4) for row in found] == [True, True]
    assert "| 0.20 | 100.0% | 50.0% | 50.0% |" in list(coverage(found))
    assert "| 0.40 | 50.0% | 100.0% | 100.0% |" in list(coverage(found))


def test_the_least_confidence_names_most_families_rightly_in_sources_not_learned_from() -> None:
    ours = [_row("own", word, category) for word, category in (("compile", "coding"), ("chat", "qa")) for _ in range(9)]
    ours += [_row("own", "maybe", category) for category in ("coding",) * 5 + ("qa",) * 4]
    plain, doubtful = [_row("a", "compile", "coding"), _row("b", "chat", "qa")], _row("c", "maybe", "qa")
    assert confidence_of([*ours, *plain]) == min(CONFIDENCES)
    assert confidence_of([*ours, *plain, doubtful]) > 0.5


def _row(source: str, word: str, category: str) -> Read:
    return Read(Example("", source, word, category), [word], [word], [], [])


def test_exam_questions_are_graded_by_who_solved_them_and_judged_ones_never_teach(tmp_path: Path) -> None:
    judged = {"id": "1", "source": "mmlu-pro", "text": "Why is it so?\nA. x"}
    (tmp_path / TASKS).write_text(json.dumps(judged), encoding="utf-8")
    (tmp_path / RISKS).write_text("", encoding="utf-8")
    assert graded(tmp_path) == []
    solved = {"Why is it so?\nA. y": 13, "Plain?": 12, "Middling?": 7, "Between?": 10, "Hard?": 3}
    head = ",".join(["id", "source", "prompt", *(f"q:{model}" for model in range(13))])
    rows = [
        f'{n},mmlu-pro,"{text}",' + ",".join(["1"] * right + ["0"] * (13 - right))
        for n, (text, right) in enumerate(solved.items())
    ]
    with gzip.open(tmp_path / MANY_MODELS_TABLE, "wt", encoding="utf-8") as file:
        file.write("\n".join([head, *rows]))
    found = graded(tmp_path)
    assert [(example.text, example.complexity) for example in found] == [
        ("Plain?", "simple"),
        ("Middling?", "standard"),
        ("Hard?", "hard"),
    ]
    assert risky([Read(example, [], [], [], []) for example in found]) == []


def test_without_a_folder_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SIGNALBOX_EVALS", raising=False)
    assert main([]) == 1
    assert "SIGNALBOX_EVALS" in capsys.readouterr().err
    with pytest.raises(FolderMissing, match="precheck_tasks"):
        shared(tmp_path)


def test_a_rule_that_is_not_tried_would_not_have_spoken(ours: list[Example]) -> None:
    rules = shipped_rules().rules
    ready = rule_set(rules)
    for example in ours[::600]:
        reading = whole([{"role": "user", "content": example.text}])
        marks = find_marks(reading, Wording(reading.text), ready, every(rules))
        found = {mark.rule.id: (mark.span.start, mark.span.end) for mark in marks}
        assert found == dict(_tried_everywhere(Wording(reading.text).text, ready))


def _tried_everywhere(text: str, ready: RuleSet) -> Iterator[tuple[str, tuple[int, int]]]:
    for trial in ready.trials:
        for match in trial.rule.pattern.finditer(text):
            if trial.validator is None or trial.validator.accepts(match.group()):
                yield trial.rule.id, match.span()
                break
