"""Any history of the books: steps that a generator draws in, each carried out on the real books and on the plain ones, which
must say the same; one database lives through many histories, each with accounts and scopes of its own."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Final, NamedTuple

from hypothesis import strategies as st

from proxy.domain.desk import Change, Grant
from proxy.domain.ledger import (
    ConcurrencyLimit,
    Enrol,
    Enrolled,
    EnrolmentFull,
    FairShare,
    Held,
    HoldRefused,
    HoldRequest,
    HoldTerms,
    LedgerAck,
    LedgerCommand,
    NothingCharged,
    Refund,
    Refunded,
    Reset,
    Settled,
    Transfer,
    Transferred,
    WindowReset,
)
from proxy.domain.plan import Allowance
from proxy.domain.standing import Cap, budget_scope
from proxy.ports import ClockDoubted
from proxy.store.holds import lines as written_out
from proxy.store.timekeeper import CLOCK_JUMP_MAX_MS
from tests import builders
from tests.contracts.ledger_house import extension, hold, settlement
from tests.properties.plain_books import WINDOWS, Bucket, PlainBooks, Wish
from tests.properties.stage import LEASES, Stage

HOUR_MS: Final = 3_600_000
WHY: Final = Change("key:admin", "a history")
FAMILIES: Final = ("open", "reasoning")
# A budget of an assistant, which only calls through it are bound by.
ASSISTANT: Final = "coder"
BUDGET_MILLI: Final = 500
ENROLS_DAILY_MAX: Final = 2
LEFT_ALONE_MS: Final = 1 << 50
# The plans that an account is moved between; anchored, bound to a family, and with an override's extra credits.
PLANS: Final[tuple[tuple[Allowance, ...], ...]] = (
    (Allowance("day", 300), Allowance("month", 1_000), Allowance("week", 200, "reasoning")),
    (Allowance("day", 700), Allowance("month", 1_000), Allowance("week", 200, "reasoning")),
    (Allowance("month", 500),),
    (Allowance("total", 900), Allowance("month", 150, "reasoning")),
)
KINDS: Final = (
    *("hold",) * 6,
    *("extend",) * 3,
    *("settle",) * 4,
    *("again", "refund", "reset", "grant", "transfer", "enrol", "plan", "pass", "step", "jump", "confirm", "crash"),
)


class Step(NamedTuple):
    """One thing that happens; what `n`, `milli` and `nano` mean is the kind's to say."""

    kind: str
    n: int
    milli: int
    nano: int


STEPS: Final = st.lists(
    st.builds(Step, st.sampled_from(KINDS), st.integers(0, 23), st.integers(0, 350), st.integers(0, 9_000)), max_size=30
)


def drawn(chance: Random) -> list[Step]:
    """A long history, by chance alone."""
    return [Step(chance.choice(KINDS), chance.randrange(24), chance.randrange(351), chance.randrange(9_001)) for _ in range(30)]


class History:
    """One history, lived through once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tag = f"h{next(stage.numbers):06d}"
        self._ids = (f"{self._tag}-{n:03d}" for n in count())
        self._plans = {self._named(name): 0 for name in ("ann", "bob")}
        self._wishes: dict[str, HoldRequest] = {}
        self._doubted_since: int | None = None
        self.plain = PlainBooks(stage.clock.at_ms)

    async def live(self, steps: list[Step]) -> None:
        """Raises AssertionError where the two books disagree."""
        self.plain.at_ms = (await self._stage.timekeeper.confirm(WHY)).judged_by_ms
        for step in steps:
            work: Callable[[Step], Awaitable[None]] = getattr(self, f"_{step.kind}")
            await work(step)
            self._no_limit_is_passed()
        for call in list(self.plain.live):
            await self._settled(call, 0, 0)
        await self._confirm(Step("confirm", 0, 0, 0))
        await self._sums_agree()

    # --- calls

    async def _hold(self, step: Step) -> None:
        account, call, share = self._account(step), next(self._ids), self._share(step)
        terms = self._terms(account, through=step.n % 3 == 0)
        began = builders.call(call, status="running", user_id=account)
        request = replace(
            hold(call, step.milli, raw_nano_usd=step.nano, family=FAMILIES[step.n // 2 % 2], terms=terms, began=began),
            account_id=account,
            scopes=(f"user:{account}", self._app),
            lease_ms=LEFT_ALONE_MS,
            share=share,
        )
        ack = await self._one(request)
        if self._is_doubted(ack):
            return
        wish = Wish(account, request.family, step.milli, step.nano, terms)
        self._wishes[call] = request
        await self._judged_alike(ack, call, account, self.plain.hold(call, wish, share))

    async def _again(self, step: Step) -> None:
        """What is given again is done already, whatever it is."""
        live, over = list(self.plain.live), list(self.plain.charges)
        if live:
            call = live[step.n % len(live)]
            ack = await self._one(self._wishes[call])
            assert isinstance(ack, Held)
            assert ack.amount_milli == self.plain.live[call].milli
        if over:
            call = over[step.n % len(over)]
            charge = self.plain.charges[call]
            if not charge.buried:
                ack = await self._one(settlement(call, step.milli))
                assert ack == Settled(call, charge.milli, charge.absorbed, fresh=False)

    async def _extend(self, step: Step) -> None:
        call = self._live(step)
        if call is None:
            return
        account, family = self.plain.live[call].account, FAMILIES[step.n // 5 % 2]
        terms = self._terms(account, through=self._is_budgeted(call))
        smaller = ((step.milli // 2, step.nano), (step.milli // 3, step.nano // 3))[: step.n % 3]
        command = extension(call, step.milli, raw_nano_usd=step.nano, family=family, metered_milli=step.milli // 2, terms=terms)
        times = 1 + step.n // 3 % 4
        ack = await self._one(replace(command, smaller=smaller, room_times=times))
        wishes = [Wish(account, family, milli, nano, terms) for milli, nano in ((step.milli, step.nano), *smaller)]
        if smaller and times > 1 and not self.plain.has_room(call, wishes[0], times):
            del wishes[0]
        for wish in wishes:
            refused = self.plain.extend(call, wish, step.milli // 2)
            if refused is None:
                break
        await self._judged_alike(ack, call, account, refused)

    async def _settle(self, step: Step) -> None:
        call = self._live(step)
        if call is not None:
            await self._settled(call, step.milli, step.nano)

    async def _settled(self, call: str, milli: int, nano: int) -> None:
        ack = await self._one(settlement(call, milli, raw_nano_usd=nano))
        charge = self.plain.settle(call, milli, nano)
        assert ack == Settled(call, charge.milli, charge.absorbed, fresh=True)

    async def _crash(self, _: Step) -> None:
        """Our process is silent for more than a lease; another resolves what it holds."""
        for _beat in range(3):
            self._pass_ms(LEASES.lease_ms)
            await self._stage.leases.beat()
        self._pass_ms(LEASES.lease_ms)
        live = set(self.plain.live)
        report = await self._stage.leases.reconcile()
        assert set(report.call_ids) == live
        self.plain.bury(self._stage.clock.at_ms)

    # --- by hand

    async def _refund(self, step: Step) -> None:
        calls = [*self.plain.charges, *self.plain.live]
        if not calls:
            return
        call = calls[step.n % len(calls)]
        fresh = call in self.plain.charges and not self.plain.charges[call].refunded
        ack = await self._one(Refund(call, WHY))
        milli = self.plain.refund(call)
        assert ack == (NothingCharged(call) if milli is None else Refunded(call, milli, fresh))

    async def _reset(self, step: Step) -> None:
        account, window, family = self._account(step), WINDOWS[step.n // 2 % 4], (None, "reasoning")[step.n // 8 % 2]
        ack = await self._one(Reset(next(self._ids), account, window, family, 31, WHY))
        if not self._is_doubted(ack):
            assert isinstance(ack, WindowReset)
            assert ack.credits_milli == self.plain.reset(account, window, family, 31)

    async def _grant(self, step: Step) -> None:
        account, grant_id = self._account(step), next(self._ids)
        ends = None if step.n % 3 == 0 else self._stage.clock.at_ms + step.n * 6 * HOUR_MS
        kind = "grant" if step.n % 2 else "topup"
        family = (None, "reasoning")[step.n // 2 % 2]
        made = Grant(grant_id, account, kind, step.milli, "a history", self._stage.clock.at_ms, family, ends)  # type: ignore[arg-type]
        await self._stage.directory.grant(made, WHY)
        self.plain.buckets[account].append(Bucket(grant_id, kind, step.milli, family, ends))

    async def _transfer(self, step: Step) -> None:
        giver, taker = (self._named(name) for name in (("ann", "bob"), ("bob", "ann"))[step.n % 2])
        family = (None, "reasoning")[step.n // 2 % 2]
        milli, transfer_id = step.milli + 1, next(self._ids)
        terms = self._terms(giver)
        ack = await self._one(Transfer(transfer_id, giver, taker, terms, milli, family, None, WHY))
        if self._is_doubted(ack):
            return
        pieces = self.plain.transfer(giver, milli, family, terms)
        if isinstance(pieces, str):
            assert isinstance(ack, HoldRefused)
            assert (ack.code, ack.scope) == (pieces, f"user:{giver}")
            return
        assert isinstance(ack, Transferred)
        assert [(grant.amount_milli, grant.expires_at_ms) for grant in ack.grants] == pieces
        for grant in ack.grants:
            self.plain.buckets[taker].append(Bucket(grant.id, "topup", grant.amount_milli, family, grant.expires_at_ms))

    async def _enrol(self, step: Step) -> None:
        name = self._named(f"eu{step.n % 4}")
        app = self._app.removeprefix("app:")
        user = builders.user(name, app_id=app, external_id=name)
        ack = await self._one(Enrol(user, builders.entitlement(name), ENROLS_DAILY_MAX, WHY))
        if self._is_doubted(ack):
            return
        said = self.plain.enrol(name, self._app, ENROLS_DAILY_MAX)
        if said == "full":
            assert isinstance(ack, EnrolmentFull)
        else:
            assert ack == Enrolled(name, fresh=said == "new")

    async def _plan(self, step: Step) -> None:
        self._plans[self._account(step)] = step.n // 2 % len(PLANS)

    # --- time

    async def _pass(self, step: Step) -> None:
        self._pass_ms(step.n * 6 * HOUR_MS + step.milli)
        await self._look()

    async def _step(self, step: Step) -> None:
        """Somebody sets the clock a little, which is believed as soon as it is looked at."""
        self._stage.clock.step((step.n - 12) * (CLOCK_JUMP_MAX_MS - 60_000) // 12)
        await self._look()

    async def _jump(self, step: Step) -> None:
        if self._doubted_since is None:
            self._doubted_since = self._stage.clock.at_ms
            self._stage.clock.step((step.n - 12 or 1) * 5 * HOUR_MS)
        await self._look()

    async def _confirm(self, _: Step) -> None:
        was_doubted = self._doubted_since is not None
        self._judge()
        state = await self._stage.timekeeper.confirm(WHY)
        assert state.doubt is None
        if was_doubted:
            self._doubted_since, self.plain.at_ms = None, self._stage.clock.at_ms
        assert state.judged_by_ms == self.plain.at_ms

    def _pass_ms(self, ms: int) -> None:
        self._stage.clock.at_ms += ms
        if self._doubted_since is not None:
            self._doubted_since += ms

    async def _look(self) -> None:
        state = await self._stage.timekeeper.state()
        assert (state.doubt is not None) is (self._doubted_since is not None)
        self._judge()
        assert state.judged_by_ms == self.plain.at_ms

    def _judge(self) -> None:
        """No moment is judged by that is earlier than one before; in doubt the time that passes is what counts."""
        shown = self._stage.clock.at_ms if self._doubted_since is None else self._doubted_since
        self.plain.at_ms = max(self.plain.at_ms, shown)

    def _is_doubted(self, ack: object) -> bool:
        assert isinstance(ack, ClockDoubted) is (self._doubted_since is not None)
        return isinstance(ack, ClockDoubted)

    # --- claims

    async def _judged_alike(self, ack: object, call: str, account: str, refused: tuple[str, str] | None) -> None:
        assert isinstance(ack, Held | HoldRefused), ack
        assert (None if isinstance(ack, Held) else (ack.code, ack.scope)) == refused
        if isinstance(ack, Held):
            assert ack.amount_milli == self.plain.live[call].milli
        terms = self._terms(account, through=self._is_budgeted(call))
        seen = ack.standing if isinstance(ack, HoldRefused) else await self._stage.ledger.standing(account, terms)
        assert [(w.spent, w.held) for w in seen.windows] == self.plain.windows(account, terms)
        assert sorted((b.id, b.spent, b.held) for b in seen.buckets) == self.plain.shown_buckets(account)
        assert [(c.spent, c.held) for c in seen.caps] == self.plain.caps(account, terms)

    def _no_limit_is_passed(self) -> None:
        plain = self.plain
        for account in self._plans:
            for bucket in plain.buckets[account]:
                assert plain.spent[bucket.key] + plain.held[bucket.key] <= bucket.milli
            terms = self._terms(account, through=True)
            for cap, (spent, held) in zip(terms.caps, plain.caps(account, terms), strict=True):
                assert cap.unit == "nano_usd" or spent + held <= cap.limit
        assert [amount for amounts in (plain.spent, plain.held) for amount in amounts.values() if amount < 0] == []

    async def _sums_agree(self) -> None:
        """Entries sum to counters to the unit, and both are the plain books'; nothing is held any more."""
        bounds = (self._tag, f"{self._tag}~")
        sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        for (lines,) in await self._stage.look("SELECT lines FROM entries WHERE id >= ? AND id < ?", *bounds):
            for scope, name, epoch, spent, held in written_out(lines):
                sums[scope, name, epoch][0] += spent
                sums[scope, name, epoch][1] += held
        scopes = sorted({key[0] for key in sums})
        rows = [row for scope in scopes for row in await self._stage.look("SELECT * FROM counters WHERE scope = ?", scope)]
        shown = {row[:3]: [*row[3:]] for row in rows}
        assert shown == dict(sums)
        plain = {key: [self.plain.spent[key], self.plain.held[key]] for key in {*self.plain.spent, *self.plain.held}}
        assert {k: v for k, v in shown.items() if v != [0, 0]} == {k: v for k, v in plain.items() if v != [0, 0]}
        assert [held for _, held in shown.values() if held] == []

    # --- small things

    async def _one(self, command: LedgerCommand) -> LedgerAck | Exception:
        self._judge()
        (ack,) = await self._stage.ledger.apply([command])
        return ack

    @property
    def _app(self) -> str:
        return f"app:{self._named('app')}"

    def _named(self, name: str) -> str:
        return f"{self._tag}-{name}"

    def _account(self, step: Step) -> str:
        return self._named(("ann", "bob")[step.n % 2])

    def _live(self, step: Step) -> str | None:
        calls = list(self.plain.live)
        return calls[step.n % len(calls)] if calls else None

    def _share(self, step: Step) -> FairShare | None:
        return FairShare(self._app, 50) if step.n % 5 == 0 else None

    def _is_budgeted(self, call: str) -> bool:
        return budget_scope(self._wishes[call].account_id, ASSISTANT) in [cap.scope for cap in self._wishes[call].terms.caps]

    def _terms(self, account: str, through: bool = False) -> HoldTerms:
        """`through` the assistant that has a budget."""
        budget = (Cap(budget_scope(account, ASSISTANT), "month", BUDGET_MILLI),) if through else ()
        caps = (
            *budget,
            Cap(f"key:{account}", "day", 400),
            Cap(f"user:{account}", "total", 2_500),
            Cap(self._app, "month", 1_500),
            Cap(f"provider:{self._tag}", "day", 50_000, "nano_usd"),
        )
        return HoldTerms(PLANS[self._plans[account]], caps, (ConcurrencyLimit(f"user:{account}", 3),), 31)
