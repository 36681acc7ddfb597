"""The whole gateway as one ASGI application: services in, the door with both kinds of paths behind it out."""

from functools import partial
from typing import Final

from proxy.api import admin, moderations, native, openai, sign_in
from proxy.api.chat import Line, Surface, embeddings_manner, images_manner, openai_manner
from proxy.api.endpoint import Endpoint
from proxy.api.front import ASGIApp, Front
from proxy.api.native_chat import NativeManner
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


def build_gateway(services: Services) -> Front:
    """What a server is given; one per process."""
    lines = (
        Line("POST /v1/chat/completions", "chat", "chat", openai_manner),
        Line("POST /v1/embeddings", "embedding", "embeddings", embeddings_manner),
        Line("POST /v1/images/generations", "image", "images", images_manner),
        Line("POST /api/ai/chat", "chat", "chat", NativeManner(services)),
    )
    hot: dict[str, ASGIApp] = {line.route.removeprefix("POST "): Surface(services, line) for line in lines}
    return Front(hot, build_rest(services, ENDPOINTS, hot, partial(describe, ENDPOINTS)), services.ids)
