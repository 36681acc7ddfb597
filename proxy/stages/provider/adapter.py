"""What a dialect must be able to do: encode a request, read an answer in parts or whole, and say what a failure was."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from proxy.domain.chat import Answer, Chat, Delta, Terms
from proxy.domain.errors import Fault
from proxy.domain.usage import Kind


class Encoded(NamedTuple):
    """A request in a dialect: the path below the provider's base URL, headers of the dialect and the body. `reads` is what
    reads the whole answer to it, which has status 200; it never raises."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    reads: Callable[[bytes], Answer | Fault]


# The request of one kind, for one candidate. Policy has dropped who could not be told all of it (`domain.dialect`).
Encoder = Callable[[Any, Terms], Encoded]


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

    @property
    def encoders(self) -> Mapping[Kind, Encoder]:
        """The kinds of request that the dialect has words for. A kind that it lacks is a feature that it lacks."""
        ...

    def encode(self, chat: Chat, terms: Terms) -> Encoded:
        """A chat; the only kind that is also streamed."""
        ...

    def reader(self) -> Reader:
        """What reads one stream."""
        ...

    def answer(self, body: bytes) -> Answer | Fault:
        """A whole answer to a chat with status 200; never raises."""
        ...

    def request_id(self, headers: Mapping[str, str]) -> str | None:
        """The provider's own id of the exchange, cleaned, for the record."""
        ...

    def classify(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        """What an answer with an error status (or a redirect) means. `headers` have lower-case names."""
        ...
