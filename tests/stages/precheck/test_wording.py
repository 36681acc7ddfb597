"""Words are the same whichever way they are cut, and numbers however they are counted."""

import re
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from proxy.stages.precheck.features import parts, risk_features
from proxy.stages.precheck.wording import DIGIT, PAIRED, Wording, lowered, words

# Letters of three alphabets, what typographers set, numbers that are letters to a pattern, blanks of several kinds.
TEXTS = st.text(alphabet="ab z\n\t.,:;!?_-09\"'`ßéñº²½µ\u00a0\u2028“”’—…€😀жя٣中文・ー。\uff01", max_size=60)
LETTERS = re.compile(rf"[{PAIRED}]+|[^\W\d_{PAIRED}]+")
ENDS = re.compile(r"[.!?:](?=\s)|[。\uff01\uff1f\uff1a\uff1b]|\n")


def pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))] if re.match(f"[{PAIRED}]", run) else [run]


@given(TEXTS)
def test_words_are_runs_of_letters_in_every_script(text: str) -> None:
    assert words(text) == [*chain.from_iterable(map(pairs, LETTERS.findall(text)))]


@given(TEXTS)
def test_numbers_are_found_where_a_pattern_finds_them(text: str) -> None:
    assert list(Wording(text).numbers) == [found.start() for found in re.finditer(r"\d+", text)]


@given(TEXTS)
def test_numbers_are_counted_as_they_are_found(text: str) -> None:
    assert Wording(text).count_numbers() == len(Wording(text).numbers) == len(re.findall(r"\d+", text))


@given(TEXTS)
def test_signs_are_all_that_is_no_plain_letter(text: str) -> None:
    found = {sign for sign in text.lower() if not (sign.isascii() and (sign.isalpha() or sign == " "))}
    assert Wording(text).signs - {DIGIT} == found
    assert (DIGIT in Wording(text).signs) == any(map(str.isdecimal, text))


@given(st.text(alphabet="aZ9 .é“É\u0130\u0131\u03a3\u03c3ς\u212a中ǅ", max_size=30))
def test_a_text_is_lowered_as_python_does_it_and_keeps_its_length(text: str) -> None:
    lower = text.replace("\u0130", "i").lower()
    assert lowered(text) == (lower, "".join(sign for sign in lower if not sign.isascii()))
    assert len(lower) == len(text)


@given(st.text(alphabet="ab. é“\u03a3\uff41中文ー", min_size=20, max_size=60), st.integers(1, 10), st.integers(1, 10))
def test_the_ends_of_a_text_are_worded_as_if_they_were_alone(text: str, head: int, tail: int) -> None:
    found, alone = Wording(text).ends(head, "\n", tail), Wording(f"{text[:head]}\n{text[-tail:]}")
    assert found.is_of(f"{text[:head]}\n{text[-tail:]}")
    assert [found.text, found.beyond, found.words, found.spoken, found.signs] == [
        alone.text,
        alone.beyond,
        alone.words,
        alone.spoken,
        alone.signs,
    ]


@given(TEXTS)
def test_an_instruction_ends_at_the_first_stop_that_a_space_follows(text: str) -> None:
    end = ENDS.search(text, 12, 260)
    assert parts(text).head == text[: min(260, len(text)) if end is None else end.end()]


@given(TEXTS)
def test_what_is_weighed_for_danger_is_weighed_once(text: str) -> None:
    said = risk_features(Wording(text))
    assert len(said) == len(set(said))


def test_a_text_begins_behind_the_signs_before_its_first_word() -> None:
    assert Wording("・who was it").opening == Wording("- who was it").opening == Wording("who was it").opening
    assert Wording("・イン").opening == Wording("イン").opening
    assert Wording("・").opening == ("・", "・*", "・")
