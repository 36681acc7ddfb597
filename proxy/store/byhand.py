"""What people do to the books by hand, inside a batch: enrolments, transfers, refunds, resets; each with its entries and its
audit line, each done once however often it is given."""

from proxy.domain.account import User
from proxy.domain.desk import Grant
from proxy.domain.ledger import (
    Enrol,
    Enrolled,
    EnrolmentFull,
    HoldRefused,
    NothingCharged,
    Refund,
    Refunded,
    Reset,
    Transfer,
    Transferred,
    WindowReset,
)
from proxy.domain.plan import Allowance
from proxy.domain.standing import resets_at_ms
from proxy.stages.ledger.byhand import Piece, carried, enrolled, forgiven, returned
from proxy.stages.ledger.counters import Moves
from proxy.stages.ledger.sources import case_of
from proxy.store import values
from proxy.store.batch import Batch
from proxy.store.grants import give, given_by


def enrolment(batch: Batch, user: User, enrols_daily_max: int | None, at_ms: int) -> Moves | None:
    """How the counters move when `user` becomes durable: not at all when it is; None when its app's day is full."""
    if user.app_id is None or enrols_daily_max is None or batch.has_user(user.id):
        return {}
    return enrolled(user.app_id, enrols_daily_max, at_ms, batch.readings)


def enrol(batch: Batch, command: Enrol, at_ms: int) -> Enrolled | EnrolmentFull:
    user = command.user
    if batch.has_user(user.id):
        return Enrolled(user.id, fresh=False)
    moves = enrolment(batch, user, command.enrols_daily_max, at_ms)
    if moves is None:
        return EnrolmentFull(resets_at_ms("day", at_ms, anchor_day=1) or at_ms)
    batch.enrol(user, command.entitlement, at_ms)
    batch.enter_apart((f"{user.id}:enrol", None, user.id, "adjust", 0, at_ms), moves)
    batch.writing(command.change, at_ms).note("user.enrol", f"user:{user.id}", None, values.shown(user))
    return Enrolled(user.id, fresh=True)


def transfer(batch: Batch, command: Transfer, at_ms: int) -> Transferred | HoldRefused:
    writing = batch.writing(command.change, at_ms)
    done = given_by(writing, command.id)
    if done:
        return Transferred(done)
    case = case_of(command.giver_id, command.terms, batch.grants(command.giver_id), at_ms)
    taken = carried(case, command.family, command.amount_milli, batch.readings)
    if isinstance(taken, HoldRefused):
        return taken
    batch.enter_apart((f"{command.id}:transfer", None, command.giver_id, "adjust", -command.amount_milli, at_ms), taken.moves)
    grants = tuple(_grant(command, number, piece, at_ms) for number, piece in enumerate(taken.pieces, 1))
    for grant in grants:
        give(writing, grant)
    batch.forget_grants(command.taker_id)
    shown = {"giver": command.giver_id, "taker": command.taker_id, "amount_milli": command.amount_milli}
    writing.note("credits.transfer", f"transfer:{command.id}", None, shown | {"family": command.family})
    return Transferred(grants)


def refund(batch: Batch, command: Refund, at_ms: int) -> Refunded | NothingCharged:
    entries = batch.entries(command.call_id)
    done = next((entry for entry in entries if entry.id == f"{command.call_id}:refund"), None)
    if done is not None:
        return Refunded(command.call_id, -done.amount_milli, fresh=False)
    back = returned(entries, batch.resets(entries[0].account_id) if entries else (), batch.readings)
    call = batch.call(command.call_id)
    if back.milli <= 0 or call is None:
        return NothingCharged(command.call_id)
    entry_id = f"{command.call_id}:refund"
    batch.enter_apart((entry_id, command.call_id, entries[0].account_id, "adjust", -back.milli, at_ms), back.moves)
    batch.give_back(call, back.milli)
    writing = batch.writing(command.change, at_ms)
    writing.note("call.refund", f"call:{command.call_id}", {"refunded_milli": 0}, {"refunded_milli": back.milli})
    return Refunded(command.call_id, back.milli, fresh=True)


def reset(batch: Batch, command: Reset, at_ms: int) -> WindowReset:
    entry_id = f"{command.account_id}:reset:{command.id}"
    done = next((entry for entry in batch.resets(command.account_id) if entry.id == entry_id), None)
    if done is not None:
        return WindowReset(command.account_id, done.lines[0].epoch, -done.amount_milli, fresh=False)
    allowance = Allowance(command.window, 0, command.family)
    given = forgiven(command.account_id, allowance, command.anchor_day, at_ms, batch.readings)
    if given.milli:
        batch.enter_apart((entry_id, None, command.account_id, "reset", -given.milli, at_ms), given.moves)
        counted = {"window": command.window, "family": command.family, "epoch": given.epoch}
        writing = batch.writing(command.change, at_ms)
        subject = f"user:{command.account_id}"
        writing.note("window.reset", subject, counted | {"spent_milli": given.milli}, counted | {"spent_milli": 0})
    return WindowReset(command.account_id, given.epoch, given.milli, fresh=True)


def _grant(command: Transfer, number: int, piece: Piece, at_ms: int) -> Grant:
    ends = [ms for ms in (piece.expires_at_ms, command.expires_at_ms) if ms is not None]
    return Grant(
        id=f"{command.id}.{number:04d}",
        account_id=command.taker_id,
        kind="topup",
        amount_milli=piece.milli,
        reason=command.change.reason or "",
        created_at_ms=at_ms,
        family=command.family,
        expires_at_ms=min(ends, default=None),
    )
