"""Conduct that costs others: what counts against a user, an app or an address, and what the operator's thresholds are; values
only, of which none holds text."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final, Literal

from proxy.domain.value import dataclass

# `blocked`: a prompt that policy refused. `repeated`: much the same prompt again and again while spending surges. `growing`:
# the same with a context that grows each time. `guessed`: a key that nobody has, after too many of them.
Offence = Literal["blocked", "repeated", "growing", "guessed"]
Step = Literal["none", "slow", "cool_off", "alert"]
Scope = Literal["user", "app", "address"]

POINTS: Final[Mapping[Offence, float]] = {"blocked": 1.0, "repeated": 0.25, "growing": 0.25, "guessed": 0.05}


@dataclass(frozen=True, slots=True)
class AbuseRules:
    """The ladder: at which score its steps begin, how fast a score decays, and what a loop is.

    `points` is what each offence adds (0: it does not count). A slowed user may call once in `gap_s`. The first cool-off lasts
    `cool_off_s` and each one after it twice as long, up to a day. `app_alert_at` is the score of all users of an app together.
    `loop_calls` near-identical prompts, none later than `loop_gap_s` after the one before, make a loop if spending surges:
    `surge_milli` within some minutes, and `surge_factor` times what is usual for this user, who has spent here for `history_s`.
    """

    points: Mapping[Offence, float] = field(default_factory=lambda: POINTS)
    slow_at: float = 2.5
    cool_off_at: float = 5.5
    alert_at: float = 8.5
    app_alert_at: float = 50.0
    half_life_s: int = 1_800
    gap_s: int = 10
    cool_off_s: int = 900
    loop_calls: int = 20
    loop_gap_s: int = 120
    surge_milli: int = 100_000
    surge_factor: float = 8.0
    history_s: int = 86_400


@dataclass(frozen=True, slots=True)
class Record:
    """What one scope has against it: a score as of a moment. It does not decay before `cooling_until_ms`, so that whoever goes
    on after a rest goes on up the ladder. `may_call_ms` is when one that is slowed may call next."""

    score: float = 0.0
    at_ms: int = 0
    offences: Mapping[Offence, int] = field(default_factory=dict)
    last: Offence | None = None
    cool_offs: int = 0
    cooling_until_ms: int = 0
    may_call_ms: int = 0


@dataclass(frozen=True, slots=True)
class Suspect:
    """Somebody with a score, as people look at it: `score` and `step` are those of now."""

    scope: Scope
    id: str
    score: float
    step: Step
    record: Record


@dataclass(frozen=True, slots=True)
class CoolOff:
    """A rest that the ladder demands of a user and the store does not know of yet."""

    user_id: str
    decided_ms: int
    until_ms: int
    offence: Offence
