"""How models and providers fare, as values: a permit to try one, what a try came to, what is known by now; no arithmetic."""

from collections.abc import Mapping
from typing import Literal

from proxy.domain.errors import Fault, FaultKind
from proxy.domain.value import dataclass

# Open: nobody is let through until a moment. Half open: one at a time is, to see.
Phase = Literal["closed", "open", "half_open"]
# What opens a breaker: faults, or first tokens that take far longer than they used to.
Trouble = FaultKind | Literal["slow"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One try as a breaker knows it: when it began, and the number of the trial that it is (0: of none)."""

    began_ms: int
    trial: int = 0


@dataclass(frozen=True, slots=True)
class Permit:
    """Permission to make one attempt at a model. Whoever got it says once what became of it."""

    model_id: str
    provider_id: str
    at_model: Turn
    at_provider: Turn


@dataclass(frozen=True, slots=True)
class Tried:
    """What an attempt came to: `fault` is None when it answered. `tokens_per_s` is the speed of a stream after its first
    token, where it was long enough to tell. `account` is whose call it was (None: our own)."""

    fault: Fault | None = None
    tokens_per_s: float | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """What is known of one model at its provider, or of a provider, right now.

    `since_ms` is when the present phase began (None: it never was in another), `why` what opened the breaker last, until it
    is wholly well again, `retry_at_ms` when the next trial may be (in the past: as soon as somebody asks). Recent figures
    halve every half minute: `attempts` is how many count, `success_share` how many of them were answered, `ttft_ms` and
    `tokens_per_s` are of streams. None: nothing recent is known.
    """

    phase: Phase = "closed"
    since_ms: int | None = None
    why: Trouble | None = None
    retry_at_ms: int | None = None
    attempts: float = 0.0
    success_share: float = 1.0
    ttft_ms: int | None = None
    tokens_per_s: float | None = None
    heard_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Vitals by id of every model and provider that was tried since this process began."""

    models: Mapping[str, Vitals]
    providers: Mapping[str, Vitals]
