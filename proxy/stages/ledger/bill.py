"""What a call is charged at its settlement: the settlement and its account's hour in, the bill out; the one place that says
whether a call that got nothing is free."""

from dataclasses import field
from datetime import UTC, datetime
from typing import Final

from proxy.domain.call import INPUT_CHARGED, Call
from proxy.domain.ledger import Settled, Settlement
from proxy.domain.value import dataclass, replace
from proxy.stages.ledger.counters import CounterKey, Moves, Reading, Readings

UNPAID: Final = "unpaid/hour/calls"


@dataclass(frozen=True, slots=True)
class Bill:
    """`credits_milli` are charged as far as the hold goes and `raw_nano_usd` is spent; `lost_milli` was billed too and is
    nobody's to pay. `moves` are those of counters that no hold is about."""

    credits_milli: int
    raw_nano_usd: int
    lost_milli: int = 0
    moves: Moves = field(default_factory=dict)


def bill(account_id: str, settlement: Settlement, at_ms: int, readings: Readings) -> Bill:
    """What the call comes to. One that got nothing is counted for its account and free; beyond the hour's number it pays its
    input (contract 5)."""
    credits_milli, raw_nano_usd, unpaid = settlement.credits_milli, settlement.raw_nano_usd, settlement.unpaid
    if unpaid is None:
        return Bill(credits_milli, raw_nano_usd)
    if unpaid.input is None:
        return Bill(credits_milli, raw_nano_usd, unpaid.milli)
    key = CounterKey(f"user:{account_id}", UNPAID, _hour(at_ms))
    owed_milli = unpaid.input_milli if readings[key].spent >= unpaid.free_hourly_max else 0
    return Bill(credits_milli + owed_milli, raw_nano_usd, unpaid.milli - owed_milli, {key: Reading(spent=1)})


def as_booked(settlement: Settlement, settled: Settled) -> Call:
    """The settlement's call with what the books made of it."""
    call, unpaid = settlement.call, settlement.unpaid
    if (call.credits_milli, call.absorbed_milli) == (settled.charged_milli, settled.absorbed_milli):
        return call
    booked = replace(call, credits_milli=settled.charged_milli, absorbed_milli=settled.absorbed_milli)
    if unpaid is None or settled.late or settled.charged_milli <= settlement.credits_milli:
        return booked
    return replace(booked, usage=unpaid.input, reason=INPUT_CHARGED)


def _hour(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%dT%H")
