"""A rule's pattern is blind to case however it is written."""

import re

import pytest

from proxy.stages.precheck.marks import pattern_of


@pytest.mark.parametrize("pattern", [r"\bpassword\b", r"\bPassword\b", r"\bIBAN\s?\d{2}", r"\Wpassword\b"])
def test_a_pattern_finds_what_stands_in_lower_case_text(pattern: str) -> None:
    assert pattern_of(pattern).search(" my password, my iban 12")


def test_only_a_pattern_that_names_capitals_is_told_to_be_blind_to_case() -> None:
    assert not pattern_of(r"\Wpassword\S").flags & re.IGNORECASE
    assert pattern_of("Password").flags & re.IGNORECASE


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(re.error):
        pattern_of("(")
