"""`/api/conversations`: what a user said and was told, where the operator keeps it: listed, read, renamed, saved as a file and
erased by that user alone."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from proxy.api.endpoint import Answer, Endpoint, Visit
from proxy.api.schemas import Credits, Given, MomentMs, Name, Queries, Told, credits_of
from proxy.api.titles import TITLE_CHARS_MAX
from proxy.domain.conversation import KeptConversation, Speaker, Turn, TurnState
from proxy.domain.errors import Refusal
from proxy.stages.intake.shapes import invalid

TAG: Final = "Conversations"
PAGE_MAX: Final = 200
_UNKNOWN: Final = Refusal("not_found", "You have no conversation of this id.", param="id")
_NEWEST: Final = (2**62, "")
_PLACE: Final = re.compile(r"(\d{1,16})-(.{1,256})")
_SPEAKERS: Final = {"user": "You", "assistant": "Answer"}


class ListQueries(Queries):
    before: Annotated[Name | None, Field(description="Only older ones: `next_before` of the page before.")] = None
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX, description="Most conversations on the page.")] = 50


class ShownQueries(Queries):
    format: Annotated[Literal["json", "markdown"], Field(description="`markdown` gives a file to read.")] = "json"


class ConversationTold(Told):
    """`changed_at_ms` is when its last turn began."""

    id: str
    title: str
    created_at_ms: MomentMs
    changed_at_ms: MomentMs


class ConversationPage(Told):
    """Those that changed last first; `next_before` is null on the last page."""

    data: list[ConversationTold]
    next_before: str | None


class TurnTold(Told):
    """`content` is a text or a list of parts, as in a chat. An answer is `running` while its call goes on; `cut` and `short`
    ones can be gone on with: `{"conversation_id": ..., "continue": true}`."""

    number: int
    role: Speaker
    content: Any
    state: TurnState
    at_ms: MomentMs
    call: str
    model: str | None
    assistant: str | None
    reason: str | None
    credits: Credits


class ConversationShown(ConversationTold):
    turns: list[TurnTold]


class Renamed(Given):
    title: Annotated[Name, Field(max_length=TITLE_CHARS_MAX)]


class Erased(Told):
    erased: Annotated[int, Field(description="How many conversations there were.")]


async def list_conversations(visit: Visit) -> Answer:
    asked, services = visit.queries_as(ListQueries), visit.services
    before = _NEWEST if asked.before is None else _place(asked.before)
    if isinstance(before, Refusal):
        return before
    found = await services.conversations.listed(visit.caller.user.id, before, asked.limit + 1)
    page, more = found[: asked.limit], len(found) > asked.limit
    last = f"{page[-1].changed_at_ms}-{page[-1].id}" if more else None
    return ConversationPage(data=[ConversationTold(**_head(one)) for one in page], next_before=last)


async def show_conversation(visit: Visit) -> Answer:
    found = await visit.services.conversations.shown(visit.caller.user.id, visit.path("id"))
    if found is None:
        return _UNKNOWN
    head, turns = found
    if visit.queries_as(ShownQueries).format == "markdown":
        return Response(_markdown(head, turns), media_type="text/markdown; charset=utf-8")
    return ConversationShown(**_head(head), turns=[_turn(turn) for turn in turns])


async def rename_conversation(visit: Visit) -> Answer:
    title = visit.body_as(Renamed).title
    found = await visit.services.conversations.rename(visit.caller.user.id, visit.path("id"), title)
    return _UNKNOWN if found is None else ConversationTold(**_head(found))


async def erase_conversation(visit: Visit) -> Answer:
    erased = await visit.services.conversations.erase(visit.caller.user.id, visit.path("id"))
    return Response(status_code=204) if erased else _UNKNOWN


async def erase_all(visit: Visit) -> Answer:
    return Erased(erased=await visit.services.conversations.erase_all(visit.caller.user.id, None))


def _place(before: str) -> tuple[int, str] | Refusal:
    found = _PLACE.fullmatch(before)
    return (int(found[1]), found[2]) if found else invalid("before", "It must be the `next_before` of a page.")


def _head(kept: KeptConversation) -> dict[str, Any]:
    names = ("id", "title", "created_at_ms", "changed_at_ms")
    return {name: getattr(kept, name) for name in names}


def _turn(turn: Turn) -> TurnTold:
    return TurnTold(
        number=turn.number,
        role=turn.role,
        content=turn.content,
        state=turn.state,
        at_ms=turn.at_ms,
        call=turn.by.call_id,
        model=turn.by.model_id,
        assistant=turn.by.assistant_id,
        reason=turn.by.reason,
        credits=credits_of(turn.by.credits_milli),
    )


def _markdown(head: KeptConversation, turns: Sequence[Turn]) -> str:
    told = [f"## {_speaker(turn)}\n\n{_text(turn.content)}" for turn in turns]
    return "\n\n".join([f"# {head.title}", *told]) + "\n"


def _speaker(turn: Turn) -> str:
    name = _SPEAKERS[turn.role]
    return name if turn.by.model_id is None else f"{name} ({turn.by.model_id})"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n\n".join(part["text"] if part.get("type") == "text" else f"[{part.get('type')}]" for part in content)


_ONE: Final = "/api/conversations/{id}"
_BY: Final = ("user", "app")
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(
        "GET",
        "/api/conversations",
        list_conversations,
        _BY,
        "Own conversations, newest first",
        TAG,
        queries=ListQueries,
        answer=ConversationPage,
    ),
    Endpoint("DELETE", "/api/conversations", erase_all, _BY, "Erases all own conversations", TAG, answer=Erased),
    Endpoint("GET", _ONE, show_conversation, _BY, "One own conversation", TAG, queries=ShownQueries, answer=ConversationShown),
    Endpoint("PATCH", _ONE, rename_conversation, _BY, "Renames one", TAG, body=Renamed, answer=ConversationTold),
    Endpoint("DELETE", _ONE, erase_conversation, _BY, "Erases one", TAG, status=204),
)
