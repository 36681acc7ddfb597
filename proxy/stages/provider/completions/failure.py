"""A chunk or whole answer that came with status 200 in, the failure that it reports instead of an answer out."""

from proxy.domain.chat import Json
from proxy.domain.errors import Fault
from proxy.stages.provider.completions.shape import is_broken
from proxy.stages.provider.faults import fault_inside


def failure_inside(value: Json) -> Fault | None:
    """The failure that is said of the whole or of one of its choices; None if there is none."""
    error = value.get("error") or (value if value.get("object") == "error" else None)
    if error:
        return fault_inside(error)
    choices = value.get("choices")
    broken = next(filter(is_broken, choices), None) if isinstance(choices, list) else None
    return None if broken is None else fault_inside(broken.get("error"))
