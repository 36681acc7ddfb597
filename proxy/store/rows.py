"""A finished Call in, the rows of the register that it leaves out; no SQL but the statements that insert them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import orjson

from proxy.domain.call import Attempt, Call
from proxy.domain.usage import Usage

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

# A row may be refunded later; it begins without.
CALL_READ_COLUMNS: Final = (*CALL_COLUMNS, "refunded_milli")

# Which columns a packed row has, in which order: another number when CALL_COLUMNS changes.
_PACKING: Final = 1
# From here on a row holds JSON.
_FIRST_JSON: Final = CALL_COLUMNS.index("metadata")
_JUDGED: Final = slice(CALL_COLUMNS.index("ask"), CALL_COLUMNS.index("decision") + 1)


def _insert(table: str, columns: int | tuple[str, ...]) -> str:
    named = "" if isinstance(columns, int) else f" ({', '.join(columns)})"
    count = columns if isinstance(columns, int) else len(columns)
    # What exists counts as done: a batch whose answer was lost is given again.
    return f"INSERT INTO {table}{named} VALUES ({', '.join('?' * count)}) ON CONFLICT DO NOTHING"  # noqa: S608


INSERT_CALL: Final = _insert("model_calls", CALL_COLUMNS)
INSERT_ATTEMPT: Final = _insert("attempts", 24)
INSERT_USAGE: Final = _insert("usage_records", 7)
INSERT_COST: Final = _insert("cost_records", 5)
INSERT_CHECK: Final = _insert("prompt_checks", 8)
INSERT_CONVERSATION: Final = _insert("conversations", 5)


def call_row(call: Call, earlier: tuple[Call, Row] | None = None) -> Row:
    """The row of `model_calls`, in the order of CALL_COLUMNS. `earlier` is the same call with its row as it began: what it
    was judged by rarely changes until its end and is dear to encode."""
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
        *_usage_columns(call.usage),
        call.credits_milli,
        call.raw_nano_usd,
        call.absorbed_milli,
        to_json(call.metadata),
        to_json(call.asked),
        *_judged_columns(call, earlier),
        to_json(call.timeline),
    )


def packed(row: Row) -> str:
    """A row of CALL_COLUMNS as one JSON array, its JSON inside it as it stands: quoting that again costs five times as much."""
    nested = [None if value is None else orjson.Fragment(str(value)) for value in row[_FIRST_JSON:]]
    return orjson.dumps([_PACKING, *row[:_FIRST_JSON], *nested]).decode()


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


def attempt_row(call_id: str, attempt: Attempt) -> Row:
    return (
        call_id,
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
        *_usage_columns(attempt.usage),
        attempt.raw_nano_usd,
        attempt.credits_milli,
        attempt.multiplier_ppm,
        attempt.charged,
    )


def usage_row(call: Call) -> Row | None:
    """One per call that used anything: tokens (images of an image call, 1 for a precheck) and the credits charged."""
    if call.usage is None and not call.credits_milli and call.kind != "precheck":
        return None
    return (
        f"{call.id}:usage",
        call.id,
        call.user_id,
        call.kind,
        _quantity(call),
        call.credits_milli,
        call.at_ms,
    )


def cost_row(call_id: str, attempt: Attempt) -> Row:
    """What one billable attempt cost and showed; an uncharged one shows nothing."""
    shown_milli = attempt.credits_milli if attempt.charged else 0
    return f"{call_id}:cost:{attempt.number}", call_id, attempt.raw_nano_usd, shown_milli, attempt.multiplier_ppm


def check_row(call: Call) -> Row | None:
    verdict = call.verdict
    if verdict is None:
        return None
    return (
        f"{call.id}:check",
        call.id,
        call.conversation_id,
        verdict.category,
        verdict.risk,
        verdict.recommended_assistant,
        to_json(verdict.evidence),
        call.at_ms,
    )


def conversation_row(call: Call) -> Row | None:
    """The conversation as its first call begins it; its title is not ours to write."""
    if call.conversation_id is None:
        return None
    return call.conversation_id, call.user_id, call.assistant_id, None, call.at_ms


def to_json(value: object) -> str:
    """JSON of values and plain containers. Raises TypeError or ValueError for what has none (a lone surrogate)."""
    return orjson.dumps(value, default=_plain).decode()


def _judged_columns(call: Call, earlier: tuple[Call, Row] | None) -> Row:
    judged = _judged(call)
    if earlier is not None and all(now is then for now, then in zip(judged, _judged(earlier[0]), strict=True)):
        return earlier[1][_JUDGED]
    return tuple(_json_or_none(value) for value in judged)


def _judged(call: Call) -> tuple[object, ...]:
    return call.ask, call.verdict, call.advice, call.standing, call.health, call.decision


def _json_or_none(value: object) -> str | None:
    return None if value is None else to_json(value)


def _plain(value: object) -> Mapping[Any, Any]:
    if isinstance(value, MappingProxyType):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _usage_columns(usage: Usage | None) -> Row:
    if usage is None:
        return (None, None, None, None, None, None, None, None)
    return (
        usage.input,
        usage.cached_input,
        usage.cache_write,
        usage.output,
        usage.reasoning,
        usage.images,
        usage.requests,
        usage.source,
    )


def _quantity(call: Call) -> int:
    if call.kind == "precheck":
        return 1
    usage = call.usage or Usage()
    return usage.images if call.kind == "image" else usage.input_total + usage.output_total
