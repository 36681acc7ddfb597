"""Tokens by billing class for one upstream answer; counts only, never money."""

from collections.abc import Mapping
from typing import Final, Literal

from proxy.domain.value import dataclass, replace

UsageSource = Literal["provider", "counted", "estimated"]
Kind = Literal["chat", "embedding", "image", "precheck", "probe", "moderation"]

# Where models of a kind are called; those of other kinds are ours alone to call.
ENDPOINTS: Final[Mapping[str, str]] = {
    "chat": "/v1/chat/completions",
    "embedding": "/v1/embeddings",
    "image": "/v1/images/generations",
}

# Four bytes of UTF-8 are one token on average in English text, by the rule of thumb that providers publish; other
# languages and code differ, so what rests on it is marked as estimated.
ESTIMATED_BYTES_PER_TOKEN: Final = 4


_LEAST_CERTAIN: Final[tuple[UsageSource, ...]] = ("estimated", "counted", "provider")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one attempt used. The classes are disjoint: `input` excludes cached and cache-write, `output` excludes reasoning.

    `requests` is 1 for every attempt that reached a provider, so that a price per request is charged once.
    """

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    images: int = 0
    requests: int = 1
    source: UsageSource = "provider"

    @property
    def input_total(self) -> int:
        return self.input + self.cached_input + self.cache_write

    @property
    def output_total(self) -> int:
        return self.output + self.reasoning

    def followed_by(self, later: "Usage") -> "Usage":
        """What an answer of two writers used: the input of the first, the output of both, as certain as the less certain."""
        source = next(source for source in _LEAST_CERTAIN if source in (self.source, later.source))
        return replace(self, output=self.output + later.output, reasoning=self.reasoning + later.reasoning, source=source)
