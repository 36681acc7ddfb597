"""The top-level fields of a chat: those that pass as they are, those that are ours, dropped or refused."""

from collections.abc import Mapping
from typing import Final

from proxy.stages.intake.fieldbook import ROUTES, FieldBook
from proxy.stages.intake.shapes import (
    BOOLEAN,
    LIST,
    NUMBER,
    OBJECT,
    TEXT,
    TEXT_OR_OBJECT,
    TEXT_OR_TEXTS,
    WHOLE,
    Shape,
)

# Known fields that go upstream as they are; of each only the kind of value is checked, its range is the provider's affair.
# https://platform.openai.com/docs/api-reference/chat/create
PASSED: Final[Mapping[str, Shape]] = {
    "frequency_penalty": NUMBER,
    "function_call": TEXT_OR_OBJECT,
    "functions": LIST,
    "logit_bias": OBJECT,
    "logprobs": BOOLEAN,
    "parallel_tool_calls": BOOLEAN,
    "presence_penalty": NUMBER,
    "prompt_cache_key": TEXT,
    "reasoning_effort": TEXT,
    "response_format": OBJECT,
    "seed": WHOLE,
    "stop": TEXT_OR_TEXTS,
    "temperature": NUMBER,
    "tool_choice": TEXT_OR_OBJECT,
    "tools": LIST,
    "top_logprobs": WHOLE,
    "top_p": NUMBER,
    "verbosity": TEXT,
}

# Read by other files of this room and written upstream by the dialect, if at all.
OURS: Final = frozenset(
    {
        "model",
        "models",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "user",
        "safety_identifier",
        "signalbox",
    }
)

# Fields of price, retention and output that have one harmless meaning each: dropped with it, refused with any other.
# `metadata` labels answers that OpenAI stores; we store none, so it says nothing (tags for usage: `signalbox.metadata`).
DROPPED: Final[Mapping[str, Shape]] = {
    "metadata": OBJECT,
    "modalities": Shape(lambda value: value == ["text"], '["text"]: other outputs are not supported'),
    "service_tier": Shape(lambda value: value in ("auto", "default"), '"auto" or "default"'),
    "store": Shape(lambda value: value is False, "false: answers are not stored"),
}

_BOUND: Final = "is not supported. Bound the answer with `max_completion_tokens`."
_CHOICES: Final = "is not supported. Ask for several answers with `n`."
_THINKING: Final = "is not supported. Steer thinking with `reasoning_effort`."
_SEARCH: Final = "is not supported: searches by the provider are not priced."
_CACHE: Final = "is not supported: cache lifetimes are not priced."
_SOUND: Final = "is not supported: audio output is not priced."

# What could raise the bill or choose route and retention behind our back (contract 7), under every name we know of.
REFUSED: Final[Mapping[str, str]] = {
    **ROUTES,
    "audio": _SOUND,
    "prediction": "is not supported: rejected prediction tokens are not priced.",
    "max_gen_len": _BOUND,
    "max_length": _BOUND,
    "max_new_tokens": _BOUND,
    "max_output_tokens": _BOUND,
    "max_tokens_to_sample": _BOUND,
    "num_predict": _BOUND,
    "n_predict": _BOUND,
    "generation_config": _BOUND,
    "best_of": _CHOICES,
    "candidate_count": _CHOICES,
    "num_completions": _CHOICES,
    "num_generations": _CHOICES,
    "num_return_sequences": _CHOICES,
    "reasoning": _THINKING,
    "thinking": _THINKING,
    "thinking_budget": _THINKING,
    "thinking_config": _THINKING,
    "enable_thinking": _THINKING,
    "web_search": _SEARCH,
    "web_search_options": _SEARCH,
    "search_parameters": _SEARCH,
    "enable_search": _SEARCH,
    "cache_control": _CACHE,
    "prompt_cache_options": _CACHE,
    "prompt_cache_retention": _CACHE,
}

CHAT: Final = FieldBook(PASSED, OURS, DROPPED, REFUSED)
