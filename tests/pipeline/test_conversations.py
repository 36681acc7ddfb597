"""Conversations as the shipped rules and weights see them: remarks that leave a model where it is, tasks that change it."""

import pytest

from proxy.domain.journey import Thread
from proxy.stages.precheck import check
from proxy.stages.stay import stay
from tests import builders as b
from tests.stages.intake.requests import chat
from tests.stages.precheck.books import shipped

BEGUN = [
    {"role": "user", "content": "Write a Python function that reverses a linked list."},
    {"role": "assistant", "content": "def reverse(node): ..."},
]
CODER = Thread("p/coder", "coder", "code", "balanced")


def goes_on_with(remark: str) -> str | None:
    """The model that the conversation stays with after this."""
    request = chat(messages=[*BEGUN, {"role": "user", "content": remark}])
    return stay(b.ask(), check(request, shipped()), CODER).sticky_model_id


@pytest.mark.parametrize(
    "remark",
    [
        "thanks!",
        "Now make it shorter.",
        "Add a test for empty lists.",
        "Why does it fail on None?",
        "explain line 2",
        "Kannst du das in Rust schreiben?",
    ],
)
def test_remarks_about_the_same_work_change_no_model(remark: str) -> None:
    assert goes_on_with(remark) == "p/coder"


@pytest.mark.parametrize(
    "task",
    [
        "Write a short story about a lighthouse keeper.",
        "Translate this sentence to French: The door is open.",
        "Solve the equation 3x + 4 = 19 for x.",
        "Summarise the following text: The sea is blue.",
    ],
)
def test_another_task_is_left_to_whoever_is_best_for_it(task: str) -> None:
    assert goes_on_with(task) is None
