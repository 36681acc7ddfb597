"""When a conversation stays with the model that answered last, and when it goes on with another."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.journey import Ask, Thread
from proxy.stages.stay import SURE, stay
from tests.builders import ask, verdict

LAST = Thread("p/a", "coder", "code", "balanced")


def stayed(found: dict[str, Any], last: Thread | None = LAST, **asked: Any) -> Ask:
    return stay(ask(**asked), verdict(**found), last)


def test_a_conversation_that_begins_is_bound_to_nobody() -> None:
    assert stayed({"family": "code"}, None) == ask()


def test_the_same_task_stays_with_its_model() -> None:
    assert stayed({"family": "code", "confidence": 1.0}) == ask(sticky_model_id="p/a")


def test_another_task_that_is_clear_leaves_the_model_and_says_what_it_left() -> None:
    assert stayed({"family": "writing", "confidence": SURE}) == ask(left_family="code")


@pytest.mark.parametrize("found", [{"family": "writing", "confidence": SURE - 0.01}, {"family": "general", "confidence": 1.0}])
def test_a_remark_that_might_be_anything_changes_no_model(found: dict[str, Any]) -> None:
    assert stayed(found).sticky_model_id == "p/a"


def test_whoever_asks_for_another_mode_is_chosen_for_anew() -> None:
    assert stayed({"family": "code"}, mode="best") == ask(mode="best")
    assert stayed({"family": "code"}, mode="balanced").sticky_model_id == "p/a"


def test_a_tool_exchange_is_left_for_no_task_and_no_mode() -> None:
    found = stayed({"family": "writing", "confidence": 1.0}, mode="best", in_exchange=True)
    assert (found.sticky_model_id, found.left_family) == ("p/a", None)


def test_nothing_else_of_the_ask_is_touched() -> None:
    before = ask("auto", avoid=("x",), in_exchange=True)
    assert replace(stay(before, verdict(), LAST), sticky_model_id=None) == before


def test_a_remark_in_between_does_not_make_the_task_another() -> None:
    after_a_remark = replace(LAST, family="general", assistant_family="code")
    assert stayed({"family": "code", "confidence": 1.0}, after_a_remark) == ask(sticky_model_id="p/a")
    assert stayed({"family": "text", "confidence": 1.0}, after_a_remark).left_family == "code"
