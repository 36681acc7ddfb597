"""A pattern that is compiled late matches what an early one does, and what is wrong with it is said early all the same."""

import re

import pytest

from proxy.domain.pattern import Pattern, checked


def test_a_pattern_finds_what_the_standard_one_finds() -> None:
    text, late, early = "one 1, two 22", Pattern(r"\d+"), re.compile(r"\d+")
    found = [late.search(text, 5), late.match(text, 4), late.fullmatch("22"), late.match(text)]
    assert [match and match.group() for match in found] == ["22", "1", "22", None]
    assert late.findall(text) == early.findall(text)
    assert [found.span() for found in late.finditer(text)] == [found.span() for found in early.finditer(text)]
    assert Pattern("A", re.IGNORECASE).search("a")


def test_nothing_is_compiled_until_something_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def noted(late: Pattern) -> re.Pattern[str]:
        compiled.append(late.pattern)
        return re.compile(late.pattern)

    monkeypatch.setattr(Pattern, "compiled", noted)
    made = checked("a|b")
    assert (made.pattern, made.flags, compiled) == ("a|b", 0, [])
    assert all([made.search("b"), made.search("a"), made.match("a")])
    assert compiled == ["a|b"]


@pytest.mark.parametrize(
    "wrong", ["(", "a**", "[b-a]", r"\1", "(?P<n>a)(?P<n>b)", "(?<=a+)b", "(?<!a|bc)d", "(?(1)a)", "x{2,1}", r"\N{NO SIGN}"]
)
def test_what_cannot_be_compiled_is_refused_before_anybody_tries_it(wrong: str) -> None:
    with pytest.raises(re.error) as late:
        checked(wrong)
    with pytest.raises(re.error) as early:
        re.compile(wrong)
    assert str(late.value) == str(early.value)


def test_patterns_of_the_same_text_and_flags_are_equal_and_others_are_not() -> None:
    same = {Pattern("a"), checked("a"), Pattern("a", re.IGNORECASE), Pattern("b")}
    assert len(same) == 3
    assert Pattern("a") != re.compile("a")
    assert repr(Pattern("a", 2)) == "Pattern('a', 2)"


def test_a_pattern_has_nothing_that_it_does_not_know() -> None:
    with pytest.raises(AttributeError, match="sub"):
        Pattern("a").sub  # type: ignore[attr-defined]  # noqa: B018
