"""Every endpoint off the hot path: services in, one application for users, apps, staff and probes out."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.applications import Starlette

from proxy.api import admin, moderations, native, openai, sign_in
from proxy.api.endpoint import Endpoint
from proxy.api.front import ASGIApp
from proxy.api.openapi import describe
from proxy.api.rest import build_rest
from proxy.api.services import Services

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *openai.ENDPOINTS,
    *moderations.ENDPOINTS,
    *native.ENDPOINTS,
    *admin.ENDPOINTS,
    *sign_in.ENDPOINTS,
)


def build_offices(services: Services, hot: Mapping[str, ASGIApp]) -> Starlette:
    """`hot` are the applications that the door serves itself."""
    return build_rest(services, ENDPOINTS, hot, partial(describe, ENDPOINTS))
