"""OpenAI's chat dialect, which most providers speak: the Dialect that ties request, chunks, answers and faults together."""

from collections.abc import Mapping

from proxy.domain.chat import Answer, Chat, Delta, Terms
from proxy.domain.errors import Fault
from proxy.stages.provider.adapter import Encoded
from proxy.stages.provider.openai.chunk import read_chunk
from proxy.stages.provider.openai.faults import classify
from proxy.stages.provider.openai.request import encode
from proxy.stages.provider.openai.retry import request_id
from proxy.stages.provider.openai.whole import read_answer


class OpenAI:
    """Implements Dialect."""

    def authorization(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        return encode(chat, terms)

    def delta(self, data: bytes) -> Delta:
        return read_chunk(data)

    def answer(self, body: bytes) -> Answer | Fault:
        return read_answer(body)

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        return request_id(headers)

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        return classify(status, headers, body)
