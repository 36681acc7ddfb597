"""A provider's `usage` object in, tokens by billing class out, or nothing when it cannot be true; never estimates."""

from typing import Final

from proxy.domain.usage import Usage
from proxy.domain.value import maker
from proxy.stages.provider.counts import count, nested

_new_usage: Final = maker(Usage)


def read_usage(value: object) -> Usage | None:
    """Disjoint classes from OpenAI's overlapping ones: `prompt_tokens` includes what was cached, `completion_tokens` what
    was reasoned.

    None for what cannot be true (negative, text, fractions, absurd, no input at all). A detail larger than its total is
    ignored, so that the total is charged as the plain class.
    """
    if not isinstance(value, dict):
        return None
    prompt, completion = count(value.get("prompt_tokens")), count(value.get("completion_tokens"))
    if prompt is None or completion is None or prompt == 0:
        return None
    cached, written = _input_details(value, prompt)
    output, reasoning = _output_details(value, prompt, completion)
    return _new_usage(
        input=prompt - cached - written,
        cached_input=cached,
        cache_write=written,
        output=output,
        reasoning=reasoning,
    )


def _input_details(value: dict[str, object], prompt: int) -> tuple[int, int]:
    cached = nested(value, "prompt_tokens_details", "cached_tokens")
    written = nested(value, "prompt_tokens_details", "cache_write_tokens")
    return (cached, written) if cached + written <= prompt else (0, 0)


def _output_details(value: dict[str, object], prompt: int, completion: int) -> tuple[int, int]:
    reasoning = nested(value, "completion_tokens_details", "reasoning_tokens")
    # Some providers count reasoning beside the completion instead of in it; their total gives it away.
    if reasoning and value.get("total_tokens") == prompt + completion + reasoning:
        return completion, reasoning
    return (completion - reasoning, reasoning) if reasoning <= completion else (completion, 0)
