"""From the bytes of a request of any kind to a checked value, and from there to its text-free Ask; never calls, stores or
fetches. Each kind has a file of its own; here they meet."""

from typing import Final, Literal, assert_never

from proxy.domain.account import Caller
from proxy.domain.chat import Chat
from proxy.domain.embeddings import Embeddings
from proxy.domain.errors import Refusal
from proxy.domain.images import Images
from proxy.domain.journey import Ask
from proxy.domain.policy import Veto, Wishes
from proxy.domain.request import Request
from proxy.domain.usage import Kind
from proxy.domain.value import maker
from proxy.stages.intake import chat, embeddings, images
from proxy.stages.intake.chat import DEFAULT_LIMITS, parse
from proxy.stages.intake.facts import Facts
from proxy.stages.intake.limits import IntakeLimits

_new_ask: Final = maker(Ask)

__all__ = ["IntakeLimits", "ask", "parse", "understand"]


def understand(
    kind: Kind, body: bytes, limits: IntakeLimits = DEFAULT_LIMITS, *, conversation_id: str | None = None
) -> Request | Refusal:
    """What a request of one kind asks for, or what is wrong with it."""
    match kind:
        case "embedding":
            return embeddings.parse(body, limits)
        case "image":
            return images.parse(body, limits)
        case _:
            return chat.parse(body, limits, conversation_id=conversation_id)


def ask(
    request: Request,
    caller: Caller,
    kind: Kind,
    at_ms: int,
    confirmed: bool = False,
) -> Ask:
    """The text-free part of a request by `caller`: all that policy may know, and what is recorded."""
    facts = _facts(request)
    wishes: list[tuple[Literal["key", "user"], Wishes]] = [("key", wish) for wish in _of_key(caller)]
    wishes.append(("user", caller.user.wishes))
    modes = [request.options.mode, *[wish.mode for _, wish in wishes]]
    return _new_ask(
        kind=kind,
        asked=request.asked,
        at_ms=at_ms,
        text_bytes=facts.text_bytes,
        message_count=facts.message_count,
        image_count=facts.image_count,
        modalities=facts.modalities,
        tools=facts.tools,
        format=facts.format,
        features=facts.features,
        stream=request.stream,
        output_tokens_max=facts.output_tokens_max,
        n=facts.n,
        plan_id=caller.entitlement.plan_id,
        overrides=caller.entitlement.overrides,
        model_scope=caller.key.model_scope,
        mode=next(filter(None, modes), None),
        avoid=request.options.avoid,
        only=request.options.only,
        max_credits_milli=request.options.max_credits_milli,
        allow_downgrade=request.options.allow_downgrade,
        confirmed=confirmed,
        tokens=facts.tokens,
        largest=facts.largest,
        picture=facts.picture,
        vetoes=tuple([Veto(by, wish.avoid, wish.only) for by, wish in wishes if wish.avoid or wish.only]),
        in_exchange=facts.in_exchange,
    )


def _of_key(caller: Caller) -> tuple[Wishes, ...]:
    if not caller.key.lineage_wishes:
        return (caller.key.wishes,)
    # A key that was rotated has its own wishes in its lineage too.
    return tuple(dict.fromkeys((caller.key.wishes, *caller.key.lineage_wishes)))


def _facts(request: Request) -> Facts:
    match request:
        case Chat():
            return chat.facts(request)
        case Embeddings():
            return embeddings.facts(request)
        case Images():
            return images.facts(request)
        case _:
            assert_never(request)
