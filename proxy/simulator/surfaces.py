"""A path in, the surface of a provider that it belongs to out: dialect, how a key is shown, where model and stream stand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from proxy.simulator.connection import Request
from proxy.simulator.dialects import anthropic, embeddings, gemini, images, moderations, openai, openrouter
from proxy.simulator.dialects.dialect import Dialect, DialectName, Json, Refused
from proxy.simulator.dialects.gemini_request import addressed
from proxy.simulator.prompt import Prompt

# Names to list; any other name is answered as well.
MODELS: Final = ("sim-small", "sim-large", "sim-coder", "sim-reason", "sim-vision")
# Where each dialect's API begins under a simulator's address.
BASE_PATHS: Final[Mapping[DialectName, str]] = {
    "openai": "/v1",
    "openrouter": "/api/v1",
    "anthropic": "/v1",
    "gemini": "/v1beta",
}
_PAGE_ROWS: Final = 20
_GEMINI_CALL: Final = re.compile(r"/v1beta/models/(?P<model>.+):(?P<method>generateContent|streamGenerateContent)")


@dataclass(frozen=True, slots=True)
class Surface:
    """One kind of call at one provider. `model` and `stream` are what the path says of them, None where the body does."""

    name: DialectName
    dialect: Dialect
    model: str | None = None
    stream: bool = False

    def read(self, request: Request, body: object) -> Prompt | Refused:
        """The prompt of a request."""
        if self.name == "anthropic" and "anthropic-version" not in request.headers:
            return Refused(400, "invalid_request_error", None, "anthropic-version: header is required")
        prompt = self.dialect.read(body)
        if self.model is None or isinstance(prompt, Refused):
            return prompt
        return addressed(prompt, self.model, self.stream)


_SURFACES: Final[Mapping[str, Surface]] = {
    "/v1/chat/completions": Surface("openai", openai),
    "/v1/embeddings": Surface("openai", embeddings),
    "/v1/images/generations": Surface("openai", images),
    "/v1/moderations": Surface("openai", moderations),
    "/api/v1/chat/completions": Surface("openrouter", openrouter),
    "/api/v1/embeddings": Surface("openrouter", embeddings),
    "/v1/messages": Surface("anthropic", anthropic),
}


def surface_of(path: str) -> Surface | None:
    """The surface of a path that calls are made to. Gemini names model and method in it."""
    found = _GEMINI_CALL.fullmatch(path)
    if found is not None:
        return Surface("gemini", gemini, found["model"], found["method"] == "streamGenerateContent")
    return _SURFACES.get(path)


def listing_of(request: Request) -> Json | None:
    """The list of models at a path, in the shape of its provider; None where none is listed."""
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    match request.path:
        case "/v1/models" if "anthropic-version" in request.headers:
            return anthropic.models(MODELS, query.get("after_id"), _limit(query.get("limit")))
        case "/v1/models":
            return openai.models(MODELS)
        case "/api/v1/models":
            return openrouter.models(MODELS)
        case "/v1beta/models":
            return gemini.models(MODELS, query.get("pageToken"), _limit(query.get("pageSize")))
    return None


def dialect_at(request: Request) -> Dialect:
    """Whose errors a path speaks, a listing's or an unknown one's too."""
    surface = surface_of(request.path)
    if surface is not None:
        return surface.dialect
    if "anthropic-version" in request.headers:
        return anthropic
    starts: tuple[tuple[str, Dialect], ...] = (("/v1beta/", gemini), ("/api/v1/", openrouter))
    return next((dialect for start, dialect in starts if request.path.startswith(start)), openai)


def key_of(request: Request) -> str:
    """The key that a request shows, wherever its dialect shows it; empty without one."""
    shown = request.headers
    bearer = shown.get("authorization", "").removeprefix("Bearer ")
    in_query = parse_qs(request.query).get("key", [""])[-1]
    return bearer or shown.get("x-api-key", "") or shown.get("x-goog-api-key", "") or in_query


def _limit(given: str | None) -> int:
    return int(given) if given is not None and given.isdigit() and int(given) > 0 else _PAGE_ROWS
