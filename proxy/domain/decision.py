"""The ranked chain of candidates with a coded reason for everyone kept or dropped; enough to replay and to explain."""

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from proxy.domain.errors import Refusal
from proxy.domain.policy import Action, Mode
from proxy.domain.value import dataclass
from proxy.domain.verdict import SecondWord

DropCode = Literal[
    "unknown",
    "inactive",
    "unpriced",
    "not_in_plan",
    "not_in_key_scope",
    "vetoed",
    "risk_not_allowed",
    "modality",
    "tools_unsupported",
    "output_format_unsupported",
    "parameter_unsupported",
    "context_too_small",
    "max_output_too_small",
    "over_plan_context",
    "provider_down",
    "cooling_down",
    "over_max_credits",
    "unaffordable",
]
KeepCode = Literal["named", "ordered", "best_score", "ranked", "sticky", "switched", "cramped", "stepped_down", "spared"]


@dataclass(frozen=True)
class Reason:
    """A coded explanation with the numbers behind it; `detail` holds ids and sizes, never text of the caller."""

    code: DropCode | KeepCode
    detail: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """One model that may answer. `output_tokens_max` is the bound written upstream, `worst_milli_credits` what the whole
    answer could cost at that bound, `score` its rank value (higher first; 0 where order was given)."""

    model_id: str
    provider_id: str
    reason: Reason
    score: float
    input_tokens_max: int
    output_tokens_max: int
    worst_milli_credits: int


@dataclass(frozen=True)
class Dropped:
    """One model that may not, with the first rule it failed."""

    model_id: str
    reason: Reason


@dataclass(frozen=True)
class Decision:
    """The outcome of policy. `chain` is empty exactly when `refusal` is set.

    `revision` names the decision code; `shortened` says that credits lowered the output bound; `stepped_down` that cheaper
    models were put first. `learned_revision` names the table of learned quality that ranking could read; `second` is the word
    of a moderation model that the action was taken by.
    """

    revision: str
    catalog_revision: str
    assistant_id: str | None
    action: Action
    mode: Mode
    chain: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]
    refusal: Refusal | None = None
    stepped_down: bool = False
    shortened: bool = False
    learned_revision: str | None = None
    second: SecondWord | None = None


@dataclass(frozen=True)
class ModelHealth:
    """What is known of one model at its provider: `score` 0..1; `open` means the breaker refuses calls until a moment, `slow`
    that it does so for slowness alone, which spares the last candidate."""

    score: float = 1.0
    open: bool = False
    retry_at_ms: int | None = None
    slow: bool = False


@dataclass(frozen=True)
class Health:
    """Health by model id; a model not named is healthy. `down_until_ms` are providers that cannot be reached or refuse our key
    or credit, each with the moment of its next trial."""

    models: Mapping[str, ModelHealth] = field(default_factory=dict)
    down_until_ms: Mapping[str, int] = field(default_factory=dict)

    def shuts(self, model_id: str, provider_id: str) -> bool:
        """Whether this model, or all of its provider, is not to be called now."""
        return provider_id in self.down_until_ms or (model_id in self.models and self.models[model_id].open)
