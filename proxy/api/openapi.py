"""Endpoint rows in, an OpenAPI 3.1 description out; describes every path we serve and nothing else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from proxy import __version__
from proxy.api.endpoint import Endpoint
from proxy.api.idempotency import KEY_CHARS_MAX
from proxy.api.open import OPEN_ENDPOINTS, OpenEndpoint
from proxy.api.openapi_chat import CHAT_PATHS, CHAT_SCHEMAS
from proxy.api.openapi_kinds import KIND_PATHS, KIND_SCHEMAS
from proxy.domain.errors import STATUS, ErrorCode

Json = dict[str, Any]

_PARAMETER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_REF: Final = "#/components/schemas/{model}"
_ABOUT: Final = (
    "An OpenAI-compatible gateway. Money is in credits: decimal strings with up to three decimals. Moments ending in `_ms` are "
    "milliseconds since 1970, UTC. Every answer carries `x-request-id`; every error has the same shape."
)
_END_USER: Final[Json] = {
    "name": "X-Signalbox-User",
    "in": "header",
    "required": False,
    "description": "On app keys: the end user that the app acts for, by the app's own name of it.",
    "schema": {"type": "string", "maxLength": 256},
}
_IDEMPOTENCY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names the request, so that sending it again within a day neither makes nor charges it again: while it runs "
    "`in_progress`, afterwards the same answer while that is kept, else `answer_gone`. A call that cost nothing frees its key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX},
}
_IF_MATCH: Final[Json] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that reading it gave you. An object that stands there is not changed without it "
    "(`precondition_required`), nor where somebody changed it since (`precondition_failed`).",
    "schema": {"type": "string"},
}
_HEEDED: Final[Json] = _IF_MATCH | {
    "description": "The `ETag` that reading it gave you. It may be left out; who sends an old one gets `precondition_failed`."
}
_ETAG: Final[Json] = {"etag": {"schema": {"type": "string"}, "description": "Its version from now on; send it as `If-Match`."}}
_ERROR: Final[Json] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string", "description": "What was wrong and what would fix it."},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"], "description": "The field that was wrong."},
                "code": {"type": "string", "enum": list(get_args(ErrorCode))},
            },
            "additionalProperties": True,
        }
    },
}
_REFUSED: Final[Json] = {
    "description": "An error. Which code comes with which status: "
    + "; ".join(f"`{code}` {status}" for code, status in STATUS.items()),
    "headers": {
        "retry-after": {"schema": {"type": "integer"}, "description": "Seconds to wait, where that helps."},
        "x-should-retry": {"schema": {"type": "boolean"}, "description": "Whether trying again can help, where we know."},
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}


@cache
def describe(endpoints: tuple[Endpoint, ...]) -> Json:
    """The whole document, for reading alone: the hot and the open paths are added to the rows. Made once in a process, and not
    before it is asked for: its schemas take a tenth of a second."""
    names, schemas = _schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(plain_path(endpoint.path), {})[endpoint.method.lower()] = _operation(endpoint, names)
    for path, operation in (CHAT_PATHS | KIND_PATHS).items():
        paths[path] = {"post": _call(operation)}
    for open_endpoint in OPEN_ENDPOINTS:
        paths[open_endpoint.path] = {"get": _open(open_endpoint)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Signalbox", "version": __version__, "description": _ABOUT},
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_tags(paths))],
        "paths": paths,
        "components": {
            "schemas": {**schemas, **CHAT_SCHEMAS, **KIND_SCHEMAS, "Error": _ERROR},
            "responses": {"Refused": _REFUSED},
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key: sb_KIND_…"},
            },
        },
    }


def plain_path(path: str) -> str:
    """Starlette's path without its converters: `{id:path}` is `{id}`."""
    return _PARAMETER.sub(r"{\1}", path)


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Mapping[type[BaseModel], Json], Json]:
    """Where each body and answer is described, and the descriptions themselves."""
    bodies = dict.fromkeys(e.body for e in endpoints if e.body is not None)
    answers = dict.fromkeys(e.answer for e in endpoints if e.answer is not None)
    asked: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "validation") for model in bodies),
        *((model, "serialization") for model in answers),
    ]
    refs, document = models_json_schema(asked, ref_template=_REF)
    return {model: refs[model, mode] for model, mode in asked}, document.get("$defs", {})


def _operation(endpoint: Endpoint, names: Mapping[type[BaseModel], Json]) -> Json:
    described: Json = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "description": f"For keys of kind {', '.join(endpoint.kinds)}.",
        "tags": [endpoint.tag],
        "parameters": _parameters(endpoint),
        "responses": {
            str(endpoint.status): _answer(endpoint, names),
            "default": {"$ref": "#/components/responses/Refused"},
        },
    }
    if endpoint.body is not None:
        described["requestBody"] = _body(names[endpoint.body], required=_needs_body(endpoint.body))
    return described


def _call(operation: Mapping[str, Any]) -> Json:
    refused = {"$ref": "#/components/responses/Refused"}
    return {**operation, "parameters": [_END_USER, _IDEMPOTENCY], "responses": {**operation["responses"], "default": refused}}


def _open(endpoint: OpenEndpoint) -> Json:
    return {
        "operationId": endpoint.path.strip("/").replace(".", "_"),
        "summary": endpoint.summary,
        "tags": ["Operation"],
        "security": [{}, {"key": []}],
        "responses": {
            "200": {"description": "OK", "content": {endpoint.media_type: {"schema": {}}}},
            "default": {"$ref": "#/components/responses/Refused"},
        },
    }


def _parameters(endpoint: Endpoint) -> list[Json]:
    of_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    acting = [_END_USER] if "app" in endpoint.kinds else []
    versioned = {"asked": [_IF_MATCH], "heeded": [_HEEDED]}.get(endpoint.version or "", [])
    return [*of_path, *_queries(endpoint.queries), *acting, *versioned]


def _queries(model: type[BaseModel] | None) -> list[Json]:
    if model is None:
        return []
    schema = model.model_json_schema(ref_template=_REF)
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            **({"description": field["description"]} if "description" in field else {}),
            "schema": {key: value for key, value in field.items() if key not in ("title", "description")},
        }
        for name, field in schema["properties"].items()
    ]


def _answer(endpoint: Endpoint, names: Mapping[type[BaseModel], Json]) -> Json:
    if endpoint.answer is None:
        return {"description": "OK"}
    told = {} if endpoint.version is None else {"headers": _ETAG}
    return {"description": "OK", **told, "content": {"application/json": {"schema": names[endpoint.answer]}}}


def _body(schema: Json, required: bool) -> Json:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _needs_body(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _operation_id(endpoint: Endpoint) -> str:
    words = [word for word in re.split(r"\W+", plain_path(endpoint.path)) if word]
    return "_".join([endpoint.method.lower(), *words])


def _tags(paths: Mapping[str, Json]) -> Iterable[str]:
    return (tag for methods in paths.values() for operation in methods.values() for tag in operation["tags"])
