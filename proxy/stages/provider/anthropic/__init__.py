"""Anthropic's Messages dialect: ties requests, streams, whole answers and usage to a path, a key header and its version."""

from collections.abc import Mapping
from typing import Final

import orjson

from proxy.domain.chat import Answer, Chat, Terms
from proxy.domain.errors import Fault
from proxy.domain.usage import Kind
from proxy.stages.provider.adapter import Encoded, Encoder, Reader
from proxy.stages.provider.anthropic.request import body_of
from proxy.stages.provider.anthropic.stream import StreamReader
from proxy.stages.provider.anthropic.whole import read_answer
from proxy.stages.provider.faults import classify
from proxy.stages.provider.headers import accepted, request_id

# https://platform.claude.com/docs/en/api/versioning
VERSION: Final = "2023-06-01"


class Anthropic:
    """Implements Dialect."""

    def authorization(self, key: str) -> Mapping[str, str]:
        return {"x-api-key": key}

    @property
    def encoders(self) -> Mapping[Kind, Encoder]:
        return {"chat": self.encode}

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        headers = {**accepted(terms.stream), "anthropic-version": VERSION}
        return Encoded("/messages", headers, orjson.dumps(body_of(chat, terms)), self.answer)

    def reader(self) -> Reader:
        return StreamReader()

    def answer(self, body: bytes) -> Answer | Fault:
        return read_answer(body)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id(headers)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        return classify(status, headers, body)
