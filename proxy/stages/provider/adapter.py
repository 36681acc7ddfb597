"""What a dialect must be able to do: encode a request, read an answer in parts or whole, and say what a failure was."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from proxy.domain.chat import Answer, Chat, Delta, Terms
from proxy.domain.errors import Fault


class Encoded(NamedTuple):
    """A request in a dialect: the path below the provider's base URL, headers of the dialect and the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Reader(Protocol):
    """Reads the events of one streamed answer in their order, and remembers what later ones refer to."""

    def delta(self, data: bytes) -> Delta:
        """One event's data. Never raises: what cannot be read is a Delta whose `error` is set."""
        ...


class Dialect(Protocol):
    """Pure and stateless. Answers come back in OpenAI's shape, whatever the provider speaks."""

    def authorization(self, key: str) -> Mapping[str, str]:
        """The headers that carry the provider key."""
        ...

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        """The request for one candidate. Policy has dropped who could not be told all of it (`domain.dialect`)."""
        ...

    def reader(self) -> Reader:
        """What reads one stream."""
        ...

    def answer(self, body: bytes) -> Answer | Fault:
        """A whole answer with status 200; never raises."""
        ...

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        """The provider's own id of the exchange, cleaned, for the record."""
        ...

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        """What an answer with an error status (or a redirect) means. `headers` have lower-case names."""
        ...
