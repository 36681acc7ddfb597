"""A family of tasks with its model preferences and prompt; callable as a model alias."""

from typing import Final

from proxy.domain.plan import Window
from proxy.domain.value import dataclass

# The name that leaves the choice of assistant and model to us; no assistant, alias or model bears it.
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Preference:
    """One model of an assistant. `weight` is a factor of its score (1.0 = neutral), never a random split."""

    model_id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that one user may spend on one assistant in a window."""

    window: Window
    limit_milli_credits: int


@dataclass(frozen=True, slots=True)
class Assistant:
    """`id` never contains a slash. `ordered` keeps the preferences' order; otherwise they are ranked by score.

    `plans` are those whose users see it, for the stages in which it is made known; all do where there are none.
    `system_prompt` is put before the caller's messages and never shown in an answer, error, list or record.
    """

    id: str
    name: str
    family: str
    task_types: tuple[str, ...]
    preferences: tuple[Preference, ...]
    ordered: bool = True
    system_prompt: str | None = None
    output_tokens_max: int | None = None
    enabled: bool = True
    rescue: bool = True
    plans: tuple[str, ...] = ()
    budgets: tuple[Budget, ...] = ()

    def is_shown_on(self, plan_id: str) -> bool:
        """Whether users of this plan may know of it; to others it does not exist."""
        return not self.plans or plan_id in self.plans

    def is_open_on(self, plan_id: str) -> bool:
        """Whether users of this plan may call it."""
        return self.enabled and self.is_shown_on(plan_id)
