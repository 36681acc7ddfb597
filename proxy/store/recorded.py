"""Rows of the register in, the Call they were made of out, exactly; the counterpart of `rows.call_row`."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from proxy.domain.call import Attempt, Call, Mark
from proxy.domain.decision import Decision, Health
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.domain.usage import Usage
from proxy.domain.verdict import Advice, Verdict

T = TypeVar("T")

ATTEMPT_COLUMNS: Final = (
    "number, model_id, provider_id, family, started_ms, first_byte_ms, ended_ms, fault, provider_status, provider_code,"
    " provider_request_id, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,"
    " images, requests, usage_source, raw_nano_usd, credits_milli, multiplier_ppm, charged"
)
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

ASK: Final = TypeAdapter(Ask)
VERDICT: Final = TypeAdapter(Verdict)
ADVICE: Final = TypeAdapter(Advice)
STANDING: Final = TypeAdapter(Standing)
HEALTH: Final = TypeAdapter(Health)
DECISION: Final = TypeAdapter(Decision)
TIMELINE: Final = TypeAdapter(tuple[Mark, ...])
METADATA: Final = TypeAdapter(dict[str, str])
NAMES: Final = TypeAdapter(tuple[str, ...])


def call_of(row: Mapping[str, Any], attempts: tuple[Attempt, ...]) -> Call:
    """The call of a `model_calls` row by column name, with its attempts."""
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
        attempts=attempts,
        timeline=TIMELINE.validate_json(row["timeline"]),
        metadata=METADATA.validate_json(row["metadata"]),
    )


def attempt_of(row: tuple[Any, ...]) -> Attempt:
    """A row of ATTEMPT_COLUMNS."""
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


def _read(adapter: TypeAdapter[T], text: str | None) -> T | None:
    return None if text is None else adapter.validate_json(text)
