"""Claims about what models cannot be asked for: by their dialect, by their row, and in a stable order."""

from typing import get_args

import pytest

from proxy.domain.dialect import WISHES, Dialect, Feature, lacks
from proxy.stages.intake import embeddings, images
from proxy.stages.intake.fields import CHAT
from proxy.stages.provider.adapter import Dialect as Speaker
from proxy.stages.provider.anthropic import Anthropic
from proxy.stages.provider.gemini import Gemini
from proxy.stages.provider.openai import OpenAI
from proxy.stages.provider.openrouter import OpenRouter

SPEAKERS: dict[Dialect, Speaker] = {
    "openai": OpenAI(),
    "openrouter": OpenRouter(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}


def test_every_feature_has_a_field_and_words() -> None:
    assert set(WISHES) == set(get_args(Feature))
    books = (CHAT, embeddings.FIELDS, images.FIELDS)
    assert {wish.param for wish in WISHES.values()} <= set().union(*(book.passed.keys() | book.ours for book in books))


@pytest.mark.parametrize(("dialect", "own"), [("openai", ()), ("openrouter", ("images",))])
def test_who_speaks_openais_words_lacks_only_what_its_rows_say(dialect: Dialect, own: tuple[Feature, ...]) -> None:
    assert lacks(dialect, None, False, False) == own
    assert lacks(dialect, None, False, False, ["top_p", "seed", "seed"]) == ("seed", "top_p", *own)


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_a_dialect_lacks_exactly_the_kinds_that_it_does_not_encode(dialect: Dialect) -> None:
    lacked = {
        kind
        for kind, feature in (("embedding", "embeddings"), ("image", "images"))
        if feature in lacks(dialect, None, True, True)
    }
    assert {"chat", "embedding", "image"} - SPEAKERS[dialect].encoders.keys() == lacked


@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
def test_a_model_of_another_dialect_reasons_only_as_its_row_says(dialect: Dialect) -> None:
    assert "reasoning_effort" in lacks(dialect, None, True, True)
    assert "reasoning_effort" not in lacks(dialect, "budget", True, True)
    assert "reasoning_in_short" in lacks(dialect, "budget", True, True)
    assert "reasoning_in_short" not in lacks(dialect, "effort", True, True)


@pytest.mark.parametrize("dialect", ["anthropic", "gemini"])
def test_going_on_with_an_answer_takes_prefill(dialect: Dialect) -> None:
    assert "prefill" in lacks(dialect, None, False, True)
    assert "prefill" not in lacks(dialect, None, True, True)


def test_strict_tools_and_schemas_come_together_at_anthropic() -> None:
    assert "strict_tools" in lacks("anthropic", None, True, False)
    assert "strict_tools" not in lacks("anthropic", None, True, True)


@pytest.mark.parametrize(
    ("feature", "where"),
    [
        ("n", {"anthropic"}),
        ("seed", {"anthropic"}),
        ("logprobs", {"anthropic"}),
        ("presence_penalty", {"anthropic"}),
        ("json_object", {"anthropic"}),
        ("single_tool_call", {"gemini"}),
        ("logit_bias", {"anthropic", "gemini"}),
        ("verbosity", {"anthropic", "gemini"}),
        ("stop", set()),
        ("forced_tool", set()),
    ],
)
def test_each_dialect_lacks_what_its_documents_have_no_field_for(feature: Feature, where: set[Dialect]) -> None:
    """https://platform.claude.com/docs/en/api/messages/create and https://ai.google.dev/api/generate-content"""
    assert {dialect for dialect in get_args(Dialect) if feature in lacks(dialect, "effort", True, True)} == where
