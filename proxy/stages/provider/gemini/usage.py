"""Gemini's usage metadata in, tokens by billing class out, or nothing when it cannot be true; never estimates."""

from proxy.domain.chat import Json
from proxy.domain.usage import Usage
from proxy.stages.provider.counts import count


def read_usage(value: object) -> Usage | None:
    """The prompt includes what was cached; thoughts are counted beside the candidates. Without a prompt, or with a field that
    is no count, nothing is believed; a part larger than its whole is ignored.

    https://ai.google.dev/api/generate-content#UsageMetadata
    """
    if not isinstance(value, dict):
        return None
    names = ("promptTokenCount", "toolUsePromptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    prompt, tool_prompt, output, thoughts = (_count(value, name) for name in names)
    if prompt is None or tool_prompt is None or output is None or thoughts is None or prompt == 0:
        return None
    cached = _count(value, "cachedContentTokenCount") or 0
    cached = cached if cached <= prompt else 0
    return Usage(input=prompt - cached + tool_prompt, cached_input=cached, output=output, reasoning=thoughts)


def _count(value: Json, name: str) -> int | None:
    """What is left out is zero, as always where protocol buffers are written as JSON."""
    given = value.get(name)
    return 0 if given is None else count(given)
