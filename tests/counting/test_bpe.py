"""Claims about the vocabularies: they count as the reference does in every script, and never more tokens than bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.counting.bpe import counting_in
from proxy.domain.catalog import Vocabulary
from tests.counting.vectors import VECTORS

VOCABULARIES: tuple[Vocabulary, ...] = ("cl100k_base", "o200k_base")


@pytest.mark.parametrize(("text", "cl100k", "o200k"), VECTORS)
def test_every_script_is_counted_as_the_reference_counts_it(text: str, cl100k: int, o200k: int) -> None:
    assert [counting_in(vocabulary)(text) for vocabulary in VOCABULARIES] == [cl100k, o200k]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_nothing_is_no_token_and_every_role_is_one(vocabulary: Vocabulary) -> None:
    count = counting_in(vocabulary)
    assert count("") == 0
    assert {count(role) for role in ("system", "developer", "user", "assistant", "tool", "function")} == {1}


@given(st.sampled_from(VOCABULARIES), st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab \n1", max_size=2_000))
def test_no_text_has_more_tokens_than_bytes(vocabulary: Vocabulary, text: str) -> None:
    assert bool(text) <= counting_in(vocabulary)(text) <= len(text.encode())
