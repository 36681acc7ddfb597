"""What users and admins ask of the books, through the ports that the gateway asks through."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

from proxy.clock import SystemClock
from proxy.domain.desk import CallFilter, HistoryQuery, KeyFilter, UsageGroup, UsageQuery
from proxy.domain.ledger import LedgerCommand
from proxy.domain.rollup import DAY_MS, TallyGroup, TallyQuery, UserTallyQuery
from proxy.ids import RandomIds
from proxy.store.accounts import SqlAccounts
from proxy.store.database import Database
from proxy.store.directory import SqlDirectory
from proxy.store.ledger import SqlLedger
from proxy.store.register import SqlRegister
from proxy.store.timekeeper import Timekeeper
from tests.proofs.scale.fill import DAYS, KINDS, Size
from tests.proofs.scale.pages import ASKED, Asked, Hall
from tests.proofs.scale.template import TERMS, commands

CALLERS: Final = 64
USERS_AT_ONCE: Final = 10
PAGE: Final = 10
# Fewer than a book of ten users has, so that pages of all books look at as many.
ROLLUPS_LOOKED_AT: Final = 100
_PERIOD_MS: Final = 30 * DAY_MS
_ANY_USERS_KEYS: Final = KeyFilter(kind="user", limit=PAGE)
_MODELS: Final = tuple(f"p/m-{number}" for number in range(KINDS))


@dataclass(frozen=True, slots=True)
class Caller:
    """One of a book's users."""

    number: int

    @property
    def user_id(self) -> str:
        return f"u{self.number:07}"

    @property
    def key_id(self) -> str:
        return f"k{self.number:011}"

    @property
    def neighbour(self) -> "Caller":
        """Who calls in this one's place: whoever asks for lists again and again must find them as long as they were."""
        return Caller(self.number ^ 1)


class Desk:
    """Everything that can be asked of one book of `size`, filled until `until_ms`."""

    def __init__(self, database: Database, size: Size, until_ms: int) -> None:
        clock = SystemClock()
        self.database = database
        self.size = size
        self.hall: Hall | None = None
        self.until_ms = until_ms
        self.from_ms = until_ms - _PERIOD_MS
        self.old_ms = until_ms - (DAYS - 10) * DAY_MS
        self.directory = SqlDirectory(database, clock)
        self.register = SqlRegister(database)
        self.ledger = SqlLedger(database, Timekeeper(database, clock), "boot-scale")
        self._clock = clock
        self._asked = 0
        self._ids = RandomIds(b"scale")

    def accounts(self) -> SqlAccounts:
        """As a process that has just started has them: nothing in memory."""
        return SqlAccounts(self.database, self._clock)

    @property
    def middle(self) -> dict[str, str]:
        """Ids from the middle of the book, and the day from which pages ask."""
        who = Caller(self.size.users // 2 + 1)
        return {
            "call": f"call_0000000{10**18 + self.size.calls // 2}",
            "user": who.user_id,
            "key": who.key_id,
            "request": f"request-{who.user_id}",
            "line": str(self.size.users),
            "from": _date(self.from_ms),
            "until": _date(self.until_ms),
            "old": _date(self.until_ms - 2 * DAYS * DAY_MS),
        }

    async def visit(self, asked: Asked, who: Caller) -> None:
        """As the console asks."""
        assert self.hall is not None, "nobody has opened a gateway over this book"
        await self.hall.ask(asked, who.user_id)

    async def carry_out(self, callers: list[Caller]) -> None:
        """A call of each, all at once: their holds in one transaction, their settlements in another."""
        now_ms = self._clock.now_ms()
        pairs = [
            commands(self._ids.call_id(now_ms), who.user_id, who.key_id, now_ms, str(number % KINDS))
            for number, who in enumerate(callers, self._asked)
        ]
        self._asked += len(callers)
        for step in zip(*pairs, strict=True):
            await self._apply(list(step))

    async def _apply(self, step: list[LedgerCommand]) -> None:
        for ack in await self.ledger.apply(step):
            if isinstance(ack, Exception):
                raise ack


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()


Ask = Callable[[Desk, Caller], Awaitable[Any]]
Beside = Literal["empty", "small", "modest", "crowded"]


@dataclass(frozen=True, slots=True)
class Question:
    """`beside` says which small book it is compared with: one without any call, one whose answer is as long, or one of 10,000
    calls, of few users or each of another one."""

    group: str
    name: str
    ask: Ask
    beside: Beside = "modest"


def _usage(group: UsageGroup) -> Question:
    tag = "feature" if group == "tag" else None
    return Question(
        "usage",
        f"own usage by {group}",
        lambda desk, who: desk.register.usage(UsageQuery(who.user_id, desk.from_ms, desk.until_ms, group, tag)),
        "small",
    )


def _analytics(group: TallyGroup) -> Question:
    return Question(
        "reports of admins",
        f"analytics by {group}",
        lambda desk, _: desk.register.tallies(TallyQuery(desk.from_ms, desk.until_ms, group, limit=PAGE)),
    )


def _page(asked: Asked) -> Question:
    name = f"{asked.page}: {asked.path}"
    beside: Beside = "crowded" if asked.tells_users else "modest"
    return Question(f"console, {asked.page}", name, lambda desk, who: desk.visit(asked, who), beside)


def _calls(name: str, wanted: Callable[[Desk, Caller], CallFilter]) -> Question:
    return Question("pages of calls", name, lambda desk, who: desk.register.calls(wanted(desk, who)))


async def _crowd(desk: Desk, _: Caller) -> None:
    """Calls of ten users, who are spread over all of the book."""
    users = [Caller(step * desk.size.users // USERS_AT_ONCE) for step in range(USERS_AT_ONCE)]
    await desk.carry_out([users[number % USERS_AT_ONCE] for number in range(CALLERS)])


QUESTIONS: Final = (
    Question("admission", "hold and settle a call", lambda desk, who: desk.carry_out([who.neighbour]), "empty"),
    Question("admission", f"hold and settle {CALLERS} calls at once", _crowd, "empty"),
    Question("admission", "who a key is, not in memory", lambda desk, who: desk.accounts().caller(who.key_id), "empty"),
    Question("usage", "own standing", lambda desk, who: desk.ledger.standing(who.user_id, TERMS), "small"),
    *(_usage(group) for group in get_args(UsageGroup)),
    _calls("own calls, newest", lambda _, who: CallFilter(user_id=who.user_id, limit=PAGE)),
    _calls("own calls of a model", lambda _, who: CallFilter(user_id=who.user_id, model_id="p/m-1", limit=PAGE)),
    _calls("own calls that failed", lambda _, who: CallFilter(user_id=who.user_id, status="failed", limit=PAGE)),
    Question("other pages", "own keys", lambda desk, who: desk.directory.keys(who.user_id, None)),
    Question("other pages", "keys of users, a page", lambda desk, _: desk.directory.keys_page(_ANY_USERS_KEYS)),
    Question("other pages", "own plan requests", lambda desk, who: desk.directory.plan_requests(who.user_id, None)),
    _calls("all calls, newest", lambda *_: CallFilter(limit=PAGE)),
    _calls("calls of a model", lambda *_: CallFilter(model_id="p/m-1", limit=PAGE)),
    _calls("calls of a key", lambda _, who: CallFilter(key_id=who.key_id, limit=PAGE)),
    _calls("calls that failed", lambda *_: CallFilter(status="failed", limit=PAGE)),
    _calls("failed calls of a model", lambda *_: CallFilter(model_id="p/m-1", status="failed", limit=PAGE)),
    _calls("calls before a moment 40 days ago", lambda desk, _: CallFilter(until_ms=desk.old_ms, limit=PAGE)),
    _calls(
        "calls of a model on three days 40 days ago",
        lambda desk, _: CallFilter(model_id="p/m-1", from_ms=desk.old_ms - 3 * DAY_MS, until_ms=desk.old_ms, limit=PAGE),
    ),
    Question("other pages", "users, a page", lambda desk, _: desk.directory.users(None, None, PAGE)),
    Question("other pages", "users of an app without users", lambda desk, _: desk.directory.users("nobody", None, PAGE)),
    Question("other pages", "open plan requests", lambda desk, _: desk.directory.plan_requests(None, "open")),
    Question("other pages", "audit log, a page", lambda desk, _: desk.register.audit(None, PAGE)),
    Question("other pages", "audit log, its oldest page", lambda desk, _: desk.register.audit(PAGE, PAGE)),
    Question(
        "reports of admins",
        "who uses each model",
        lambda desk, _: desk.register.model_users(_MODELS, desk.from_ms, 10_000),
        "crowded",
    ),
    *(_analytics(group) for group in get_args(TallyGroup)),
    Question(
        "reports of admins",
        "analytics by user, a page",
        lambda desk, _: desk.register.user_tallies(
            UserTallyQuery(desk.from_ms, desk.until_ms, "u", PAGE, rows_max=ROLLUPS_LOOKED_AT)
        ),
    ),
    Question(
        "pages of calls",
        "replay of a user's calls, a page",
        lambda desk, who: desk.register.history(HistoryQuery(desk.from_ms, desk.until_ms, who.user_id, limit=PAGE)),
    ),
    Question(
        "pages of calls",
        "replay of all calls, a page",
        lambda desk, _: desk.register.history(HistoryQuery(desk.from_ms, desk.until_ms, limit=PAGE)),
    ),
    *(_page(asked) for asked in ASKED),
)
