"""What people say of answers, beside what the call was decided by: values that a learner can read, with bounded words of the
caller's own and no prompt."""

from collections.abc import Mapping
from typing import Literal

from proxy.domain.value import dataclass

Thumb = Literal["up", "down"]
FeedbackReason = Literal[
    "helpful", "wrong", "incomplete", "too_long", "too_slow", "too_dear", "refused", "ignored_request", "other"
]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a learner wants to know of the call: who answered it, in which task family, and what precheck had found. Empty where
    nobody looked or nothing was chosen."""

    model_id: str
    assistant_id: str = ""
    family: str = ""
    category: str = ""
    complexity: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One caller's word on one call; said again it replaces what was said. `given_at_ms` is when it was said first,
    `changed_at_ms` last. `better_model_id` is who should have answered."""

    call_id: str
    user_id: str
    app_id: str | None
    thumb: Thumb
    reason: FeedbackReason | None
    words: str
    better_model_id: str | None
    given_at_ms: int
    changed_at_ms: int
    traits: Traits


@dataclass(frozen=True, slots=True)
class Opinion:
    """How often the answers of one model, for one assistant (empty: none), were liked and disliked, and how often it answered
    because credits ran low."""

    assistant_id: str
    model_id: str
    ups: int = 0
    downs: int = 0
    downgrades: int = 0


@dataclass(frozen=True, slots=True)
class RoutingRow:
    """What became of the calls of one task family (`-`: a model was named) at one model. `failures` are attempts of this model
    that failed, `downgrades` calls that it got because credits ran low."""

    family: str
    model: str
    calls: int
    attempts: int
    failures: int
    credits_milli: int
    raw_nano_usd: int
    ttft_mean_ms: int | None
    thumbs_up: int
    thumbs_down: int
    downgrades: int


Families = Mapping[str, str]
