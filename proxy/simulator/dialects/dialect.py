"""What a provider dialect must be able to say; a module with these functions is one. Holds no dialect itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args

from proxy.simulator.answers import Answer, Usage
from proxy.simulator.prompt import Prompt

Json = dict[str, Any]
DialectName = Literal["openai", "openrouter", "anthropic", "gemini"]
DIALECT_NAMES: Final[tuple[DialectName, ...]] = get_args(DialectName)

Mark = Literal["start", "delta", "finish", "usage", "end", "comment", "other"]

# Why a provider turns a call away. Every dialect has a status and a body of its own for each.
Cause = Literal[
    "bad_request",
    "context_length",
    "content_refused",
    "key_invalid",
    "key_revoked",
    "key_limited",
    "quota_out",
    "payment_required",
    "wrong_region",
    "forbidden",
    "model_unknown",
    "timeout",
    "conflict",
    "too_large",
    "unprocessable",
    "all_limited",
    "server_error",
    "bad_gateway",
    "unavailable",
    "gateway_timeout",
    "overloaded",
]

# The cause that providers mean most often by a status.
_CAUSES: Final[Mapping[int, Cause]] = {
    401: "key_invalid",
    402: "payment_required",
    403: "forbidden",
    404: "model_unknown",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    422: "unprocessable",
    429: "key_limited",
    502: "bad_gateway",
    503: "unavailable",
    504: "gateway_timeout",
    529: "overloaded",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """An error, in words of its dialect: `kind` and `code` stand where that dialect has a place for them."""

    status: int
    kind: str
    code: str | None
    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """Everything about one answered call. `id` is bare, dialects prefix it; `created_s` is seconds since 1970; `cost` asks
    for cost fields."""

    id: str
    created_s: int
    prompt: Prompt
    answers: tuple[Answer, ...]
    usage: Usage | None
    cost: bool = False


class Event(NamedTuple):
    """One event of a stream. A `value` that is text stands as it is (an end mark, a comment); `name` is its event line.

    `mark` says what it is for. A delta carries a token: it is paced and counted.
    """

    value: Json | str
    mark: Mark = "other"
    name: str | None = None


class Dialect(Protocol):
    """All functions are pure. `read` takes the parsed JSON of a body and refuses what it cannot answer."""

    def read(self, body: object) -> Prompt | Refused: ...

    def whole(self, completion: Completion) -> Json: ...

    def events(self, completion: Completion) -> Iterator[Event]: ...

    def refused(self, cause: Cause) -> Refused: ...

    def error(self, refused: Refused) -> Json: ...

    def error_event(self, refused: Refused) -> Event: ...


def refused_with(dialect: Dialect, status: int) -> Refused:
    """What the dialect's provider sends most often under this status."""
    fallback: Cause = "bad_request" if status < 500 else "server_error"
    return replace(dialect.refused(_CAUSES.get(status, fallback)), status=status)
