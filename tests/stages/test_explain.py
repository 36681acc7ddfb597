"""A decision in plain words: a sentence for every code, the record in order, nothing a user must not see."""

from typing import get_args

import orjson
import pytest

from proxy.domain.call import INPUT_CHARGED
from proxy.domain.decision import DropCode, KeepCode, Reason
from proxy.domain.errors import STATUS, ErrorCode, FaultKind, Refusal
from proxy.domain.sentences import OF_ERRORS, OF_FAULTS, OF_REMARKS, OF_SECOND_WORDS, RemarkCode
from proxy.domain.verdict import SecondWord
from proxy.stages.explain import SENTENCES, explain, retold, said_of, sentence, why
from tests.builders import attempt, call, candidate, decision, dropped


def test_every_reason_code_has_one_sentence_and_no_sentence_lacks_a_code() -> None:
    assert set(SENTENCES) == set(get_args(DropCode)) | set(get_args(KeepCode))


def test_every_other_code_has_one_sentence_too_and_no_sentence_lacks_a_code() -> None:
    assert set(OF_ERRORS) == set(get_args(ErrorCode)) == set(STATUS)
    assert set(OF_FAULTS) == set(get_args(FaultKind))
    assert set(OF_REMARKS) == set(get_args(RemarkCode))


def test_no_code_means_two_things() -> None:
    assert not set(SENTENCES) & set(OF_ERRORS)
    assert not set(SENTENCES) & set(OF_REMARKS)
    assert set(OF_SECOND_WORDS) == {f"second_{said}" for said in ("flagged", "cleared", "failed")}
    assert not set(OF_ERRORS) & set(OF_REMARKS)


@pytest.mark.parametrize("said", [*OF_ERRORS.values(), *OF_FAULTS.values(), *OF_REMARKS.values(), *OF_SECOND_WORDS.values()])
def test_each_of_them_is_one_sentence(said: str) -> None:
    assert said[0].isupper()
    assert said.endswith(".")
    assert said.count(".") == 1


@pytest.mark.parametrize(
    "code", [INPUT_CHARGED, "credits_exhausted", "output_shortened", "stepped_down", "named", "cooling_off"]
)
def test_whatever_a_record_or_an_answer_gives_as_its_reason_can_be_said(code: str) -> None:
    assert said_of(code)


def test_no_code_and_a_code_of_a_later_release_are_left_unsaid() -> None:
    assert (said_of(None), said_of("of_a_later_release")) == (None, None)


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_one_sentence(code: DropCode | KeepCode) -> None:
    said = sentence(Reason(code))
    assert said[0].isupper()
    assert said.endswith(".")
    assert said.count(".") == 1


def test_a_sentence_names_its_numbers() -> None:
    said = sentence(Reason("over_plan_context", {"asked": 9_001, "limit": 8_000}))
    assert said == "The prompt is longer than your plan allows (9001 tokens, at most 8000)."


def test_a_sentence_names_credits_as_users_know_them() -> None:
    said = sentence(Reason("unaffordable", {"asked_milli_credits": 12_500, "limit_milli_credits": 3_000}))
    assert said == "The call could cost more credits than are left (12.5 credits, at most 3)."


def test_the_explanation_of_an_answered_call() -> None:
    made = decision(
        candidate("p/a", reason=Reason("best_score")),
        candidate("p/b", reason=Reason("ranked")),
        assistant_id="coder",
        dropped=(dropped("p/c", reason=Reason("cooling_down", {"retry_at_ms": 5})),),
    )
    assert explain(made) == {
        "model": "p/a",
        "assistant": "coder",
        "mode": "balanced",
        "action": "allow",
        "why": [SENTENCES["best_score"]],
        "then": ["p/b"],
        "rejected": [{"model": "p/c", "code": "cooling_down", "why": SENTENCES["cooling_down"]}],
    }


def test_a_shortened_answer_is_explained() -> None:
    made = decision(candidate("p/a", output_tokens_max=60), shortened=True)
    assert explain(made)["why"] == [SENTENCES["named"], "Credits run low, so the answer may have 60 tokens at most."]


def test_a_refused_call_is_explained_by_its_refusal() -> None:
    made = decision(refusal=Refusal("forbidden", "No."), chain=())
    assert (explain(made)["model"], explain(made)["why"], explain(made)["then"]) == (None, ["No."], [])


def test_an_explanation_does_not_tell_hidden_models_from_unknown_ones() -> None:
    hidden: tuple[DropCode, ...] = ("unknown", "inactive", "unpriced")
    told = [explain(decision(dropped=(dropped("p/x", reason=Reason(code)),)))["rejected"] for code in hidden]
    assert told[0] == told[1] == told[2]


def test_an_explanation_is_json() -> None:
    made = decision(candidate(), dropped=(dropped(),))
    assert orjson.loads(orjson.dumps(explain(made))) == explain(made)


def test_who_answers_is_told_with_the_mode_and_what_changed() -> None:
    first = candidate("p/a", reason=Reason("best_score", {"mode": "fast", "left": "code", "family": "writing"}))
    assert why(decision(first)) == (
        "It scores best in mode fast for this task, of the models that may answer.",
        "The task changed from code to writing.",
    )


def test_who_stands_in_for_another_says_so() -> None:
    made = decision(candidate("p/a", reason=Reason("best_score")), candidate("p/b", reason=Reason("ranked")))
    assert why(made, "p/b")[1:] == ("p/a was to answer, but did not.",)


def test_whose_list_ruled_a_model_out_is_said() -> None:
    assert sentence(Reason("vetoed", {"option": "avoid", "by": "key"})) == "The list of models of this key rules it out."


def test_a_second_look_and_learned_quality_are_told_where_there_were_any() -> None:
    plain = explain(decision(candidate()))
    assert not {"second_look", "learned"} & plain.keys()
    told = explain(decision(candidate(), second=SecondWord("p/guard", "flagged", ("hate", "violence")), learned_revision="l1"))
    assert told["second_look"] == "A moderation model was asked about the prompt as well and flagged it (hate, violence)."
    assert told["learned"] == "l1"


def test_a_call_is_retold_with_its_exact_price_what_was_refunded_and_each_try() -> None:
    tries = (attempt(fault="reset", charged=False), attempt(number=2, model_id="q/n"))
    told = list(retold(call(credits_milli=1_234_567, refunded_milli=1_000, attempts=tries, decision=decision())))
    assert told[0].endswith("1234.567 credits, 1 of them refunded")
    assert [line for line in told if line.startswith("  attempt")] == [
        f"  attempt 1: {tries[0].model_id} {OF_FAULTS['reset']}",
        "  attempt 2: q/n It answered.",
    ]
    assert not any("None" in line for line in told)
