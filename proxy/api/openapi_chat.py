"""The two chat surfaces as OpenAPI describes them, written by hand: intake reads their bodies, for a model per field would
refuse what providers learn tomorrow."""

from typing import Any, Final

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_CALL_HEADERS: Final[Json] = {
    name: {"schema": _TEXT, "description": description}
    for name, description in {
        "x-signalbox-call": "Id of the call, for GET /api/calls/{id}.",
        "x-signalbox-assistant": "Assistant that handled it, if one did.",
        "x-signalbox-model": "Model that answers, where it was known when the headers left.",
        "x-signalbox-reason": "Why this model, as a code.",
        "x-signalbox-attempts": "Attempts so far.",
        "x-signalbox-credits": "Credits charged; whole answers only.",
    }.items()
}

CHAT_SCHEMAS: Final[Json] = {
    "SignalboxOptions": {
        "type": "object",
        "additionalProperties": False,
        "description": "Options of this gateway.",
        "properties": {
            "explain": {"type": "boolean", "description": "Tell the decision in plain words with the answer."},
            "mode": {"enum": ["economy", "balanced", "best", "fast"], "description": "What ranking looks at first."},
            "avoid": {"type": "array", "items": _TEXT, "description": "Models, tags or globs that may not answer."},
            "only": {"type": "array", "items": _TEXT, "description": "Models, tags or globs of which one must answer."},
            "max_credits": {"type": ["string", "number"], "description": "Most the call may cost."},
            "allow_downgrade": {"type": "boolean", "description": "Whether cheaper models may go first when credits run low."},
            "confirm": {"type": "string", "description": "Id of the call that asked for confirmation."},
            "conversation_id": {"type": "string", "description": "The conversation that this goes on with: its model stays."},
            "metadata": {"type": "object", "additionalProperties": _TEXT, "description": "Tags for usage by feature."},
        },
    },
    "ChatBody": {
        "type": "object",
        "required": ["messages"],
        "additionalProperties": True,
        "description": "An OpenAI chat completion request. Other known fields pass to the model as they are.",
        "properties": {
            "model": {"type": "string", "description": "A model, assistant, alias or `auto`: any name of GET /v1/models."},
            "models": {"type": "array", "items": _TEXT, "description": "An explicit chain, tried in its order."},
            "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            "stream": {"type": "boolean", "default": False},
            "stream_options": {"type": "object", "properties": {"include_usage": {"type": "boolean"}}},
            "max_tokens": {"type": "integer", "minimum": 1},
            "max_completion_tokens": {"type": "integer", "minimum": 1},
            "n": {"type": "integer", "minimum": 1},
            "signalbox": {"$ref": "#/components/schemas/SignalboxOptions"},
        },
    },
    "ChatAnswer": {
        "type": "object",
        "required": ["id", "object", "created", "model", "choices", "usage"],
        "additionalProperties": True,
        "description": "OpenAI's chat completion. `model` is the model that answered, `id` the call's id.",
        "properties": {
            "id": _TEXT,
            "object": {"const": "chat.completion"},
            "created": {"type": "integer"},
            "model": _TEXT,
            "choices": {"type": "array", "items": {"type": "object"}},
            "usage": {"type": "object"},
            "signalbox": {"type": "object", "description": "Model, reason, attempts and credits of the call."},
        },
    },
    "NativeChatBody": {
        "type": "object",
        "additionalProperties": True,
        "description": "One `message` or a list of `messages`; every other field of a chat completion is understood too. Where"
        " conversations are kept, a `message` is answered with what was said before it, and both are kept unless `store` is"
        " false.",
        "properties": {
            "assistant": {"type": "string", "description": "Who handles it; the conversation's assistant when left out."},
            "model": {"type": "string", "description": "A model in place of an assistant."},
            "message": {"type": ["string", "array"], "description": "One user message: text, or a list of parts."},
            "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
            "conversation_id": {"type": "string", "description": "Continues this conversation, or begins it under this id."},
            "continue": {
                "type": "boolean",
                "description": "In place of a message: the last answer, which broke off, goes on. Where they are kept.",
            },
            "instead": {
                "type": "string",
                "description": "The call whose question and answer this message replaces. Where conversations are kept.",
            },
            "stream": {"type": "boolean", "default": True},
            "signalbox": {"$ref": "#/components/schemas/SignalboxOptions"},
        },
    },
    "NativeChatAnswer": {
        "type": "object",
        "required": ["call", "conversation_id", "model", "credits", "finish_reason", "usage", "message"],
        "additionalProperties": True,
        "properties": {
            "call": _TEXT,
            "created": {"type": "integer"},
            "conversation_id": _TEXT,
            "model": _TEXT,
            "assistant": {"type": ["string", "null"]},
            "reason": _TEXT,
            "attempts": {"type": "integer"},
            "credits": {"type": "string", "description": "A decimal string."},
            "finish_reason": _TEXT,
            "usage": {"type": "object"},
            "message": {
                "type": "object",
                "description": "`text`, `reasoning`, `refusal`, `tool_calls`, as far as there are any.",
            },
        },
    },
}


def operation(operation_id: str, summary: str, tag: str, names: tuple[str, str], stream: str | None) -> Json:
    """One surface of calls: the schemas of its body and answer by name, and what its stream is, if it has one."""
    body, answer = names
    told = "The answer." if stream is None else f"The whole answer, or a stream where it was asked for. {stream}"
    streamed = {} if stream is None else {"text/event-stream": {"schema": _TEXT}}
    return {
        "operationId": operation_id,
        "summary": summary,
        "description": "For keys of kind user, app.",
        "tags": [tag],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}},
        },
        "responses": {
            "200": {
                "description": told,
                "headers": _CALL_HEADERS,
                "content": {
                    "application/json": {"schema": {"$ref": f"#/components/schemas/{answer}"}},
                    **streamed,
                },
            }
        },
    }


CHAT_PATHS: Final[Json] = {
    "/v1/chat/completions": operation(
        "post_v1_chat_completions",
        "A chat completion, whole or streamed",
        "OpenAI",
        ("ChatBody", "ChatAnswer"),
        "Events are OpenAI's chunks and end with `[DONE]`; an error after the first content is one event, without `[DONE]`.",
    ),
    "/api/ai/chat": operation(
        "post_api_ai_chat",
        "A chat that knows assistants and conversations",
        "AI",
        ("NativeChatBody", "NativeChatAnswer"),
        "Typed events: `decision`, `delta`, `usage` as it runs, then `done` or `error`.",
    ),
}
