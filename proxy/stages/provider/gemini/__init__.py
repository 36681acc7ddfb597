"""Gemini's generateContent dialect: ties requests, streams, whole answers and usage to its paths and its key header."""

from collections.abc import Mapping

import orjson

from proxy.domain.chat import Answer, Chat, Terms
from proxy.domain.errors import Fault
from proxy.domain.usage import Kind
from proxy.stages.provider.adapter import Encoded, Encoder, Reader
from proxy.stages.provider.faults import classify
from proxy.stages.provider.gemini.request import body_of
from proxy.stages.provider.gemini.stream import StreamReader
from proxy.stages.provider.gemini.whole import read_answer
from proxy.stages.provider.headers import accepted, request_id


class Gemini:
    """Implements Dialect."""

    def authorization(self, key: str) -> Mapping[str, str]:
        return {"x-goog-api-key": key}

    @property
    def encoders(self) -> Mapping[Kind, Encoder]:
        return {"chat": self.encode}

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        """The catalog lets no upstream name through that would not fit into a path."""
        method = "streamGenerateContent?alt=sse" if terms.stream else "generateContent"
        path = f"/models/{terms.upstream_name}:{method}"
        return Encoded(path, accepted(terms.stream), orjson.dumps(body_of(chat, terms)), self.answer)

    def reader(self) -> Reader:
        return StreamReader()

    def answer(self, body: bytes) -> Answer | Fault:
        return read_answer(body)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id(headers)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        return classify(status, headers, body)
