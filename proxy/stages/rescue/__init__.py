"""What was said of an answer that broke off, and who is next, in; how that model goes on with it, or why it cannot, out; never
guesses: what is in doubt is not rescued."""

from typing import Final, Literal, NamedTuple

from proxy.domain.chat import Chat, Json
from proxy.domain.policy import Rescue
from proxy.domain.value import replace
from proxy.stages.rescue.joint import Doubt, Joint, Onward, Overlap, can_overlap, joined, last_words, rest
from proxy.stages.rescue.spoken import Obstacle, Spoken

__all__ = ["Doubt", "Helper", "Joint", "NoRescue", "Plan", "Spoken", "is_possible", "joined", "plan", "rest"]

_GO_ON: Final = (
    "Your last message was cut off before its end. Go on with it: begin by repeating its last words exactly as they stand"
    " there, from “{words}” on, and continue from there to the end. Write nothing else: no remark, no heading, no quotes."
)


class Helper(NamedTuple):
    """Who is next, as far as it matters: whether it goes on with an answer that has begun, and how many tokens it may still
    write of this one."""

    takes_prefill: bool
    output_tokens_left: int


class Plan(NamedTuple):
    """How a model goes on: the request that it is sent, and the joint of what was said with what it says. `how` is for the
    record: `prefill`, `ask`, or `restart` where nothing of the answer itself had been said."""

    how: Literal["prefill", "ask", "restart"]
    chat: Chat
    joint: Joint


class NoRescue(NamedTuple):
    """Why nobody, or not this model, goes on: `off` (nobody may, so nothing was kept), what was said (see Obstacle), `format`
    (JSON that is broken), `stop` (a stop text may stand astride the joint), `bound` (all tokens are used up), `conversation`
    (it ends in words of the assistant that are no plain text), `prefill` (the model takes none and may not be asked), `doubt`
    (asked, it could not be joined), `max_credits` (it could cost more than the caller allows)."""

    why: Obstacle | Literal["off", "format", "stop", "bound", "conversation", "prefill", "doubt", "max_credits"]


def is_possible(rescue: Rescue, permitted: bool, chat: Chat) -> bool:
    """Whether an answer to `chat` could be rescued at all; if not, nothing of it need be remembered."""
    return rescue != "off" and permitted and chat.stream and chat.n == 1


def plan(rescue: Rescue, chat: Chat, spoken: Spoken, helper: Helper) -> Plan | NoRescue:
    """How the helper goes on with the answer to `chat`, of which `spoken` was said."""
    text = spoken.text
    if spoken.obstacle is not None:
        return NoRescue(spoken.obstacle)
    if helper.output_tokens_left < 1:
        return NoRescue("bound")
    if not text:
        return Plan("restart", chat, Onward(""))
    if chat.format != "text":
        return NoRescue("format")
    if _may_be_stopping(chat, text):
        return NoRescue("stop")
    if helper.takes_prefill:
        return _by_prefill(chat, text)
    return _by_asking(chat, text) if rescue == "ask" else NoRescue("prefill")


def _by_prefill(chat: Chat, text: str) -> Plan | NoRescue:
    """White space at the end is kept back: some providers refuse it there and some models stumble over it. The model says it
    again, and the joint takes it for said."""
    begun = text.rstrip()
    if not begun:
        return Plan("restart", chat, Onward(text))
    messages = _with(chat.messages, begun)
    if messages is None:
        return NoRescue("conversation")
    # What was to be thought has been thought, and providers that continue an answer do not think before they do.
    fields = {name: value for name, value in chat.fields.items() if name != "reasoning_effort"}
    return Plan("prefill", _longer(chat, messages, fields, begun), Onward(text[len(begun) :]))


def _by_asking(chat: Chat, text: str) -> Plan | NoRescue:
    own = bool(chat.messages) and chat.messages[-1]["role"] == "assistant"
    if own or chat.fields.get("logprobs") or not can_overlap(text):
        return NoRescue("doubt")
    asked = _GO_ON.format(words=last_words(text))
    messages = (*chat.messages, {"role": "assistant", "content": text}, {"role": "user", "content": asked})
    return Plan("ask", _longer(chat, messages, chat.fields, text + asked), Overlap(text))


def _with(messages: tuple[Json, ...], begun: str) -> tuple[Json, ...] | None:
    """The conversation with the beginning of an answer at its end, which may be the caller's own; None if that is not plain
    text."""
    last = messages[-1] if messages else {}
    if last.get("role") != "assistant":
        return (*messages, {"role": "assistant", "content": begun})
    if not isinstance(last.get("content"), str) or last.get("tool_calls") or last.get("function_call"):
        return None
    return (*messages[:-1], {**last, "content": last["content"] + begun})


def _longer(chat: Chat, messages: tuple[Json, ...], fields: Json, added: str) -> Chat:
    return replace(chat, messages=messages, fields=fields, text_bytes=chat.text_bytes + len(added.encode()))


def _may_be_stopping(chat: Chat, text: str) -> bool:
    """A stop text of which the first model wrote the beginning is none to the second."""
    given = chat.fields.get("stop") or ()
    stops = (given,) if isinstance(given, str) else given
    return any(text.endswith(stop[:length]) for stop in stops for length in range(1, len(stop)))
