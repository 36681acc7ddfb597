"""The languages that providers speak, and what of a request cannot be said in each; facts that policy decides by.

A request in OpenAI's words asks for more than every provider can be asked for. What a candidate cannot be told is a reason
to pass it over, never something to leave out unheard.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, get_args

Dialect = Literal["openai", "openrouter", "anthropic", "gemini"]
# How a model is told to think: by a number of tokens, or by a word.
Thinking = Literal["budget", "effort"]
Feature = Literal[
    "n",
    "seed",
    "stop",
    "stop_blank",
    "temperature",
    "temperature_above_one",
    "top_p",
    "temperature_and_top_p",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "verbosity",
    "json_object",
    "functions",
    "strict_tools",
    "forced_tool",
    "single_tool_call",
    "reasoning_effort",
    "reasoning_off",
    "reasoning_extra_high",
    "reasoning_unknown",
    "reasoning_in_short",
    "reasoned_sampling",
    "reasoned_forced_tool",
    "name",
    "prefill",
    "assistant_first",
    "image_not_base64",
    "audio",
    "embeddings",
    "token_input",
    "dimensions",
    "images",
    "image_size",
    "image_url",
]


class Wish(NamedTuple):
    """The field of a request that asks for a feature, and what it asks for in words."""

    param: str
    words: str


WISHES: Final[Mapping[Feature, Wish]] = {
    "n": Wish("n", "for several answers"),
    "seed": Wish("seed", "to repeat itself by `seed`"),
    "stop": Wish("stop", "to stop at a text"),
    "stop_blank": Wish("stop", "to stop at a text of white space"),
    "temperature": Wish("temperature", "for another temperature than its own"),
    "temperature_above_one": Wish("temperature", "for a temperature above 1"),
    "top_p": Wish("top_p", "for another `top_p` than its own"),
    "temperature_and_top_p": Wish("top_p", "for `temperature` and `top_p` at once"),
    "presence_penalty": Wish("presence_penalty", "for a `presence_penalty`"),
    "frequency_penalty": Wish("frequency_penalty", "for a `frequency_penalty`"),
    "logit_bias": Wish("logit_bias", "for a `logit_bias`"),
    "logprobs": Wish("logprobs", "for `logprobs`"),
    "verbosity": Wish("verbosity", "for a `verbosity`"),
    "json_object": Wish("response_format", "for JSON without a schema"),
    "functions": Wish("functions", "for `functions`; `tools` are their successor"),
    "strict_tools": Wish("tools", "for strict tool calls"),
    "forced_tool": Wish("tool_choice", "to call a tool in any case"),
    "single_tool_call": Wish("parallel_tool_calls", "for one tool call at a time"),
    "reasoning_effort": Wish("reasoning_effort", "for a `reasoning_effort`"),
    "reasoning_off": Wish("reasoning_effort", "not to reason"),
    "reasoning_extra_high": Wish("reasoning_effort", "for a `reasoning_effort` of `xhigh`"),
    "reasoning_unknown": Wish("reasoning_effort", "for this `reasoning_effort`"),
    "reasoning_in_short": Wish("max_tokens", "to reason within so few tokens"),
    "reasoned_sampling": Wish("temperature", "for `temperature` or `top_p` while it reasons"),
    "reasoned_forced_tool": Wish("tool_choice", "to call a tool in any case while it reasons"),
    "name": Wish("messages", "to tell speakers apart by `name`"),
    "prefill": Wish("messages", "to go on with an assistant's last message"),
    "assistant_first": Wish("messages", "to begin with an assistant's message"),
    "image_not_base64": Wish("messages", "for an image whose data URL is not base64"),
    "audio": Wish("messages", "to listen"),
    "embeddings": Wish("model", "for embeddings"),
    "token_input": Wish("input", "to read tokens in the place of text"),
    "dimensions": Wish("dimensions", "for another number of `dimensions` than its own"),
    "images": Wish("model", "for images"),
    "image_size": Wish("size", "for an image of this `size` and `quality`"),
    "image_url": Wish("response_format", "for the address of an image"),
}
EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh")
# Anthropic takes no thinking budget below 1,024 tokens; as much again is left for the answer.
REASONING_OUTPUT_TOKENS_MIN: Final = 2_048
# How an image inside a request begins: its type, then base64 (RFC 2397). Every dialect can be shown those.
IMAGE_DATA: Final = re.compile(r"data:(image/[a-z0-9.+-]+);base64,", re.IGNORECASE)

# What OpenAI's words ask for and these have none for. `prompt_cache_key`, an image's `detail` and, for Gemini, cache marks
# are missing here on purpose: they save money or time and change no answer, so they are left out where they mean nothing.
# https://platform.claude.com/docs/en/api/messages, https://platform.claude.com/docs/en/build-with-claude/thinking,
# https://ai.google.dev/api/generate-content, https://ai.google.dev/gemini-api/docs/function-calling
_LACKS: Final[Mapping[Dialect, frozenset[Feature]]] = {
    "openai": frozenset(),
    "openrouter": frozenset({"images"}),
    "anthropic": frozenset(
        {
            "n",
            "seed",
            "stop_blank",
            "temperature_above_one",
            "temperature_and_top_p",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "verbosity",
            "json_object",
            "functions",
            "reasoning_unknown",
            "reasoned_sampling",
            "reasoned_forced_tool",
            "name",
            "assistant_first",
            "image_not_base64",
            "audio",
            "embeddings",
            "images",
        }
    ),
    "gemini": frozenset(
        {
            "logit_bias",
            "verbosity",
            "functions",
            "single_tool_call",
            "reasoning_extra_high",
            "reasoning_unknown",
            "name",
            "assistant_first",
            "image_not_base64",
            "embeddings",
            "images",
        }
    ),
}


def lacks(
    dialect: Dialect, thinking: Thinking | None, prefill: bool, json_schema: bool, own: Iterable[Feature] = ()
) -> tuple[Feature, ...]:
    """What a model cannot be asked for: what its dialect has no words for, what follows from its row, and what its row says
    it lacks of its `own`. In the order of `Feature`."""
    missing = {*_LACKS[dialect], *own}
    if dialect in ("anthropic", "gemini"):
        missing |= _lacks_by_row(dialect, thinking, prefill, json_schema)
    return tuple(feature for feature in get_args(Feature) if feature in missing)


def _lacks_by_row(dialect: Dialect, thinking: Thinking | None, prefill: bool, json_schema: bool) -> set[Feature]:
    missing: set[Feature] = set() if prefill else {"prefill"}
    if thinking is None:
        missing |= {"reasoning_effort", "reasoning_extra_high"}
    if thinking == "budget":
        missing.add("reasoning_in_short")
    if dialect == "gemini" and thinking == "effort":
        missing.add("reasoning_off")
    if dialect == "anthropic" and not json_schema:
        missing.add("strict_tools")
    return missing
