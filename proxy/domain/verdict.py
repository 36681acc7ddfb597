"""What precheck found in a prompt and what it suggests; offsets and codes, never text."""

from collections.abc import Mapping
from typing import Literal

from proxy.domain.pattern import Pattern
from proxy.domain.value import dataclass

Risk = Literal["safe", "sensitive", "disallowed"]
Complexity = Literal["simple", "standard", "hard"]


@dataclass(frozen=True)
class Span:
    """Where a rule spoke: characters `start` to `end` of message `message` (index in the request)."""

    rule: str
    message: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SecondWord:
    """What a moderation model said of a sensitive prompt: the `categories` that it flagged, in its own words, or that it
    `failed`, and then the first verdict stands. `call_id` is our call of it; `in_time`: the decision knew of it."""

    model_id: str
    said: Literal["flagged", "cleared", "failed"]
    categories: tuple[str, ...] = ()
    call_id: str | None = None
    in_time: bool = True


@dataclass(frozen=True)
class Verdict:
    """`category` is the task category, `family` the task family it belongs to; `hazards` are codes such as `cyber`, `pii`.

    `confidence` is 0..1 for the category. `rules_revision` names the rules that spoke. `language` is that of the last turn
    (ISO 639-1), as far as its letters and small words tell.
    """

    category: str
    family: str
    complexity: Complexity
    risk: Risk
    hazards: tuple[str, ...]
    confidence: float
    evidence: tuple[Span, ...]
    recommended_assistant: str | None
    rules_revision: str
    second: SecondWord | None = None
    language: str | None = None


@dataclass(frozen=True)
class Advice:
    """Which assistant handles the call (None when a model was named) and why, as a reason code."""

    assistant_id: str | None
    reason: Literal["asked", "recommended", "continued", "default", "none"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One precheck rule. `pattern` is anchored or bounded, so that no input makes it slow. `says` names what it speaks
    for (a category, a risk hazard, a complexity), `value` what it says, `weight` how strongly. A `hint` speaks to the weights
    and not for itself, where the book has weights."""

    id: str
    says: Literal["category", "hazard", "complexity", "injection", "pii"]
    value: str
    pattern: Pattern
    weight: float = 1.0
    validator: str | None = None
    hint: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """What each word of a text says for each of `classes`, in `steps` to one, packed into one number: a lane a class, from
    the `lane`th on. Tables may share their rows, each with lanes of its own."""

    classes: tuple[str, ...]
    rows: Mapping[str, int]
    steps: int
    lane: int = 0


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear model as plain tables. `level` tells safe text from what harms, attacks and is delicate, `hazard` names what
    kind of harm; `thresholds` are what a level must lead `safe` by, and the least confidence of a category."""

    revision: str
    category: Table
    complexity: Table
    level: Table
    hazard: Table
    thresholds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of one revision, whose name is its hash. `families` maps a category to its task family, `risks` a hazard
    to its risk level, `assistants` a family to the assistant recommended for it."""

    revision: str
    rules: tuple[Rule, ...]
    families: Mapping[str, str]
    risks: Mapping[str, Risk]
    assistants: Mapping[str, str]
    category_margin: float = 1.0
    weights: Weights | None = None

    def __hash__(self) -> int:
        return hash(self.revision)
