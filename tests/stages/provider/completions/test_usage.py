"""Claims about reading a provider's usage: disjoint classes, and nothing that cannot be true."""

import pytest

from proxy.domain.usage import Usage
from proxy.stages.provider.completions.usage import read_usage
from proxy.stages.provider.counts import TOKENS_MAX


def said(**fields: object) -> dict[str, object]:
    return {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150, **fields}


def test_totals_become_plain_classes() -> None:
    assert read_usage(said()) == Usage(input=100, output=50)


def test_cached_and_written_input_is_taken_out_of_the_prompt() -> None:
    usage = read_usage(said(prompt_tokens_details={"cached_tokens": 60, "cache_write_tokens": 30}))
    assert usage == Usage(input=10, cached_input=60, cache_write=30, output=50)


def test_reasoning_is_taken_out_of_the_completion() -> None:
    assert read_usage(said(completion_tokens_details={"reasoning_tokens": 20})) == Usage(input=100, output=30, reasoning=20)


def test_reasoning_counted_beside_the_completion_is_told_by_the_total() -> None:
    usage = read_usage(said(total_tokens=170, completion_tokens_details={"reasoning_tokens": 20}))
    assert usage == Usage(input=100, output=50, reasoning=20)


@pytest.mark.parametrize(
    "details",
    [
        {"prompt_tokens_details": {"cached_tokens": 101}},
        {"prompt_tokens_details": {"cached_tokens": -1}},
        {"prompt_tokens_details": {"cached_tokens": "all"}},
        {"prompt_tokens_details": None},
        {"completion_tokens_details": {"reasoning_tokens": 51}},
        {"completion_tokens_details": [20]},
    ],
)
def test_a_detail_that_cannot_be_true_leaves_the_total(details: dict[str, object]) -> None:
    assert read_usage(said(**details)) == Usage(input=100, output=50)


@pytest.mark.parametrize("odd", [None, -1, "50", 1.5, True, TOKENS_MAX + 1, [], float("nan")])
@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
def test_odd_totals_are_no_usage(name: str, odd: object) -> None:
    assert read_usage(said(**{name: odd})) is None


@pytest.mark.parametrize("nothing", [None, [], "usage", 7, {}, {"prompt_tokens": 1}])
def test_what_is_no_usage_object_is_none(nothing: object) -> None:
    assert read_usage(nothing) is None


def test_an_answer_without_input_cannot_be() -> None:
    assert read_usage(said(prompt_tokens=0)) is None


def test_an_answer_without_output_can_be() -> None:
    assert read_usage(said(completion_tokens=0)) == Usage(input=100)
