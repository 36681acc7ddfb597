"""A conversation that is kept, with its turns, where the operator keeps any: frozen values that judge nobody's access."""

from typing import Any, Literal

from proxy.domain.value import dataclass

Speaker = Literal["user", "assistant"]
# `short`: the answer reached a bound on its length. `cut`: it broke off, or its caller left.
TurnState = Literal["running", "whole", "short", "cut"]


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """One user's conversation as lists show it. `changed_at_ms` is when its last turn began or it was renamed."""

    id: str
    user_id: str
    title: str
    created_at_ms: int
    changed_at_ms: int


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who wrote an answer, by which call, and what it cost so far."""

    call_id: str
    model_id: str | None = None
    assistant_id: str | None = None
    reason: str | None = None
    credits_milli: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A question or an answer; `content` is a text or OpenAI's list of parts, `size_bytes` its size as JSON. Numbers rise from
    1."""

    number: int
    role: Speaker
    content: Any
    size_bytes: int
    state: TurnState
    at_ms: int
    by: Answerer


@dataclass(frozen=True, slots=True)
class Opening:
    """An answer that begins. `question` is what was said before it as JSON; None where the answer of number `continues` goes
    on. It stands in the place of the turns `instead`. `title` names a conversation that begins with it."""

    user_id: str
    conversation_id: str
    call_id: str
    title: str
    question: str | None
    at_ms: int
    instead: tuple[int, ...] = ()
    continues: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of an answer until now, all of it, and who by."""

    text: str
    state: TurnState
    by: Answerer
