"""Everything off the hot path as one Starlette application: rows in, routes out; unknown paths, wrong methods and defects
are answered in our error shape."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.api.console import Console
from proxy.api.endpoint import Endpoint, refusal_response, routes
from proxy.api.errors import defect, not_found, wrong_method
from proxy.api.front import ASGIApp
from proxy.api.open import open_routes
from proxy.api.services import Services


def build_rest(
    services: Services, endpoints: Sequence[Endpoint], hot: Mapping[str, ASGIApp], openapi: Callable[[], Mapping[str, Any]]
) -> Starlette:
    """`hot` are the applications that the door serves itself: here they only tell which method is right. `openapi` describes
    the API when somebody asks."""
    app = Starlette(
        routes=[
            *open_routes(services),
            *Console().routes(),
            *(Route(path, application, methods=["POST"]) for path, application in hot.items()),
            *routes(endpoints, services),
        ],
        exception_handlers={HTTPException: _unserved, Exception: _defect},
    )
    # The door has taken trailing slashes off; a path that is unknown now stays unknown.
    app.router.redirect_slashes = False
    app.state.openapi = openapi
    return app


async def _unserved(request: Request, error: Exception) -> Response:
    allowed = dict(getattr(error, "headers", None) or {}).get("Allow")
    if allowed is None:
        return refusal_response(not_found(request.url.path))
    methods = ", ".join(sorted(allowed.split(", ")))
    response = refusal_response(wrong_method(request.method, methods))
    response.headers["allow"] = methods
    return response


async def _defect(request: Request, _error: Exception) -> Response:
    """Answers; Starlette raises the error again, so that the door logs it."""
    return refusal_response(defect(str(request.scope["state"]["request_id"])))
