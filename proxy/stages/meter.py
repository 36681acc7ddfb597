"""Deltas of one answer in as they pass, tokens out: a bound while it runs, the bill at its end; never money."""

import math
from dataclasses import replace

from proxy.domain.chat import Answer, Delta
from proxy.domain.money import ceil_div
from proxy.domain.usage import ESTIMATED_BYTES_PER_TOKEN, Usage


def estimated_tokens(text_bytes: int) -> int:
    """Roughly how many tokens a text of so many UTF-8 bytes is; at least 1 unless it is empty."""
    return ceil_div(text_bytes, ESTIMATED_BYTES_PER_TOKEN)


class Meter:
    """Meters one attempt. `delivered` says whether anything that callers pay for was seen; `reported` is the last usage
    the provider gave that can be true: usage given twice, or growing as the answer does, never adds up."""

    __slots__ = (
        "_bytes_when_reported",
        "_input_tokens_estimate",
        "_output_bytes",
        "_pieces",
        "_reasoning_bytes",
        "_reasoning_pieces",
        "_tokens_per_byte_max",
        "delivered",
        "reported",
    )

    def __init__(self, input_tokens_max: int, input_tokens_estimate: int, tokens_per_byte_max: float) -> None:
        self.delivered = False
        self.reported: Usage | None = None
        self._input_tokens_estimate = max(0, min(input_tokens_estimate, input_tokens_max))
        self._tokens_per_byte_max = tokens_per_byte_max
        self._output_bytes = 0
        self._reasoning_bytes = 0
        self._bytes_when_reported = 0
        self._pieces = 0
        self._reasoning_pieces = 0

    def observe(self, delta: Delta) -> None:
        """Counts one delta. Called for every event of a stream, so it makes no object."""
        if delta.has_content or delta.has_tool:
            self.delivered = True
            self._pieces += 1
            self._output_bytes += delta.output_bytes
            if delta.reasoning_bytes:
                self._reasoning_bytes += delta.reasoning_bytes
                self._reasoning_pieces += not delta.output_bytes
        if delta.usage is not None:
            self.reported = delta.usage
            self._bytes_when_reported = self._output_bytes + self._reasoning_bytes

    def of_answer(self, answer: Answer) -> Usage:
        """Counts a whole answer; what `usage()` says of it."""
        self.delivered = not answer.is_empty
        self._output_bytes = answer.output_bytes
        self._reasoning_bytes = answer.reasoning_bytes
        self._bytes_when_reported = answer.output_bytes + answer.reasoning_bytes
        self.reported = answer.usage
        return self.usage()

    @property
    def output_tokens_max(self) -> int:
        """More output tokens than this have not been seen. A piece is a token at least, however few bytes it has."""
        seen_bytes = self._output_bytes + self._reasoning_bytes
        return max(self._pieces, math.ceil(seen_bytes * self._tokens_per_byte_max))

    def usage(self) -> Usage:
        """The provider's usage if it gave one, else an estimate, marked so.

        A report that output followed covers only what came before it (some providers send one with the first event and
        then break off): its input stands, its output is the estimate where that is more.
        """
        if self.reported is None:
            return self._estimate()
        if self._output_bytes + self._reasoning_bytes == self._bytes_when_reported:
            return self.reported
        seen = self._estimate()
        if seen.output_total <= self.reported.output_total:
            return self.reported
        return replace(self.reported, output=seen.output, reasoning=seen.reasoning, source="estimated")

    def _estimate(self) -> Usage:
        # Rare letters and numbers take more tokens than bytes suggest, but a piece is one at least.
        output_pieces = self._pieces - self._reasoning_pieces
        output = min(max(estimated_tokens(self._output_bytes), output_pieces), self.output_tokens_max)
        reasoning = max(estimated_tokens(self._reasoning_bytes), self._reasoning_pieces)
        reasoning = min(reasoning, self.output_tokens_max - output)
        return Usage(self._input_tokens_estimate, output=output, reasoning=reasoning, source="estimated")
