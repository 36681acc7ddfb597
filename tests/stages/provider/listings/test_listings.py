"""Claims about providers' lists of models, in shapes written after their public documentation.

https://platform.openai.com/docs/api-reference/models/list, https://openrouter.ai/docs/guides/overview/models,
https://platform.claude.com/docs/en/api/models/list, https://ai.google.dev/api/models
"""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.dialect import Dialect
from proxy.domain.listing import Listed, ListedTier
from proxy.stages.provider.listings import LISTINGS, Page, fields

DIALECTS: tuple[Dialect, ...] = ("openai", "openrouter", "anthropic", "gemini")
ROUTED: dict[str, Any] = {
    "id": "maker/model-x",
    "canonical_slug": "maker/model-x-2026-01-01",
    "name": "Maker: Model X",
    "created": 1_767_225_600,
    "description": "A model.",
    "context_length": 200_000,
    "architecture": {
        "modality": "text+image->text",
        "input_modalities": ["image", "text", "file"],
        "output_modalities": ["text"],
        "tokenizer": "Other",
        "instruct_type": None,
    },
    "pricing": {
        "prompt": "0.0000025",
        "completion": "0.00001",
        "request": "0",
        "image": "0.003613",
        "web_search": "0",
        "internal_reasoning": "0",
        "input_cache_read": "0.00000025",
    },
    "top_provider": {"context_length": 200_000, "max_completion_tokens": 16_384, "is_moderated": True},
    "per_request_limits": None,
    "supported_parameters": [
        "frequency_penalty",
        "max_tokens",
        "presence_penalty",
        "response_format",
        "seed",
        "stop",
        "structured_outputs",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    ],
}


def page(dialect: Dialect, value: Any) -> Page:
    found = LISTINGS[dialect].read(orjson.dumps(value))
    assert found is not None
    return found


def routed(**changes: Any) -> Listed:
    (found,) = page("openrouter", {"data": [{**ROUTED, **changes}]}).models
    return found


def priced(**changes: Any) -> Listed:
    return routed(pricing={**ROUTED["pricing"], **changes})


def test_openai_tells_names_alone() -> None:
    rows = [
        {"id": "gpt-x", "object": "model", "created": 1_767_225_600, "owned_by": "system"},
        {"id": "tts-x", "object": "model"},
    ]
    assert page("openai", {"object": "list", "data": rows}) == Page((Listed("gpt-x"), Listed("tts-x")))


def test_others_who_speak_openais_dialect_may_tell_limits() -> None:
    groq = {"id": "llama-x", "context_window": 131_072, "max_completion_tokens": 32_768}
    vllm = {"id": "org/own", "max_model_len": 8_192}
    assert page("openai", {"data": [groq, vllm]}).models == (
        Listed("llama-x", context_tokens_max=131_072, output_tokens_max=32_768),
        Listed("org/own", context_tokens_max=8_192),
    )


def test_openrouter_tells_limits_facts_and_prices_in_the_catalogs_units() -> None:
    assert routed() == Listed(
        name="maker/model-x",
        aliases=("maker/model-x-2026-01-01",),
        title="Maker: Model X",
        kind="chat",
        context_tokens_max=200_000,
        output_tokens_max=16_384,
        modalities=("text", "image"),
        tools=True,
        json_schema=True,
        lacks=("reasoning_effort",),
        prices={"input": "2.50", "cached_input": "0.25", "output": "10.00", "image": "0.003613", "request": "0.00"},
    )


@pytest.mark.parametrize("price", ["-1", "", "free", "NaN", "Infinity", None, 0.0000025, {}])
def test_a_main_price_that_is_none_leaves_a_model_unpriced(price: Any) -> None:
    assert priced(prompt=price).prices == {}
    assert priced(completion=price).prices == {}


def test_a_price_of_nothing_is_told_as_such() -> None:
    assert priced(prompt="0", completion="0").prices["input"] == "0.00"


def test_a_zero_for_a_cached_token_means_that_it_has_no_price_of_its_own() -> None:
    assert "cached_input" not in priced(input_cache_read="0").prices


def test_prices_of_long_prompts_become_tiers_that_inherit_the_rest() -> None:
    longer = {"min_prompt_tokens": 128_000, "prompt": "0.000003"}
    longest = {"min_prompt_tokens": 200_000, "prompt": "0.000005", "completion": "0.00002", "web_search": "0.01"}
    listed = priced(overrides=[longer, longest])
    base = listed.prices
    assert listed.tiers == (
        ListedTier(128_000, {**base, "input": "3.00"}),
        ListedTier(200_000, {**base, "input": "5.00", "output": "20.00"}),
    )
    assert listed.remarks == ()


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"pricing": {**ROUTED["pricing"], "overrides": [{"utc_start": "01:00", "utc_end": "09:00", "prompt": "1"}]}}, "hours"),
        ({"pricing": {**ROUTED["pricing"], "overrides": [{"moon": "full", "prompt": "1"}]}}, "conditions"),
        ({"pricing": {**ROUTED["pricing"], "discount": 0.25}}, "discount"),
        ({"architecture": {"input_modalities": ["text"], "output_modalities": ["text", "image"]}}, "makes images"),
        ({"supported_parameters": ["reasoning"]}, "hidden_output"),
    ],
)
def test_what_a_row_cannot_say_is_remarked(changes: dict[str, Any], remark: str) -> None:
    listed = routed(**changes)
    assert listed.tiers == ()
    assert any(remark in sentence for sentence in listed.remarks)


def test_hearing_at_a_price_of_its_own_is_left_out() -> None:
    architecture = {"input_modalities": ["text", "audio"], "output_modalities": ["text"]}
    assert routed(architecture=architecture).modalities == ("text", "audio")
    apart = routed(architecture=architecture, pricing={**ROUTED["pricing"], "audio": "0.00004"})
    assert apart.modalities == ("text",)
    assert any("listens" in sentence for sentence in apart.remarks)


@pytest.mark.parametrize(("made", "kind"), [(["text"], "chat"), (["embeddings"], "embedding"), (["image"], "image")])
def test_openrouter_tells_what_a_model_makes(made: list[str], kind: str) -> None:
    assert routed(architecture={"output_modalities": made}).kind == kind


def test_what_no_row_can_say_is_left_out_and_counted() -> None:
    speaks = {**ROUTED, "architecture": {"output_modalities": ["audio"]}}
    assert page("openrouter", {"data": [speaks, {"id": "no spaces please"}, "x", ROUTED]})[1] == 3


def test_of_openrouters_link_to_the_next_page_only_the_place_is_taken() -> None:
    link = "https://evil.invalid/api/v1/models?offset=500&limit=250&key=x"
    assert page("openrouter", {"data": [], "links": {"next": link}}).next == {"offset": "500", "limit": "250"}
    assert page("openrouter", {"data": [], "links": {"next": None}}).next is None


def test_a_variant_does_not_answer_to_its_makers_slug() -> None:
    assert routed(id="maker/model-x:free").aliases == ()


def supported(is_so: bool, **more: Any) -> dict[str, Any]:
    return {"supported": is_so, **more}


def claude(adaptive: bool, enabled: bool, effort: bool) -> dict[str, Any]:
    return {
        "type": "model",
        "id": "claude-x-5-20260101",
        "display_name": "Claude X 5",
        "created_at": "2026-01-01T00:00:00Z",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": {
            "batch": supported(True),
            "effort": supported(effort, high=supported(effort)),
            "image_input": supported(True),
            "structured_outputs": supported(True),
            "thinking": supported(True, types={"adaptive": supported(adaptive), "enabled": supported(enabled)}),
        },
    }


def test_anthropic_tells_limits_and_capabilities_and_no_prices() -> None:
    found = page("anthropic", {"data": [claude(True, False, True)], "has_more": False, "first_id": "a", "last_id": "a"})
    assert found == Page(
        (
            Listed(
                name="claude-x-5-20260101",
                aliases=("claude-x-5",),
                title="Claude X 5",
                kind="chat",
                context_tokens_max=200_000,
                output_tokens_max=64_000,
                modalities=("text", "image"),
                json_schema=True,
                thinking="effort",
            ),
        )
    )


@pytest.mark.parametrize(
    ("adaptive", "enabled", "effort", "thinking"),
    [(True, True, True, "effort"), (True, True, False, "budget"), (False, True, False, "budget"), (False, False, True, None)],
)
def test_anthropic_tells_how_a_model_is_told_to_think(
    adaptive: bool, enabled: bool, effort: bool, thinking: str | None
) -> None:
    (found,) = page("anthropic", {"data": [claude(adaptive, enabled, effort)]}).models
    assert found.thinking == thinking


def test_anthropic_without_capabilities_tells_none() -> None:
    row = {"type": "model", "id": "claude-x", "display_name": "Claude X", "max_input_tokens": None, "capabilities": None}
    assert page("anthropic", {"data": [row]}).models == (Listed("claude-x", title="Claude X", kind="chat"),)


def test_anthropics_next_page_begins_after_its_last_id() -> None:
    found = page("anthropic", {"data": [], "has_more": True, "last_id": "claude-x"})
    assert found.next == {"limit": "1000", "after_id": "claude-x"}


def test_gemini_tells_limits_and_methods() -> None:
    chat = {
        "name": "models/gemini-x-flash",
        "version": "001",
        "displayName": "Gemini X Flash",
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
        "thinking": True,
    }
    vectors = {"name": "models/vectors-x", "inputTokenLimit": 2_048, "supportedGenerationMethods": ["embedContent"]}
    films = {"name": "models/films-x", "supportedGenerationMethods": ["predictLongRunning"]}
    tuned = {"name": "tunedModels/own", "supportedGenerationMethods": ["generateContent"]}
    found = page("gemini", {"models": [chat, vectors, films, tuned], "nextPageToken": "abc="})
    flash, embedding = found.models
    assert (flash.name, flash.kind, flash.context_tokens_max, flash.output_tokens_max) == (
        "gemini-x-flash",
        "chat",
        1_048_576,
        65_536,
    )
    assert "thinks" in flash.remarks[0]
    assert embedding == Listed("vectors-x", kind="embedding", context_tokens_max=2_048)
    assert (found.left_out, found.next) == (2, {"pageSize": "1000", "pageToken": "abc="})


def test_an_empty_account_lists_nothing() -> None:
    assert page("gemini", {}) == Page(())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'"x"', b'{"data": {}, "models": {}}', b'{"error": "no"}'])
def test_what_is_no_listing_is_none(dialect: Dialect, body: bytes) -> None:
    assert LISTINGS[dialect].read(body) is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*ROUTED, "max_input_tokens", "max_tokens", "capabilities", "inputTokenLimit", "context_window"])


@given(dialect=st.sampled_from(DIALECTS), changes=st.dictionaries(FIELDS, JUNK, max_size=5))
def test_junk_in_any_field_is_as_good_as_not_told(dialect: Dialect, changes: dict[str, Any]) -> None:
    row = {"name": "models/x", "supportedGenerationMethods": ["generateContent"], **changes}
    found = LISTINGS[dialect].read(orjson.dumps({"data": [row], "models": [row]}))
    for one in found.models if found else ():
        assert one.context_tokens_max is None or one.context_tokens_max > 0
        assert (one.title or "").isprintable()


def test_a_title_cannot_move_the_cursor_or_turn_the_line() -> None:
    assert fields.title("\x1b[2JNice\x07 \u202emodel\n") == "[2JNice model"


@given(nano=st.integers(0, 10**17))
def test_a_price_by_token_is_exact_by_the_million(nano: int) -> None:
    per_token = Decimal(nano).scaleb(-15)
    text = fields.price(format(per_token, "f"), fields.PER_MILLION)
    assert text is not None
    assert Decimal(text) == per_token * 10**6


def test_a_price_too_fine_for_the_catalog_is_rounded_up() -> None:
    assert fields.price("1.0000000001", 1) == "1.000000001"
    assert fields.price("1e-30", 1) == "0.000000001"
    assert fields.price("1e99", 1) is None
