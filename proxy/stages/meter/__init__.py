"""Deltas of one answer in as they pass, tokens out: a bound while it runs, the bill at its end; never money."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from proxy.domain.chat import Answer, Delta
from proxy.domain.money import ceil_div
from proxy.domain.usage import ESTIMATED_BYTES_PER_TOKEN, Usage
from proxy.domain.value import replace
from proxy.stages.meter.transcript import Said, Transcript

__all__ = ["Gauge", "Meter", "Said", "Tally", "estimated_tokens", "utf8_bytes"]


class Gauge(NamedTuple):
    """What a meter goes by: the most that the input can be, a guess of it, and the most tokens that a byte of output can
    be. `keeps_text`: what is said is kept until the end, because there is a vocabulary to count it in."""

    input_tokens_max: int
    input_tokens_estimate: int
    tokens_per_byte_max: float
    keeps_text: bool = False


class Tally(NamedTuple):
    """Tokens counted in the model's own vocabulary. `is_exact`: they are what the provider would have reported."""

    input: int
    output: int
    reasoning: int
    is_exact: bool


def estimated_tokens(text_bytes: int) -> int:
    """Roughly how many tokens a text of so many UTF-8 bytes is; at least 1 unless it is empty."""
    return ceil_div(text_bytes, ESTIMATED_BYTES_PER_TOKEN)


class Meter:
    """Meters one attempt. `delivered` says whether anything that callers pay for was seen; `reported` is the last usage
    the provider gave that can be true: usage given twice, or growing as the answer does, never adds up."""

    __slots__ = (
        "_bytes_when_reported",
        "_gauge",
        "_output_bytes",
        "_pieces",
        "_reasoning_bytes",
        "_reasoning_pieces",
        "_transcript",
        "delivered",
        "reported",
    )

    def __init__(self, gauge: Gauge) -> None:
        self.delivered = False
        self.reported: Usage | None = None
        self._gauge = gauge
        self._transcript = Transcript() if gauge.keeps_text else None
        self._output_bytes = 0
        self._reasoning_bytes = 0
        self._bytes_when_reported = 0
        self._pieces = 0
        self._reasoning_pieces = 0

    def observe(self, delta: Delta) -> None:
        """Counts one delta. Called for every event of a stream."""
        if delta.has_content or delta.has_tool:
            self.delivered = True
            self._pieces += 1
            self._output_bytes += delta.output_bytes
            if delta.reasoning_bytes:
                self._reasoning_bytes += delta.reasoning_bytes
                self._reasoning_pieces += not delta.output_bytes
            if self._transcript is not None:
                self._transcript.add(delta.value["choices"], "delta")
        if delta.usage is not None:
            self.reported = delta.usage
            self._bytes_when_reported = self._output_bytes + self._reasoning_bytes

    def observe_texts(self, texts: Sequence[str]) -> None:
        """Counts so many deltas that were content of the first choice and nothing else."""
        if texts:
            self.delivered = True
            self._pieces += len(texts)
            self._output_bytes += sum(map(utf8_bytes, texts))
            if self._transcript is not None:
                self._transcript.add_text("".join(texts))

    def observe_text(self, text: str, text_bytes: int) -> None:
        """Counts one of them, of so many bytes."""
        self.delivered = True
        self._pieces += 1
        self._output_bytes += text_bytes
        if self._transcript is not None:
            self._transcript.add_text(text)

    def tokens_with(self, text_bytes: int, pieces: int = 1) -> int:
        """What `output_tokens_max` would be after so many deltas more, of so many bytes in all."""
        tokens = math.ceil((self._output_bytes + self._reasoning_bytes + text_bytes) * self._gauge.tokens_per_byte_max)
        pieces += self._pieces
        return tokens if tokens > pieces else pieces

    @property
    def so_far(self) -> tuple[int, int]:
        """The pieces and bytes seen."""
        return self._pieces, self._output_bytes + self._reasoning_bytes

    def seen_after(self, so_far: tuple[int, int], texts: Sequence[str]) -> list[int]:
        """What `output_tokens_max` was after each of these, of which the first came after `so_far`."""
        pieces, seen_bytes = so_far
        sizes = accumulate(map(utf8_bytes, texts), initial=seen_bytes)
        return [self._tokens_max(pieces + place, size) for place, size in enumerate(sizes)][1:]

    def of_answer(self, answer: Answer) -> Usage:
        """Counts a whole answer; what `usage()` says of it."""
        self.delivered = not answer.is_empty
        self._output_bytes = answer.output_bytes
        self._reasoning_bytes = answer.reasoning_bytes
        self._bytes_when_reported = answer.output_bytes + answer.reasoning_bytes
        self.reported = answer.usage
        if self._transcript is not None:
            self._transcript.add(answer.value.get("choices", []), "message")
        return self.usage()

    @property
    def output_tokens_max(self) -> int:
        """More output tokens than this have not been seen. A piece is a token at least, however few bytes it has."""
        return self.tokens_with(0, 0)

    @property
    def uncounted(self) -> Said | None:
        """What there is to count because the provider's report does not cover it; None when that is nothing, or too much."""
        if self._transcript is None or self._is_covered:
            return None
        return self._transcript.said

    def usage(self, tally: Tally | None = None) -> Usage:
        """The provider's usage if it gave one, else the tally of what was seen, else an estimate, marked so.

        A report that output followed covers only what came before it (some providers send one with the first event and
        then break off): its input stands, its output is what was seen where that is more.
        """
        reported = self.reported
        if reported is not None and self._is_covered:
            return reported
        seen = self._estimate() if tally is None else self._tallied(tally)
        if reported is None:
            return seen
        if seen.output_total <= reported.output_total:
            return reported
        return replace(reported, output=seen.output, reasoning=seen.reasoning, source=seen.source)

    @property
    def _is_covered(self) -> bool:
        return self.reported is not None and self._output_bytes + self._reasoning_bytes == self._bytes_when_reported

    def _tokens_max(self, pieces: int, seen_bytes: int) -> int:
        return max(pieces, math.ceil(seen_bytes * self._gauge.tokens_per_byte_max))

    def _tallied(self, tally: Tally) -> Usage:
        return Usage(
            input=min(tally.input, self._gauge.input_tokens_max),
            output=tally.output,
            reasoning=tally.reasoning,
            source="counted" if tally.is_exact else "estimated",
        )

    def _estimate(self) -> Usage:
        input_tokens = max(0, min(self._gauge.input_tokens_estimate, self._gauge.input_tokens_max))
        # Rare letters and numbers take more tokens than bytes suggest, but a piece is one at least.
        output_pieces = self._pieces - self._reasoning_pieces
        output_tokens_max = self.output_tokens_max
        output = min(max(estimated_tokens(self._output_bytes), output_pieces), output_tokens_max)
        reasoning = max(estimated_tokens(self._reasoning_bytes), self._reasoning_pieces)
        reasoning = min(reasoning, output_tokens_max - output)
        return Usage(input_tokens, output=output, reasoning=reasoning, source="estimated")


def utf8_bytes(text: str) -> int:
    """The size of a text."""
    return len(text) if text.isascii() else len(text.encode())
