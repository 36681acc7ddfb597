"""The whole gateway as one ASGI application: services in, the door with the calls behind it out, and the offices behind them,
which open when somebody comes."""

from collections.abc import Callable, Mapping
from functools import partial

from proxy.api.chat import Line, Surface, embeddings_manner, images_manner, openai_manner
from proxy.api.front import ASGIApp, Front
from proxy.api.later import Later
from proxy.api.native_chat import NativeManner
from proxy.api.services import Services

Offices = Callable[[Services, Mapping[str, ASGIApp]], ASGIApp]


def build_gateway(services: Services, offices: Offices) -> Front:
    """What a server is given; one per process. `offices` builds what is off the hot path; it is called in a thread."""
    lines = (
        Line("POST /v1/chat/completions", "chat", "chat", openai_manner),
        Line("POST /v1/embeddings", "embedding", "embeddings", embeddings_manner),
        Line("POST /v1/images/generations", "image", "images", images_manner),
        Line("POST /api/ai/chat", "chat", "chat", NativeManner(services)),
    )
    hot: dict[str, ASGIApp] = {line.route.removeprefix("POST "): Surface(services, line) for line in lines}
    return Front(hot, Later(partial(offices, services, hot)), services.ids)
