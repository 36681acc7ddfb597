"""One table row per endpoint off the hot path: who may call it, what it takes and gives; routes and /openapi.json are made
from the same rows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.api.admission import Admission
from proxy.api.body import read_body
from proxy.api.errors import Headers, refusal_body, refusal_headers
from proxy.api.rates import over_rate, quota_headers, take_rates
from proxy.api.services import Services
from proxy.domain.account import Caller, KeyKind
from proxy.domain.errors import Refusal
from proxy.domain.plan import RateClass
from proxy.domain.value import dataclass, replace
from proxy.ports import ClockDoubted, StoreUnavailable, VersionConflict
from proxy.stages.intake.body import read as read_json
from proxy.stages.intake.shapes import invalid

Answer = BaseModel | Response | Refusal
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
# What an endpoint has to do with versions of an object: its answer tells one as `ETag`; it asks for the one that the caller saw
# as `If-Match`; or it needs none, but heeds one that is said. The last two tell the new one, where they answer at all.
Version = Literal["told", "asked", "heeded"]
M = TypeVar("M", bound=BaseModel)
BODY_BYTES_MAX = 1024 * 1024
# What pydantic says in Python's words, for people who write JSON.
_IN_JSON: Final = {
    "extra_forbidden": "There is no such field here",
    "none_required": "Only null can be sent here",
    "decimal_type": "It should be a number or a decimal string",
    "dict_type": "It should be an object",
    "model_type": "It should be an object",
    "model_attributes_type": "It should be an object",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request off the hot path: its caller admitted, its rate taken, its body and queries (if any) checked."""

    services: Services
    request: Request
    caller: Caller
    body: BaseModel | None
    queries: BaseModel | None

    @property
    def actor(self) -> str:
        return f"key:{self.caller.key.id}"

    @property
    def request_id(self) -> str:
        return str(self.request.scope["state"]["request_id"])

    def body_as(self, model: type[M]) -> M:
        """The checked body; `model` is the one its endpoint names."""
        return _as(self.body, model)

    def queries_as(self, model: type[M]) -> M:
        """The checked queries; `model` is the one its endpoint names."""
        return _as(self.queries, model)

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    @property
    def if_match(self) -> str | None:
        """The version the caller saw, without quotes; None when it did not say."""
        value = self.request.headers.get("if-match")
        return value.strip().removeprefix("W/").strip('"') if value else None


Handler = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`path` in Starlette's form (`{id:path}` where ids contain slashes). `kinds` are the key kinds that may call it.

    `body` and `queries` are the models that they must fit, `answer` what a success holds (None: nothing in JSON).
    `takes_prompts` allows a body as large as a chat's. `version` only describes: handlers check and tell it.
    """

    method: Method
    path: str
    handler: Handler
    kinds: tuple[KeyKind, ...]
    summary: str
    tag: str
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    queries: type[BaseModel] | None = None
    rate_class: RateClass = "other"
    status: int = 200
    takes_prompts: bool = False
    version: Version | None = None


def routes(endpoints: Sequence[Endpoint], services: Services) -> list[Route]:
    """One route per path, so that a wrong method is answered with all the right ones."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [Route(path, _served(methods, services), methods=list(methods)) for path, methods in by_path.items()]


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """For an answer that carries headers of its own, an ETag for one."""
    content = orjson.dumps(value, default=_plain)
    return Response(content, status, headers, media_type="application/json")


def refusal_response(refusal: Refusal) -> Response:
    response = Response(refusal_body(refusal), refusal.status)
    response.raw_headers.extend(refusal_headers(refusal))
    return response


def unavailable(error: StoreUnavailable) -> Refusal:
    """The store's outage, or its doubt of the time, as people hear it."""
    away = "The gateway cannot reach its store right now. Try again shortly."
    message = str(error) if isinstance(error, ClockDoubted) else away
    return Refusal("store_unavailable", message, retry_after_s=error.retry_after_s)


def _served(methods: Mapping[str, Endpoint], services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        endpoint = methods["GET" if request.method == "HEAD" else request.method]
        headers, answer = await _answer(endpoint, services, request)
        response = _response(endpoint, answer)
        response.raw_headers.extend(headers)
        return response

    return serve


async def _answer(endpoint: Endpoint, services: Services, request: Request) -> tuple[Headers, Answer]:
    client = request.client.host if request.client else ""
    admission = Admission(services, request.method, dict(request.headers.raw), client)
    caller = await admission.admit(endpoint.kinds)
    if isinstance(caller, Refusal):
        return [], caller
    quota = await take_rates(services.limiter, caller, services.catalog.current(), endpoint.rate_class)
    visit = over_rate(quota) or await _visit(endpoint, services, request, caller)
    if isinstance(visit, Visit):
        still = await admission.still(caller, endpoint.kinds)
        visit = still if isinstance(still, Refusal) else replace(visit, caller=still)
    return quota_headers(quota), visit if isinstance(visit, Refusal) else await _handled(endpoint, visit)


async def _handled(endpoint: Endpoint, visit: Visit) -> Answer:
    try:
        return await endpoint.handler(visit)
    except StoreUnavailable as error:
        return unavailable(error)
    except VersionConflict:
        if visit.if_match is None:
            return Refusal("conflict", "It exists already, or somebody changed it at this moment. Read it, then try again.")
        return Refusal(
            "precondition_failed", "Somebody changed this since you read it. Read it again, then repeat your change."
        )


async def _visit(endpoint: Endpoint, services: Services, request: Request, caller: Caller) -> Visit | Refusal:
    queries = _fitted(endpoint.queries, dict(request.query_params), "query")
    if isinstance(queries, Refusal):
        return queries
    body = await _body(endpoint, services, request)
    if isinstance(body, Refusal):
        return body
    return Visit(services, request, caller, body, queries)


async def _body(endpoint: Endpoint, services: Services, request: Request) -> BaseModel | Refusal | None:
    if endpoint.method in ("GET", "DELETE"):
        return None
    bytes_max = services.knobs.body_bytes_max if endpoint.takes_prompts else BODY_BYTES_MAX
    raw = await read_body(request.receive, dict(request.headers.raw), bytes_max)
    if raw is None:
        return Refusal("invalid_request", "The connection ended before the body did.")
    if endpoint.body is None or isinstance(raw, Refusal):
        return raw if isinstance(raw, Refusal) else None
    value = read_json(raw or b"{}", services.knobs.intake)
    return value if isinstance(value, Refusal) else _fitted(endpoint.body, value, "body")


def _fitted(model: type[BaseModel] | None, value: Mapping[str, Any], whole: str) -> BaseModel | Refusal | None:
    if model is None:
        return None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        says = _IN_JSON.get(first["type"], first["msg"].removeprefix("Value error, "))
        return invalid(where or whole, f"{says}.")


def _as(value: BaseModel | None, model: type[M]) -> M:
    if not isinstance(value, model):
        raise TypeError(f"the endpoint does not take {model.__name__}")
    return value


def _response(endpoint: Endpoint, answer: Answer) -> Response:
    if isinstance(answer, Refusal):
        return refusal_response(answer)
    if isinstance(answer, Response):
        return answer
    return Response(answer.model_dump_json(by_alias=True), endpoint.status, media_type="application/json")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    raise TypeError(type(value).__name__)
