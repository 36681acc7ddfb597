"""The end of a call whose hold the reconciler had resolved before: one adjustment, and every record of the call as it was in
truth, in the same transaction; given again, it changes nothing."""

from typing import Final

from proxy.domain.call import Call
from proxy.domain.desk import Entry
from proxy.domain.ledger import HoldTerms, Settled, Settlement
from proxy.domain.value import replace
from proxy.stages import idempotency
from proxy.stages.ledger.byhand import unforgiven
from proxy.stages.ledger.counters import apart
from proxy.stages.ledger.late import adjusted
from proxy.stages.ledger.sources import Case, case_of
from proxy.stages.ledger.split import Amounts
from proxy.store import alerts, rows
from proxy.store.batch import Batch

_CORRECT_CALL: Final = f"UPDATE model_calls SET {', '.join(f'{name} = ?' for name in rows.WHOLE_COLUMNS)} WHERE id = ?"  # noqa: S608
# Under no terms at all nothing is charged.
_NO_TERMS: Final = HoldTerms((), (), (), 1)


def settle(batch: Batch, settlement: Settlement, at_ms: int) -> Settled | None:
    """What the books say of a hold that is not live any more; None when there was none. Only the reconciler leaves a call of
    status `crashed`, and only until the call's own end is known."""
    stands = batch.resolution(settlement.hold_id)
    if stands is None:
        return None
    buried = None if batch.is_resolved_here(settlement.hold_id) else batch.lock_call(settlement.hold_id)
    if buried is None or buried.status != "crashed":
        return Settled(settlement.hold_id, *stands, fresh=False)
    return _adjust(batch, settlement, buried, at_ms)


def _adjust(batch: Batch, settlement: Settlement, buried: Call, at_ms: int) -> Settled:
    entries = batch.entries(buried.id)
    case = _case(batch, settlement, entries)
    billed = Amounts(_billed_milli(settlement, buried, entries), settlement.raw_nano_usd)
    more = Amounts(billed.credits_milli - buried.credits_milli, billed.raw_nano_usd - buried.raw_nano_usd)
    late = adjusted(case, settlement.call.family or "", _resolution(entries).lines, more, batch.readings)
    moves = unforgiven(late.moves, batch.resets(case.account_id), _resolution(entries).at_ms, batch.readings)
    batch.enter_apart((f"{buried.id}:adjust", buried.id, case.account_id, "adjust", late.milli, at_ms), moves)
    charged_milli = buried.credits_milli + late.milli
    # That it came late is no doing of the caller: what was billed for nothing is lost, and counts for nobody.
    lost_milli = 0 if settlement.unpaid is None else settlement.unpaid.milli
    absorbed_milli = max(0, settlement.credits_milli - charged_milli) + lost_milli
    call = replace(
        settlement.call,
        credits_milli=charged_milli,
        absorbed_milli=absorbed_milli,
        refunded_milli=buried.refunded_milli,
    )
    batch.write_now(_CORRECT_CALL, [(*rows.whole_row(call), call.id)])
    batch.correct(buried, call)
    _stand_for(batch, settlement, call)
    alerts.notice(batch, apart(moves), at_ms)
    if absorbed_milli > buried.absorbed_milli:
        alerts.note_absorbed(batch, case.account_id, call.id, absorbed_milli, at_ms)
    return Settled(call.id, charged_milli, absorbed_milli, fresh=False, late=True)


def _case(batch: Batch, settlement: Settlement, entries: list[Entry]) -> Case:
    """The call is judged in the epochs that its hold was last sized in."""
    account_id, at_ms = entries[0].account_id, _last_hold(entries).at_ms
    if settlement.terms is None:
        return case_of(account_id, _NO_TERMS, (), at_ms)
    return case_of(account_id, settlement.terms, batch.grants(account_id), at_ms)


def _billed_milli(settlement: Settlement, buried: Call, entries: list[Entry]) -> int:
    """What the account is to pay in all: never more than was held for it, and nothing more once it was given back."""
    if buried.refunded_milli:
        return buried.credits_milli
    return min(settlement.credits_milli, max(_last_hold(entries).amount_milli, buried.credits_milli))


def _last_hold(entries: list[Entry]) -> Entry:
    return [entry for entry in entries if entry.kind in ("hold", "extend")][-1]


def _resolution(entries: list[Entry]) -> Entry:
    return next(entry for entry in entries if entry.kind in ("settle", "release"))


def _stand_for(batch: Batch, settlement: Settlement, call: Call) -> None:
    """The call's idempotency key stands for it exactly when it gave or cost something, unless it stands for another by now."""
    asked = settlement.idempotency
    if idempotency.frees_key(call.status, call.credits_milli):
        batch.used_keys.free(call.id)
    elif asked is not None and batch.used_keys.find(call.user_id, asked, call.at_ms) is None:
        batch.used_keys.take(call.user_id, asked, call.id, call.at_ms)
