"""What an operator is told of beside calls: a limit nearly used up, a bill nobody pays, a clock that jumped, a provider that is
lost, somebody who abuses us; values only."""

from collections.abc import Mapping
from typing import Literal

from proxy.domain.value import dataclass

AlertKind = Literal["threshold", "absorbed", "clock", "provider_down", "abuse"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell, once. `facts` are ids, words and amounts in the unit they name; `tries` counts the times that it was
    taken to be told, this one included."""

    id: str
    kind: AlertKind
    at_ms: int
    facts: Mapping[str, str | int | None]
    tries: int = 0
