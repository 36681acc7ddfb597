"""Claims about /openapi.json: it describes every path that is served and no other, and it is well formed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from starlette.routing import Match, Route

from proxy.api.offices import ENDPOINTS, build_offices
from proxy.api.openapi import describe, plain_path
from tests.api.house import House

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
# What OpenAPI 3.1 asks of a document, as far as we use it: https://spec.openapis.org/oas/v3.1.0
OPERATION: dict[str, Any] = {
    "type": "object",
    "required": ["operationId", "summary", "tags", "responses"],
    "properties": {
        "operationId": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "summary": {"type": "string", "minLength": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "in", "required", "schema"],
                "properties": {"in": {"enum": ["path", "query", "header"]}, "required": {"type": "boolean"}},
            },
        },
        "requestBody": {"type": "object", "required": ["content"]},
        "responses": {
            "type": "object",
            "required": ["default"],
            "minProperties": 2,
            "patternProperties": {"^(default|[1-5][0-9][0-9])$": {"type": "object"}},
            "additionalProperties": False,
        },
    },
}
DOCUMENT: dict[str, Any] = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components", "security"],
    "properties": {
        "openapi": {"const": "3.1.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "type": "object",
            "patternProperties": {
                "^/": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"enum": sorted(METHODS)},
                    "additionalProperties": OPERATION,
                }
            },
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    described: dict[str, Any] = json.loads(json.dumps(describe(ENDPOINTS)))
    return described


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def served(house: House) -> list[Route]:
    """The API's routes; the console's pages are no part of it."""
    return [
        route
        for route in build_offices(house.parts, house.front.hot).routes
        if isinstance(route, Route) and not route.path.startswith(("/ui", "/docs"))
    ]


async def test_it_is_served_as_it_is_made_and_needs_no_key(house: House, document: dict[str, Any]) -> None:
    answer = await house.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document


async def test_it_describes_every_route_and_no_other(house: House, document: dict[str, Any]) -> None:
    routes = {
        (plain_path(route.path), method.lower()) for route in served(house) for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == {(path, method) for path, method, _ in operations(document)}


async def test_every_described_path_reaches_its_own_route(house: House, document: dict[str, Any]) -> None:
    for path, method, _ in operations(document):
        scope = {"type": "http", "method": method.upper(), "path": re.sub(r"\{\w+\}", "x", path)}
        hit = next(route for route in served(house) if route.matches(scope)[0] is Match.FULL)
        assert plain_path(hit.path) == path, (method, path)


def test_the_document_is_well_formed(document: dict[str, Any]) -> None:
    jsonschema.validate(document, DOCUMENT)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_schema_is_a_schema_with_a_name_of_its_own(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert "__" not in name
        jsonschema.Draft202012Validator.check_schema(schema)


def test_path_parameters_are_those_of_the_path(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        named = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_query_is_explained(document: dict[str, Any]) -> None:
    unexplained = [
        (path, parameter["name"])
        for path, _, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and not path.startswith("/api/admin") and not parameter.get("description")
    ]
    assert unexplained == []


def test_versions_are_described_where_they_are_asked_for_and_told(document: dict[str, Any]) -> None:
    asked = {
        (method, path)
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "If-Match"
    }
    rows = [f"/api/admin/{plural}/{{id}}" for plural in ("models", "assistants", "plans", "aliases")]
    others = [f"/api/admin/{path}" for path in ("providers/{id}", "policy", "users/{id}", "apps/{id}")]
    entitlement = ("put", "/api/admin/users/{id}/entitlement")
    assert asked == {
        *((method, path) for path in rows for method in ("patch", "delete")),
        *(("patch", path) for path in others),
        entitlement,
        ("post", "/api/admin/models/{id}/activate"),
    }
    for path in (*rows, *others, entitlement[1]):
        assert "etag" in document["paths"][path]["get"]["responses"]["200"]["headers"], path


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/v1/models?include=unavailable", "ModelList"),
        ("/api/ai/models", "Picker"),
        ("/api/me", "Me"),
        ("/api/plans", "PlanList"),
        ("/api/usage", "OwnUsage"),
        ("/api/calls", "CallPage"),
        ("/api/keys", "OwnKeys"),
        ("/api/plan-requests", "RequestList"),
        ("/api/calls/nobody", "Error"),
    ],
)
async def test_answers_are_as_described(house: House, document: dict[str, Any], path: str, schema: str) -> None:
    key = await house.user_key()
    await house.chat(key)
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate((await house.get(path, key)).json(), whole)


@pytest.mark.parametrize(
    ("path", "body", "schema"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi."}], "model": "auto"}, "ChatAnswer"),
        ("/api/ai/chat", {"message": "Hi.", "stream": False}, "NativeChatAnswer"),
        ("/api/ai/precheck", {"prompt": "Hi."}, "Precheck"),
        ("/api/ai/estimate", {"prompt": "Hi."}, "Estimate"),
    ],
)
async def test_calls_are_answered_as_described(
    house: House, document: dict[str, Any], path: str, body: dict[str, Any], schema: str
) -> None:
    asked = {"/v1/chat/completions": "ChatBody", "/api/ai/chat": "NativeChatBody"}
    jsonschema.validate(
        body, {"$ref": f"#/components/schemas/{asked.get(path, 'PrecheckGiven')}", "components": document["components"]}
    )
    answer = await house.post(path, await house.user_key(), body)
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    jsonschema.validate(answer.json(), whole)
