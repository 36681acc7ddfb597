"""The books: many commands in, an acknowledgement each, all of one batch in one transaction; sizes nothing and
judges nothing itself."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, assert_never

from proxy.domain.account import User
from proxy.domain.call import CallStatus
from proxy.domain.ledger import (
    Enrol,
    EntryKind,
    ExtendRequest,
    Held,
    HoldLost,
    HoldRefused,
    HoldRequest,
    HoldTerms,
    IdempotencyKey,
    KeyUsed,
    LedgerAck,
    LedgerCommand,
    RecordCall,
    Recorded,
    Refund,
    Reset,
    Settled,
    Settlement,
    Transfer,
)
from proxy.domain.standing import Standing
from proxy.ports import ClockDoubted, CommitUnknown, StoreUnavailable
from proxy.stages import idempotency, ledger
from proxy.stages.ledger import Admitted
from proxy.stages.ledger.bill import Bill, as_booked, bill
from proxy.stages.ledger.counters import Shifts, apart
from proxy.stages.ledger.share import over_share
from proxy.stages.ledger.sources import Case, case_of, counters, standing
from proxy.stages.ledger.split import Amounts
from proxy.store import alerts, byhand, foresight, late, used_keys
from proxy.store.batch import Batch, Memory
from proxy.store.database import Connection, Database
from proxy.store.holds import Hold
from proxy.store.reader import GroupReader
from proxy.store.recall import Recall
from proxy.store.seen import Grants, Readings
from proxy.store.timekeeper import Timekeeper

# What one bad command can raise; it then fails alone. Everything else is a defect or an outage and fails the batch.
_BAD_ROW: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)

Ack = LedgerAck | Exception
Asked = tuple[str, HoldTerms]


class SqlLedger:
    """Implements ports.Ledger. `timekeeper` says by which moment everything here is judged, `boot_id` names this process as the
    owner of the holds it takes."""

    def __init__(self, database: Database, timekeeper: Timekeeper, boot_id: str) -> None:
        self._database = database
        self._timekeeper = timekeeper
        self._boot_id = boot_id
        self._memory = Memory()
        self._standings = GroupReader(self._read_standings)
        self._recall = Recall()

    async def apply(self, commands: Sequence[LedgerCommand]) -> list[Ack]:
        """Carries out `commands` in their order and durably. Raises StoreUnavailable when nothing was done."""
        try:
            return await self._written(commands)
        except StoreUnavailable:
            self._forget()
            raise
        except _BAD_ROW as error:
            self._forget()
            if len(commands) == 1:
                return [_as_value_error(error)]
        # In halves until the bad one is alone: a few transactions more, not one for each neighbour.
        middle = len(commands) // 2
        return [*await self._half(commands[:middle]), *await self._half(commands[middle:])]

    async def standing(self, account_id: str, terms: HoldTerms) -> Standing:
        """What the account has left now; all who ask at once are told from one snapshot. Raises StoreUnavailable."""
        return await self._standings.ask((account_id, terms))

    def recalled(self, account_id: str, terms: HoldTerms) -> Standing | None:
        """The same as the last batch saw it, where it did."""
        if self._timekeeper.doubt is not None:
            return None
        return self._recall.standing(account_id, terms, self._timekeeper.elapsed_ns)

    async def used(self, account_id: str, asked: IdempotencyKey) -> KeyUsed | None:
        """The call that an idempotency key stands for. Raises StoreUnavailable."""
        return await self._database.read(
            lambda connection: used_keys.find(connection, account_id, asked, self._timekeeper.now_ms(connection))
        )

    async def _read_standings(self, asked: Sequence[Asked]) -> Sequence[Standing | Exception]:
        return await self._database.read(lambda connection: self._standings_in(connection, asked))

    def _standings_in(self, connection: Connection, asked: Sequence[Asked]) -> list[Standing | Exception]:
        at_ms = self._timekeeper.now_ms(connection)
        grants, readings = Grants(connection), Readings(connection)
        if not connection.is_near:
            grants.update(foresight.grants(connection, {account_id for account_id, _ in asked}))
            cases = [case_of(account_id, terms, grants[account_id], at_ms) for account_id, terms in asked]
            readings.learn(foresight.readings(connection, set().union(*map(counters, cases))))
        return [_standing(account_id, terms, at_ms, grants, readings) for account_id, terms in asked]

    async def _written(self, commands: Sequence[LedgerCommand]) -> list[Ack]:
        def work(connection: Connection) -> list[Ack]:
            with _no_collection():
                return self._carry_out(connection, commands)

        try:
            return await self._database.write_locked(work)
        except CommitUnknown as unknown:
            # Submitted again under the same ids: what exists counts as done.
            try:
                return await self._database.write_locked(work)
            except StoreUnavailable:
                raise unknown from None

    async def _half(self, commands: Sequence[LedgerCommand]) -> list[Ack]:
        try:
            return await self.apply(commands)
        except StoreUnavailable as error:
            return [error] * len(commands)

    def _carry_out(self, connection: Connection, commands: Sequence[LedgerCommand]) -> list[Ack]:
        batch = Batch(connection, [_subject(command) for command in commands], self._memory, commands)
        at_ms = self._timekeeper.judge(connection)
        batch.foresee(at_ms)
        acks = [self._one(batch, command, at_ms) for command in commands]
        batch.flush()
        self._recall.saw(batch.readings, batch.all_grants, at_ms, self._timekeeper.elapsed_ns)
        return acks

    def _forget(self) -> None:
        self._memory.forget_alerts()
        self._recall.forget()

    def _one(self, batch: Batch, command: LedgerCommand, at_ms: int) -> Ack:
        if self._timekeeper.doubt is not None and _is_admission(batch, command):
            return ClockDoubted()
        match command:
            case HoldRequest():
                return self._hold(batch, command, at_ms)
            case Settlement():
                return _settle(batch, command, at_ms)
            case ExtendRequest():
                return _extend(batch, command, at_ms)
            case RecordCall():
                return _record(batch, command)
            case Enrol():
                return byhand.enrol(batch, command, at_ms)
            case Transfer():
                return byhand.transfer(batch, command, at_ms)
            case Refund():
                return byhand.refund(batch, command, at_ms)
            case Reset():
                return byhand.reset(batch, command, at_ms)
            case _:
                assert_never(command)

    def _hold(self, batch: Batch, request: HoldRequest, at_ms: int) -> Ack:
        case = batch.case(request.account_id, request.terms, at_ms)
        standing_hold = batch.hold(request.hold_id)
        if standing_hold is not None:
            return Held(standing_hold.id, standing_hold.split.milli)
        asked = request.idempotency
        used = None if asked is None else batch.used(request.account_id, asked, at_ms)
        if used is not None:
            return used
        greedy = over_share(case, request.amount_milli, request.share, batch.readings)
        if greedy is not None:
            return greedy
        amounts = Amounts(request.amount_milli, request.raw_nano_usd)
        admitted = ledger.admit(case, request.family, amounts, batch.readings, batch.live)
        if isinstance(admitted, HoldRefused):
            return admitted
        enrolling = () if request.enrol is None else _enrolling(batch, request.enrol, request.enrols_daily_max, at_ms)
        if enrolling is None:
            return HoldRefused("enrolment_limit", f"app:{request.began.app_id}", standing(case, batch.readings))
        up_ms = batch.up_ms
        hold = Hold(
            id=request.hold_id,
            account_id=request.account_id,
            boot_id=self._boot_id,
            metered_milli=0,
            extends=0,
            at_ms=at_ms,
            at_up_ms=up_ms,
            deadline_up_ms=up_ms + request.lease_ms,
            scopes=request.scopes,
            split=admitted.split,
            began=batch.began(request.began),
        )
        batch.place(hold)
        batch.enter("0", hold, "hold", request.amount_milli, at_ms, admitted.shifts + enrolling)
        alerts.watch(batch, case, at_ms)
        if request.enrol is not None:
            batch.enrol(request.enrol, request.entitlement, at_ms)
        if asked is not None:
            batch.used_keys.take(request.account_id, asked, request.hold_id, at_ms)
        return Held(hold.id, request.amount_milli)


def resolve(batch: Batch, hold: Hold, status: CallStatus, due: Bill, at_ms: int) -> Settled:
    """Ends a live hold, whose call came to `status`: spends what is charged, gives back the rest, and takes the hold off the
    books."""
    resolved = ledger.settle(hold.split, due.credits_milli, due.raw_nano_usd)
    absorbed_milli = resolved.absorbed_milli + due.lost_milli
    kind: EntryKind = "settle" if resolved.charged_milli else "release"
    batch.remove(hold, resolved.charged_milli, absorbed_milli)
    shifts = resolved.shifts + apart(due.moves) if due.moves else resolved.shifts
    batch.enter("2", hold, kind, resolved.charged_milli, at_ms, shifts)
    if idempotency.frees_key(status, resolved.charged_milli):
        batch.used_keys.free(hold.id)
    alerts.notice(batch, resolved.shifts, at_ms)
    if absorbed_milli:
        alerts.note_absorbed(batch, hold.account_id, hold.id, absorbed_milli, at_ms)
    return Settled(hold.id, resolved.charged_milli, absorbed_milli, fresh=True)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A batch makes thousands of values that live until its end, none of them in a circle: the collector would look through
    them again and again, and find nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _standing(account_id: str, terms: HoldTerms, at_ms: int, grants: Grants, readings: Readings) -> Standing | Exception:
    try:
        return standing(case_of(account_id, terms, grants[account_id], at_ms), readings)
    except _BAD_ROW as error:
        # What one account cannot be told is nobody else's trouble.
        return error


def _subject(command: LedgerCommand) -> str:
    match command:
        # The others are rare.
        case HoldRequest() | Settlement() | ExtendRequest():
            return command.hold_id
        case RecordCall():
            return command.call.id
        case Enrol():
            return command.user.id
        case Transfer() | Reset():
            return command.id
        case Refund():
            return command.call_id


def _is_admission(batch: Batch, command: LedgerCommand) -> bool:
    """Whether a command takes something that only its moment gives; a hold that stands was admitted before."""
    if isinstance(command, HoldRequest):
        return batch.hold(command.hold_id) is None
    return isinstance(command, Enrol | Transfer | Reset)


def _enrolling(batch: Batch, user: User, enrols_daily_max: int | None, at_ms: int) -> Shifts | None:
    moves = byhand.enrolment(batch, user, enrols_daily_max, at_ms)
    return None if moves is None else apart(moves)


def _extend(batch: Batch, request: ExtendRequest, at_ms: int) -> Ack:
    hold = batch.hold(request.hold_id)
    if hold is None:
        is_resolved = batch.resolution(request.hold_id) is not None
        return HoldLost(request.hold_id) if is_resolved else ValueError(f"hold {request.hold_id} was never taken")
    case = batch.case(hold.account_id, request.terms, at_ms)
    metered_milli = max(hold.metered_milli, request.metered_milli)
    if batch.is_suspended(hold.account_id):
        # A suspended account has a cap of nothing; whoever asks for a reason finds it at the account.
        admitted: Admitted | HoldRefused = HoldRefused("budget_cap_reached", case.scope, standing(case, batch.readings))
        place = 0
    else:
        admitted, place = _first_with_room(case, hold, request, batch.readings)
    if isinstance(admitted, HoldRefused) or not admitted.shifts:
        # What was metered is kept whatever the answer: the reconciler charges by it.
        batch.change(hold._replace(metered_milli=metered_milli))
        return admitted if isinstance(admitted, HoldRefused) else Held(hold.id, hold.split.milli, place)
    hold = hold._replace(metered_milli=metered_milli, split=admitted.split, extends=hold.extends + 1)
    batch.change(hold)
    batch.enter(f"1:{hold.extends:06d}", hold, "extend", hold.split.milli, at_ms, admitted.shifts)
    alerts.watch(batch, case, at_ms)
    return Held(hold.id, hold.split.milli, place)


def _first_with_room(case: Case, hold: Hold, request: ExtendRequest, readings: Readings) -> tuple[Admitted | HoldRefused, int]:
    """The first of the wanted sizes that the books admit, and its place among them; else why there is no room for the last."""
    sizes = ((request.amount_milli, request.raw_nano_usd), *request.smaller)
    place, times = 0, request.room_times
    if times > 1 and request.smaller and not ledger.has_room(case, hold.split, Amounts(*sizes[0]), readings, times):
        place = 1
    while True:
        amounts = Amounts(*sizes[place], request.billed_nano_usd, request.billed_milli)
        admitted = ledger.extend(case, hold.split, request.family, amounts, readings)
        if not isinstance(admitted, HoldRefused) or place + 1 == len(sizes):
            return admitted, place
        place += 1


def _settle(batch: Batch, settlement: Settlement, at_ms: int) -> Ack:
    hold = batch.hold(settlement.hold_id)
    if hold is None:
        return late.settle(batch, settlement, at_ms) or ValueError(f"hold {settlement.hold_id} was never taken")
    due = bill(hold.account_id, settlement, at_ms, batch.readings)
    settled = resolve(batch, hold, settlement.call.status, due, at_ms)
    batch.register(as_booked(settlement, settled))
    return settled


def _record(batch: Batch, record: RecordCall) -> Ack:
    if not batch.has_call(record.call.id):
        batch.register(record.call)
    return Recorded(record.call.id)


def _as_value_error(error: Exception) -> ValueError:
    return error if isinstance(error, ValueError) else ValueError(f"{type(error).__name__}: {error}")
