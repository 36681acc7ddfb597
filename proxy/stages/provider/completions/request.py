"""A chat and the terms of one candidate in, a request in OpenAI's words out; never passes a choice that is ours."""

from typing import Final

from proxy.domain.chat import Chat, Json, Terms

PATH: Final = "/chat/completions"
# What only we may say upstream: which model, how much, how it is delivered, and on whose behalf.
_OURS: Final = frozenset(
    {
        "model",
        "models",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "user",
        "safety_identifier",
        "store",
        "service_tier",
        "metadata",
        "signalbox",
    }
)


def body_of(chat: Chat, terms: Terms) -> Json:
    """The body is written anew from parsed values (contract 7). The output bound is always in it (contract 5), under the
    name that the provider takes; a stream always asks for usage, whether or not the caller did."""
    body = _passed(chat, terms)
    body["model"] = terms.upstream_name
    body["messages"] = _messages(chat, terms.system_prompt)
    body[terms.output_bound] = terms.output_tokens_max
    if chat.n > 1:
        body["n"] = chat.n
    if terms.end_user_hash is not None:
        body["user"] = terms.end_user_hash
    if terms.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def _passed(chat: Chat, terms: Terms) -> Json:
    given = {**chat.unknown, **chat.fields} if terms.passes_unknown else chat.fields
    return {name: value for name, value in given.items() if name not in _OURS}


def _messages(chat: Chat, system_prompt: str | None) -> list[Json]:
    ours: list[Json] = [] if system_prompt is None else [{"role": "system", "content": system_prompt}]
    return [*ours, *chat.messages]
