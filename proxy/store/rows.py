"""A finished Call in, the rows of the register that it leaves out; no SQL but the statements that insert them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import orjson

from proxy.domain.call import Attempt, Call

Value = str | int | None
Row = tuple[Value, ...]

CALL_COLUMNS: Final = (
    "id",
    "request_id",
    "kind",
    "at_ms",
    "user_id",
    "app_id",
    "key_id",
    "conversation_id",
    "assistant_id",
    "provider_id",
    "model_id",
    "family",
    "catalog_revision",
    "stream",
    "status",
    "http_status",
    "code",
    "reason",
    "duration_ms",
    "ttft_ms",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "images",
    "requests",
    "usage_source",
    "credits_milli",
    "raw_nano_usd",
    "absorbed_milli",
    "metadata",
    "asked",
    "ask",
    "verdict",
    "advice",
    "standing",
    "health",
    "decision",
    "timeline",
)

# What a call was judged by. It rarely changes until the call's end, and then stands where the call began and nowhere else.
JUDGED: Final = ("ask", "verdict", "advice", "standing", "health", "decision")
# The columns of a call that says itself what it was judged by, and those of one that says where it began.
WHOLE_COLUMNS: Final = (*CALL_COLUMNS, "attempts")
ENDED_COLUMNS: Final = (
    *(name for name in CALL_COLUMNS if name not in JUDGED),
    "attempts",
    "begun_id",
    "begun_from",
    "begun_size",
)

# Which columns a packed call has, in which order: another number when CALL_COLUMNS changes.
_PACKING: Final = 1
# From here on a row holds JSON.
_FIRST_JSON: Final = CALL_COLUMNS.index("metadata")


def _insert(table: str, columns: tuple[str, ...]) -> str:
    # What exists counts as done: a batch whose answer was lost is given again.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) ON CONFLICT DO NOTHING"  # noqa: S608


INSERT_CALL: Final = _insert("model_calls", WHOLE_COLUMNS)
INSERT_ENDED: Final = _insert("model_calls", ENDED_COLUMNS)
INSERT_CONVERSATION: Final = _insert("conversations", ("id", "user_id", "assistant_id", "title", "created_at_ms"))


class _Unused(NamedTuple):
    """The columns of a usage that nobody reported."""

    input: None = None
    cached_input: None = None
    cache_write: None = None
    output: None = None
    reasoning: None = None
    images: None = None
    requests: None = None
    source: None = None


_UNUSED: Final = _Unused()


class Place(NamedTuple):
    """Where a call stands as it began: in which row of `begun`, from which character on, and how many."""

    id: str
    start: int
    size: int


def whole_row(call: Call) -> Row:
    """The parameters of INSERT_CALL."""
    return (
        *_plain_columns(call),
        to_json(call.metadata),
        to_json(call.asked),
        *(None if value is None else to_json(value) for value in judged(call)),
        to_json(call.timeline),
        attempts_json(call.attempts),
    )


def ended_row(call: Call, begun: Place) -> Row:
    """The parameters of INSERT_ENDED."""
    told = (to_json(call.metadata), to_json(call.asked), to_json(call.timeline), attempts_json(call.attempts))
    return _plain_columns(call) + told + begun


def judged(call: Call) -> tuple[object, ...]:
    """What a call was judged by, in the order of JUDGED."""
    return call.ask, call.verdict, call.advice, call.standing, call.health, call.decision


def packed(call: Call) -> str:
    """A call without its attempts as one JSON array, in the order of CALL_COLUMNS."""
    nested = (call.metadata, call.asked, *judged(call), call.timeline)
    return orjson.dumps((_PACKING, *_plain_columns(call), *nested), default=_plain).decode()


def unpacked(text: str) -> dict[str, Any]:
    """What was `packed`, by the names of its columns. The first release packed names and values, all JSON quoted. Raises
    ValueError for what a later release packed."""
    found = orjson.loads(text)
    if isinstance(found, dict):
        return found
    packing, *row = found
    if packing != _PACKING:
        raise ValueError(f"a call packed as of {packing}; this release knows {_PACKING}")
    nested = [None if value is None else to_json(value) for value in row[_FIRST_JSON:]]
    return dict(zip(CALL_COLUMNS, (*row[:_FIRST_JSON], *nested), strict=True))


def attempts_json(attempts: Sequence[Attempt]) -> str:
    """Attempts as JSON: an array each, in the order of the columns of the view `attempts` after `call_id`."""
    return orjson.dumps([_attempt(attempt) for attempt in attempts]).decode()


def conversation_row(call: Call) -> Row | None:
    """The conversation as its first call begins it; its title is not ours to write."""
    if call.conversation_id is None:
        return None
    return call.conversation_id, call.user_id, call.assistant_id, None, call.at_ms


def to_json(value: object) -> str:
    """JSON of values and plain containers. Raises TypeError or ValueError for what has none (a lone surrogate)."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: object) -> Mapping[Any, Any]:
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _plain_columns(call: Call) -> Row:
    usage = call.usage or _UNUSED
    return (
        call.id,
        call.request_id,
        call.kind,
        call.at_ms,
        call.user_id,
        call.app_id,
        call.key_id,
        call.conversation_id,
        call.assistant_id,
        call.provider_id,
        call.model_id,
        call.family,
        call.catalog_revision,
        call.stream,
        call.status,
        call.http_status,
        call.code,
        call.reason,
        call.duration_ms,
        call.ttft_ms,
        usage.input,
        usage.cached_input,
        usage.cache_write,
        usage.output,
        usage.reasoning,
        usage.images,
        usage.requests,
        usage.source,
        call.credits_milli,
        call.raw_nano_usd,
        call.absorbed_milli,
    )


def _attempt(attempt: Attempt) -> Row:
    usage = attempt.usage or _UNUSED
    return (
        attempt.number,
        attempt.model_id,
        attempt.provider_id,
        attempt.family,
        attempt.started_ms,
        attempt.first_byte_ms,
        attempt.ended_ms,
        attempt.fault,
        attempt.provider_status,
        attempt.provider_code,
        attempt.provider_request_id,
        usage.input,
        usage.cached_input,
        usage.cache_write,
        usage.output,
        usage.reasoning,
        usage.images,
        usage.requests,
        usage.source,
        attempt.raw_nano_usd,
        attempt.credits_milli,
        attempt.multiplier_ppm,
        int(attempt.charged),
    )
