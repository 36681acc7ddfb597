"""Whether a conversation goes on with who answered it last: the last answerer and the new verdict in, the Ask with the model
that it stays with out; never looks at health or credits, which are for policy to judge."""

from typing import Final

from proxy.domain.journey import Ask, Thread
from proxy.domain.value import replace
from proxy.domain.verdict import Verdict

# What precheck is less sure of changes no model: a short remark in between says nothing of the task.
SURE: Final = 0.6
# The family of what belongs to no other; it is no task that one could change to.
NO_TASK: Final = "general"


def stay(ask: Ask, verdict: Verdict, last: Thread | None) -> Ask:
    """The same Ask, which stays with the model that answered last unless the task has clearly changed or the caller wants
    models chosen in another way now. A tool exchange is never left: a model reads best what its own tools found."""
    if last is None:
        return ask
    if ask.in_exchange:
        return replace(ask, sticky_model_id=last.model_id)
    if _is_another_task(verdict, last):
        return replace(ask, left_family=_task_of(last))
    if ask.mode not in (None, last.mode):
        return ask
    return replace(ask, sticky_model_id=last.model_id)


def _task_of(last: Thread) -> str:
    return last.assistant_family or last.family if last.family == NO_TASK else last.family


def _is_another_task(verdict: Verdict, last: Thread) -> bool:
    return verdict.family not in (last.family, last.assistant_family, NO_TASK) and verdict.confidence >= SURE
