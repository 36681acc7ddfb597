"""OpenAI's dialect, which most providers speak: ties the completion format to a path, a key header and its faults."""

from collections.abc import Mapping

import orjson

from proxy.domain.chat import Answer, Chat, Terms
from proxy.domain.errors import Fault
from proxy.domain.usage import Kind
from proxy.stages.provider import embeddings, images
from proxy.stages.provider.adapter import Encoded, Encoder, Reader
from proxy.stages.provider.completions.reader import ChunkReader
from proxy.stages.provider.completions.request import PATH, body_of
from proxy.stages.provider.completions.whole import read_answer
from proxy.stages.provider.faults import classify
from proxy.stages.provider.headers import accepted, request_id


class OpenAI:
    """Implements Dialect."""

    def authorization(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    @property
    def encoders(self) -> Mapping[Kind, Encoder]:
        return {"chat": self.encode, "embedding": embeddings.encode, "image": images.encode}

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        return Encoded(PATH, accepted(terms.stream), orjson.dumps(body_of(chat, terms)), self.answer)

    def reader(self) -> Reader:
        return ChunkReader()

    def answer(self, body: bytes) -> Answer | Fault:
        return read_answer(body)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id(headers)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        return classify(status, headers, body)
