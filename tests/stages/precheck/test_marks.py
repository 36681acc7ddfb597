"""A rule's pattern is blind to case however it is written."""

import re

import pytest

from proxy.stages.precheck.marks import compiled


@pytest.mark.parametrize("pattern", [r"\bpassword\b", r"\bPassword\b", r"\bIBAN\s?\d{2}", r"\Wpassword\b"])
def test_a_pattern_finds_what_stands_in_lower_case_text(pattern: str) -> None:
    assert compiled(pattern).search(" my password, my iban 12")


def test_only_a_pattern_that_names_capitals_is_told_to_be_blind_to_case() -> None:
    assert not compiled(r"\Wpassword\S").flags & re.IGNORECASE
    assert compiled("Password").flags & re.IGNORECASE


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(re.error):
        compiled("(")
