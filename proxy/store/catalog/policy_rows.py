"""The shape of the operator's policy as it is written; checks each table by itself."""

from typing import Annotated, Final, Literal

from pydantic import Field

from proxy.domain.abuse import POINTS, Offence
from proxy.domain.policy import Action, Mode, Rescue
from proxy.store.catalog.cells import CreditsText, Factor, ModelId, PlainId, Row, WorthText

# There is one policy; its row needs a name only so that patches can point at it.
POLICY_ID: Final = "policy"

# What the word of a second net can come to; whether models are approved is not for it to say.
Answered = Literal["allow", "flag", "block"]


class WeightsRow(Row):
    """Factors of a candidate's score."""

    quality: Factor
    cost: Factor
    latency: Factor
    health: Factor


class AbuseRow(Row):
    """The ladder for those who misuse the gateway."""

    points: dict[Offence, Factor] = dict(POINTS)
    slow_at: Factor = 2.5
    cool_off_at: Factor = 5.5
    alert_at: Factor = 8.5
    app_alert_at: Factor = 50.0
    half_life_s: Annotated[int, Field(ge=1, le=604_800)] = 1_800
    gap_s: Annotated[int, Field(ge=1, le=3_600)] = 10
    cool_off_s: Annotated[int, Field(ge=1, le=86_400)] = 900
    loop_calls: Annotated[int, Field(ge=2, le=10_000)] = 20
    loop_gap_s: Annotated[int, Field(ge=1, le=3_600)] = 120
    surge_credits: CreditsText = "100"
    surge_factor: Factor = 8.0
    history_s: Annotated[int, Field(ge=0, le=604_800)] = 86_400


class SecondNetRow(Row):
    """A moderation model that is asked about prompts found `sensitive`."""

    model: ModelId
    enabled: bool = False
    blocking: bool = True
    limit_ms: Annotated[int, Field(ge=10, le=30_000)] = 800
    flagged: Answered = "block"
    cleared: Answered | None = None


class PolicyRow(Row):
    """The operator's policy and the worth of a credit."""

    id: Literal["policy"] = "policy"
    credits_per_dollar: WorthText
    modes: dict[Mode, WeightsRow]
    default_mode: Mode = "balanced"
    default_assistant: PlainId = "general"
    actions: dict[PlainId, Action] = {}
    action_messages: dict[PlainId, Annotated[str, Field(max_length=1_000)]] = {}
    plan_actions: dict[PlainId, dict[PlainId, Action]] = {}
    assistant_actions: dict[PlainId, dict[PlainId, Action]] = {}
    step_down_below_percent: Annotated[int, Field(ge=0, le=100)] = 10
    hold_lead_tokens: Annotated[int, Field(ge=16, le=65_536)] = 256
    attempts_max: Annotated[int, Field(ge=1, le=16)] = 4
    retries_per_model_max: Annotated[int, Field(ge=0, le=8)] = 1
    deadline_ms: Annotated[int, Field(ge=1_000, le=3_600_000)] = 600_000
    free_calls_hourly_max: Annotated[int, Field(ge=0, le=1_000_000)] = 10
    rescue: Rescue = "prefill"
    abuse: AbuseRow = AbuseRow()
    second_net: SecondNetRow | None = None
