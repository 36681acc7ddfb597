"""The operator's policy as values: ranking weights per mode, step-down thresholds and the action for each risk."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from proxy.domain.abuse import AbuseRules
from proxy.domain.value import dataclass

Action = Literal["allow", "flag", "route", "confirm", "block"]
Mode = Literal["economy", "balanced", "best", "fast"]
# How a stream that broke off may be gone on with: not at all, by a model that takes the answer's beginning, or also by one that
# is asked for the rest.
Rescue = Literal["off", "prefill", "ask"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a key or a user wishes of every call: models as ids, `tag:` names or globs. `avoid` are never called, `only` alone
    may be where it names any; `mode` counts where the request names none."""

    mode: Mode | None = None
    avoid: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


NO_WISHES: Final = Wishes()


@dataclass(frozen=True, slots=True)
class Veto:
    """Which models somebody beside the request itself rules out, as in Wishes."""

    by: Literal["key", "user"]
    avoid: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """Factors of a candidate's score; they need not sum to 1."""

    quality: float
    cost: float
    latency: float
    health: float


@dataclass(frozen=True, slots=True)
class SecondNet:
    """A moderation model of ours that is asked about prompts which precheck found `sensitive`, for `limit_ms` at most.

    With `waits` the call waits for its word, which then takes the place of the action: `flagged`, or `cleared` (None: the
    action stands). Without, the call goes on meanwhile, and only a word that blocks ends it.
    """

    model_id: str
    waits: bool
    limit_ms: int
    flagged: Action
    cleared: Action | None


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """`actions` maps a hazard code or a risk level to an action; the hazard wins. `plan_actions` and `assistant_actions`
    replace lines of it for a plan and an assistant; where both do, the stricter line counts. `step_down_below_ppm`: share of
    the tightest allowance left below which cheaper models come first. `free_calls_hourly_max`: calls of one account within an
    hour that may get nothing for free though their provider bills them; those after pay their input."""

    modes: Mapping[Mode, Weights]
    default_mode: Mode = "balanced"
    default_assistant: str = "general"
    actions: Mapping[str, Action] = field(default_factory=dict)
    action_messages: Mapping[str, str] = field(default_factory=dict)
    plan_actions: Mapping[str, Mapping[str, Action]] = field(default_factory=dict)
    assistant_actions: Mapping[str, Mapping[str, Action]] = field(default_factory=dict)
    step_down_below_ppm: int = 100_000
    hold_lead_tokens: int = 256
    attempts_max: int = 4
    retries_per_model_max: int = 1
    deadline_ms: int = 600_000
    free_calls_hourly_max: int = 10
    rescue: Rescue = "prefill"
    abuse: AbuseRules = field(default_factory=AbuseRules)
    second_net: SecondNet | None = None
