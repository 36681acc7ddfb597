"""How one model behaves, as a value: what it says, how fast, what it reports and which fault it has. Reads no name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

Script = Literal["sensible", "echo", "words", "tale", "empty"]
Continuing = Literal["exact", "paraphrase", "start_over", "repeat_line", "overlap"]

ALWAYS_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fault by name with its numbers. `times` calls have it and the rest are well, None for all; of these a share of
    `percent` has it; `only` is the beginning of the model names it is for."""

    name: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    times: int | None = None
    percent: int = ALWAYS_PERCENT
    only: str = ""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one model behaves. None in `ttft_ms` and `pace_tokens_per_s` leaves it to the process; 0 is flat out.

    `continuing` is how a model answers that is asked to go on with an answer: None takes it for a question like any other.
    `prefill`: an assistant message at the very end is the beginning of the answer.
    """

    base: str
    ttft_ms: int | None = None
    pace_tokens_per_s: int | None = None
    fault: Chosen | None = None
    fail_first_calls: int | None = None
    retry_after: str | None = None
    script: Script = "sensible"
    words: int = 0
    continuing: Continuing | None = None
    prefill: bool = False
    hides_reasoning: bool = False
    reports_usage: bool = True
    reports_cost: bool = False
    usage_factor: int = 1

    @property
    def chosen(self) -> Chosen | None:
        """The fault of the model's own; one that fails only at first is out of service unless it names another fault."""
        if self.fail_first_calls is None:
            return self.fault
        return replace(self.fault or Chosen("unavailable"), times=self.fail_first_calls)
