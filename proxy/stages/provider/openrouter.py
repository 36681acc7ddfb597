"""OpenRouter's dialect: OpenAI's words, with its own for reasoning and for whom it asks in turn, which only we may use."""

from collections.abc import Mapping
from typing import Final

import orjson

from proxy.domain.chat import Answer, Chat, Json, Terms
from proxy.domain.embeddings import Embeddings
from proxy.domain.errors import Fault
from proxy.domain.usage import Kind
from proxy.stages.provider import embeddings
from proxy.stages.provider.adapter import Encoded, Encoder, Reader
from proxy.stages.provider.completions.reader import ChunkReader
from proxy.stages.provider.completions.request import PATH, body_of
from proxy.stages.provider.completions.whole import read_answer
from proxy.stages.provider.faults import classify
from proxy.stages.provider.headers import accepted, request_id

# Its own fields choose model, price, route and extras that are billed apart; none of them is a caller's to set. `models` is
# never sent at all: who comes next is for policy to say, and each candidate is held at its own price.
# https://openrouter.ai/docs/api/reference/overview
_OURS: Final = frozenset(
    {
        "models",
        "provider",
        "route",
        "plugins",
        "transforms",
        "preset",
        "reasoning",
        "include_reasoning",
        "usage",
        "speed",
        "session_id",
        "trace",
    }
)


class OpenRouter:
    """Implements Dialect.

    What it adds to answers is dealt with where all answers are: cost and route stay behind, for the voices rebuild usage and
    let few names through; its comments are comments; its errors inside a 200 are found in chunks and bodies alike.
    """

    def authorization(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    @property
    def encoders(self) -> Mapping[Kind, Encoder]:
        return {"chat": self.encode, "embedding": self.encode_embeddings}

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        body = _routed(body_of(chat, terms), terms)
        effort = body.pop("reasoning_effort", None)
        if effort is not None:
            body["reasoning"] = {"effort": effort}
        return Encoded(PATH, accepted(terms.stream), orjson.dumps(body), self.answer)

    def encode_embeddings(self, request: Embeddings, terms: Terms) -> Encoded:
        """https://openrouter.ai/docs/api/reference/embeddings"""
        body = _routed(embeddings.body_of(request, terms), terms)
        return embeddings.encoded(request, body)

    def reader(self) -> Reader:
        return ChunkReader()

    def answer(self, body: bytes) -> Answer | Fault:
        return read_answer(body)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id(headers)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        return classify(status, headers, body)


def _routed(body: Json, terms: Terms) -> Json:
    """The body without what is ours to say of its route, and with what its provider's row says of it."""
    asked = {name: value for name, value in body.items() if name not in _OURS}
    return {**asked, "provider": terms.routing} if terms.routing else asked
