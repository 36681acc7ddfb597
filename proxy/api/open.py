"""Endpoints that need no key: whether we live, whether we are ready, the metrics and the description of the API; raw cost
only to those who prove they may see it."""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.api.endpoint import json_response, refusal_response, unavailable
from proxy.api.services import Services
from proxy.domain.errors import Refusal
from proxy.domain.value import dataclass
from proxy.ports import ClockDoubted

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_UNREADY = "The gateway takes no calls now: it is starting, stopping, or cannot reach its store."

OpenHandler = Callable[[Services, Request], Awaitable[Response | Refusal]]


@dataclass(frozen=True, slots=True)
class OpenEndpoint:
    """A GET that anybody may send."""

    path: str
    handler: OpenHandler
    summary: str
    media_type: str = "application/json"


def open_routes(services: Services) -> list[Route]:
    return [Route(e.path, _served(e.handler, services), methods=["GET"]) for e in OPEN_ENDPOINTS]


def _served(handler: OpenHandler, services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        answer = await handler(services, request)
        return refusal_response(answer) if isinstance(answer, Refusal) else answer

    return serve


async def _livez(_services: Services, _request: Request) -> Response:
    return json_response({"status": "live"})


async def _readyz(services: Services, _request: Request) -> Response | Refusal:
    if services.timekeeping.doubt is not None:
        return unavailable(ClockDoubted())
    if services.is_ready():
        return json_response({"status": "ready"})
    return Refusal("shutting_down", _UNREADY, retry_after_s=1)


async def _metrics(services: Services, request: Request) -> Response | Refusal:
    proven = await _may_see_cost(services, request)
    if isinstance(proven, Refusal):
        return proven
    return Response(services.render_metrics(proven), media_type=METRICS_TYPE)


async def _may_see_cost(services: Services, request: Request) -> bool | Refusal:
    """Whoever says nothing sees no cost; whoever shows something wrong is told so, or a scraper would lose figures
    in silence."""
    given = request.headers.get("authorization")
    if given is None:
        return False
    token = services.knobs.metrics_token
    if token is not None and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    headers = dict(request.headers.raw)
    address = services.gate.address(headers, request.client.host if request.client else "")
    caller = await services.gate.admit(headers, address, ("admin",))
    return caller if isinstance(caller, Refusal) else True


async def _openapi(_services: Services, request: Request) -> Response:
    return json_response(request.app.state.openapi())


OPEN_ENDPOINTS = (
    OpenEndpoint("/livez", _livez, "Whether the process lives"),
    OpenEndpoint("/readyz", _readyz, "Whether calls can be taken"),
    OpenEndpoint(
        "/metrics", _metrics, "Prometheus metrics; raw cost only with an admin key or the metrics token", METRICS_TYPE
    ),
    OpenEndpoint("/openapi.json", _openapi, "This description of the API"),
)
