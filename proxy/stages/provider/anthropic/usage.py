"""Anthropic's usage object in, tokens by billing class out, or nothing when it cannot be true; never estimates."""

from collections.abc import Mapping
from typing import Any

from proxy.domain.usage import Usage
from proxy.stages.provider.counts import count, nested


def read_usage(value: Mapping[str, Any]) -> Usage | None:
    """Input is counted by three disjoint fields; `output_tokens` includes what was thought. Without any input, or with a
    field that is no count, nothing is believed.

    https://platform.claude.com/docs/en/api/messages/create (usage)
    """
    given = [value.get(name) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")]
    fresh, read, written = (0 if field is None else count(field) for field in given)
    output = count(value.get("output_tokens"))
    if fresh is None or read is None or written is None or output is None or fresh + read + written == 0:
        return None
    thought = nested(value, "output_tokens_details", "thinking_tokens")
    thought = thought if thought <= output else 0
    return Usage(input=fresh, cached_input=read, cache_write=written, output=output - thought, reasoning=thought)
