"""The whole gateway as one ASGI application: services in, the door with both kinds of paths behind it out."""

from typing import Final

from proxy.api import admin, native, openai
from proxy.api.chat import ChatSurface, openai_manner
from proxy.api.endpoint import Endpoint
from proxy.api.front import ASGIApp, Front
from proxy.api.native_chat import NativeManner
from proxy.api.openapi import describe
from proxy.api.rest import build_rest
from proxy.api.services import Services

ENDPOINTS: Final[tuple[Endpoint, ...]] = (*openai.ENDPOINTS, *native.ENDPOINTS, *admin.ENDPOINTS)


def build_gateway(services: Services) -> Front:
    """What a server is given; one per process."""
    hot: dict[str, ASGIApp] = {
        "/v1/chat/completions": ChatSurface(services, "POST /v1/chat/completions", openai_manner),
        "/api/ai/chat": ChatSurface(services, "POST /api/ai/chat", NativeManner(services)),
    }
    return Front(hot, build_rest(services, ENDPOINTS, hot, describe(ENDPOINTS)), services.ids)
