"""Nothing that people type all day, in any language, is flagged: greetings, thanks, one word, code, addresses, emoji."""

from pathlib import Path

import pytest

from proxy.stages.precheck import check
from tests.stages.precheck.books import said, shipped

LINES = (Path(__file__).parent / "everyday.txt").read_text(encoding="utf-8").splitlines()
PROMPTS = [line.replace("\\n", "\n") for line in LINES if line and not line.startswith("# ")]


def test_there_are_hundreds_of_them() -> None:
    assert len(set(PROMPTS)) > 600


@pytest.mark.parametrize("addition", ["", ".", "!", "?"])
def test_no_everyday_prompt_is_flagged(addition: str) -> None:
    flagged = [text for text in PROMPTS if check(said(text + addition), shipped()).risk != "safe"]
    assert flagged == []


def test_nor_is_one_after_another() -> None:
    talks = zip(PROMPTS, PROMPTS[1:], PROMPTS[2:], strict=False)
    assert [talk for talk in talks if check(said(*talk), shipped()).risk != "safe"] == []
