"""The embeddings and images surfaces as OpenAPI describes them, written by hand for the same reason as those of chat."""

from typing import Any, Final

from proxy.api.openapi_chat import operation

Json = dict[str, Any]

_TEXT: Final[Json] = {"type": "string"}
_WHOLE: Final[Json] = {"type": "integer"}
_ASKED: Final[Json] = {
    "model": {"type": "string", "description": "A model of this kind or an alias: a name of GET /v1/models."},
    "models": {"type": "array", "items": _TEXT, "description": "An explicit chain, tried in its order."},
    "signalbox": {"$ref": "#/components/schemas/SignalboxOptions"},
}
_SIGNALBOX: Final[Json] = {"type": "object", "description": "Model, reason, attempts and credits of the call."}

KIND_SCHEMAS: Final[Json] = {
    "EmbeddingsBody": {
        "type": "object",
        "required": ["input"],
        "additionalProperties": True,
        "description": "An OpenAI embeddings request.",
        "properties": {
            **_ASKED,
            "input": {
                "description": "A text, or tokens in its place; or a list of either, each of which becomes a vector.",
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
                    {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
                    {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1, "items": _WHOLE}},
                ],
            },
            "encoding_format": {"enum": ["float", "base64"], "default": "float"},
            "dimensions": {"type": "integer", "minimum": 1},
            "user": _TEXT,
        },
    },
    "EmbeddingsAnswer": {
        "type": "object",
        "required": ["object", "data", "model", "usage"],
        "additionalProperties": True,
        "description": "OpenAI's list of embeddings. `model` is the model that answered.",
        "properties": {
            "object": {"const": "list"},
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["object", "index", "embedding"],
                    "properties": {
                        "object": {"const": "embedding"},
                        "index": _WHOLE,
                        "embedding": {
                            "description": "Numbers, or base64 of little-endian 32-bit floats.",
                            "anyOf": [{"type": "array", "items": {"type": "number"}}, _TEXT],
                        },
                    },
                },
            },
            "model": _TEXT,
            "usage": {"type": "object"},
            "signalbox": _SIGNALBOX,
        },
    },
    "ImagesBody": {
        "type": "object",
        "required": ["prompt"],
        "additionalProperties": True,
        "description": "An OpenAI image request.",
        "properties": {
            **_ASKED,
            "prompt": {"type": "string", "minLength": 1},
            "n": {"type": "integer", "minimum": 1, "default": 1, "description": "Within the plan's bound on answers."},
            "size": {"type": "string", "description": "A size that the model is priced by; `auto` is its usual one."},
            "quality": {"type": "string", "description": "A quality that the model is priced by; `auto` is its usual one."},
            "response_format": {"enum": ["url", "b64_json"]},
            "user": _TEXT,
        },
    },
    "ImagesAnswer": {
        "type": "object",
        "required": ["created", "model", "data", "usage"],
        "additionalProperties": True,
        "description": "OpenAI's images. `model` is the model that answered.",
        "properties": {
            "created": _WHOLE,
            "model": _TEXT,
            "data": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"b64_json": _TEXT, "url": _TEXT, "revised_prompt": _TEXT},
                },
            },
            "usage": {"type": "object", "description": "Tokens of the prompt, and how many `images` were made."},
            "signalbox": _SIGNALBOX,
        },
    },
}

KIND_PATHS: Final[Json] = {
    "/v1/embeddings": operation(
        "post_v1_embeddings",
        "Vectors of texts",
        "OpenAI",
        ("EmbeddingsBody", "EmbeddingsAnswer"),
        None,
    ),
    "/v1/images/generations": operation(
        "post_v1_images_generations",
        "Images of a prompt",
        "OpenAI",
        ("ImagesBody", "ImagesAnswer"),
        None,
    ),
}
