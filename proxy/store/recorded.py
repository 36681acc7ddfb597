"""Rows of the register in, the Call they were made of out, exactly; the counterpart of `rows`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from proxy.domain.call import Attempt, Call, Mark
from proxy.domain.decision import Decision, Health
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.domain.usage import Usage
from proxy.domain.verdict import Advice, Verdict
from proxy.store.begun import OF_CALL, judged_in
from proxy.store.rows import CALL_COLUMNS, JUDGED

T = TypeVar("T")

_READ: Final = (*CALL_COLUMNS, "refunded_milli", "attempts")
SELECT_CALL: Final = f"SELECT {', '.join(_READ)}, {OF_CALL} FROM model_calls"  # noqa: S608  (constants of this program)
# For lists, which show nothing of what calls were judged by: that is most of a row, and stands elsewhere.
_LISTED: Final = ", ".join("NULL" if name in JUDGED else name for name in _READ)
SELECT_LISTED: Final = f"SELECT {_LISTED}, NULL FROM model_calls"  # noqa: S608  (constants of this program)
_USAGE: Final = (
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "images",
    "requests",
    "usage_source",
)


class _Kind(Generic[T]):
    """Reads what was recorded of one kind. What that takes is built for the first that is read: a process that only takes calls
    never needs it."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind

    def validate_json(self, text: str | bytes) -> T:
        return self._adapter.validate_json(text)

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)


ASK: Final = _Kind(Ask)
VERDICT: Final = _Kind(Verdict)
ADVICE: Final = _Kind(Advice)
STANDING: Final = _Kind(Standing)
HEALTH: Final = _Kind(Health)
DECISION: Final = _Kind(Decision)
TIMELINE: Final = _Kind(tuple[Mark, ...])
METADATA: Final = _Kind(dict[str, str])
NAMES: Final = _Kind(tuple[str, ...])


def call_read(row: tuple[Any, ...]) -> Call:
    """The call of a row that SELECT_CALL found, or SELECT_LISTED."""
    *plain, began = row
    named = dict(zip(_READ, plain, strict=True))
    return call_of(named if began is None else named | judged_in(began))


def call_of(row: Mapping[str, Any]) -> Call:
    """The call of a `model_calls` row by column name; without attempts where it begins."""
    return Call(
        id=row["id"],
        request_id=row["request_id"],
        kind=row["kind"],
        at_ms=row["at_ms"],
        user_id=row["user_id"],
        app_id=row["app_id"],
        key_id=row["key_id"],
        catalog_revision=row["catalog_revision"],
        asked=NAMES.validate_json(row["asked"]),
        stream=bool(row["stream"]),
        status=row["status"],
        http_status=row["http_status"],
        code=row["code"],
        reason=row["reason"],
        conversation_id=row["conversation_id"],
        assistant_id=row["assistant_id"],
        model_id=row["model_id"],
        provider_id=row["provider_id"],
        family=row["family"],
        duration_ms=row["duration_ms"],
        ttft_ms=row["ttft_ms"],
        usage=_usage([row[name] for name in _USAGE]),
        credits_milli=row["credits_milli"],
        raw_nano_usd=row["raw_nano_usd"],
        refunded_milli=row.get("refunded_milli", 0),
        absorbed_milli=row["absorbed_milli"],
        ask=_read(ASK, row["ask"]),
        verdict=_read(VERDICT, row["verdict"]),
        advice=_read(ADVICE, row["advice"]),
        standing=_read(STANDING, row["standing"]),
        health=_read(HEALTH, row["health"]),
        decision=_read(DECISION, row["decision"]),
        attempts=attempts_of(row.get("attempts", "[]")),
        timeline=TIMELINE.validate_json(row["timeline"]),
        metadata=METADATA.validate_json(row["metadata"]),
    )


def attempts_of(text: str) -> tuple[Attempt, ...]:
    """What `rows.attempts_json` wrote."""
    return tuple(_attempt(*attempt) for attempt in orjson.loads(text))


def _attempt(*row: Any) -> Attempt:
    number, model_id, provider_id, family, started_ms, first_byte_ms, ended_ms, fault, *rest = row
    status, code, request_id, *usage = rest[:11]
    raw_nano_usd, credits_milli, multiplier_ppm, charged = rest[11:]
    return Attempt(
        number=number,
        model_id=model_id,
        provider_id=provider_id,
        family=family,
        started_ms=started_ms,
        first_byte_ms=first_byte_ms,
        ended_ms=ended_ms,
        fault=fault,
        provider_status=status,
        provider_code=code,
        provider_request_id=request_id,
        usage=_usage(usage),
        raw_nano_usd=raw_nano_usd,
        credits_milli=credits_milli,
        multiplier_ppm=multiplier_ppm,
        charged=bool(charged),
    )


def _usage(columns: list[Any]) -> Usage | None:
    return None if columns[0] is None else Usage(*columns)


def _read(kind: _Kind[T], text: str | None) -> T | None:
    return None if text is None else kind.validate_json(text)
