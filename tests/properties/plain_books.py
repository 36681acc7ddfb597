"""The books once more, as plainly as can be: dictionaries and sums, written from the contract and from nothing in the stages,
to hold the real ones against."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from proxy.domain.ledger import FairShare, HoldTerms
from proxy.domain.plan import Window

WINDOWS: Final[tuple[Window, ...]] = ("day", "week", "month", "total")
DAY_MS: Final = 86_400_000
NEVER: Final = 1 << 62
Key = tuple[str, str, str]


class Bucket(NamedTuple):
    """A grant or top-up."""

    id: str
    kind: str
    milli: int
    family: str | None
    expires_ms: int | None

    @property
    def key(self) -> Key:
        return (f"grant:{self.id}", self.kind, "total")


class Wish(NamedTuple):
    """What a call wants held, and under which terms."""

    account: str
    family: str
    milli: int
    nano: int
    terms: HoldTerms


class Source(NamedTuple):
    """What may pay: in this turn, within these limits, counted there."""

    turn: tuple[int, int, str]
    limits: list[tuple[Key, int]]
    counted: list[Key]


@dataclass
class Part:
    """One admission of a hold: what each source gives, and where its sum and its raw cost count."""

    shares: list[tuple[list[Key], int]]
    caps: list[Key]
    ceilings: list[Key]
    nano: int

    @property
    def milli(self) -> int:
        return sum(milli for _, milli in self.shares)

    def holds(self) -> Iterator[tuple[Key, int]]:
        yield from ((key, milli) for keys, milli in self.shares for key in keys)
        yield from ((key, self.milli) for key in self.caps)
        yield from ((key, self.nano) for key in self.ceilings)


@dataclass
class LiveHold:
    account: str
    family: str
    parts: list[Part]
    metered: int = 0

    @property
    def milli(self) -> int:
        return sum(part.milli for part in self.parts)

    @property
    def nano(self) -> int:
        return sum(part.nano for part in self.parts)

    def own(self) -> dict[Key, int]:
        found: defaultdict[Key, int] = defaultdict(int)
        for part in self.parts:
            for key, amount in part.holds():
                found[key] += amount
        return found


@dataclass
class Charge:
    """What a call came to."""

    account: str
    milli: int
    absorbed: int
    at_ms: int
    lines: dict[Key, int]
    refunded: bool = False
    buried: bool = False


@dataclass
class PlainBooks:
    """`at_ms` is the moment that is judged by. A refusal is its code and its scope."""

    at_ms: int
    spent: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))
    held: defaultdict[Key, int] = field(default_factory=lambda: defaultdict(int))
    buckets: defaultdict[str, list[Bucket]] = field(default_factory=lambda: defaultdict(list))
    live: dict[str, LiveHold] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    forgiven: list[tuple[Key, int]] = field(default_factory=list)
    enrolled: set[str] = field(default_factory=set)

    # --- calls

    def hold(self, call: str, wish: Wish, share: FairShare | None) -> tuple[str, str] | None:
        if share is not None and self._is_greedy(wish, share):
            return "credits_on_hold", share.scope
        live = Counter(f"user:{hold.account}" for hold in self.live.values())
        full = next((limit.scope for limit in wish.terms.concurrency if live[limit.scope] >= limit.calls_max), None)
        part = self._admitted(wish, {}, full)
        if not isinstance(part, Part):
            return part
        self.live[call] = LiveHold(wish.account, wish.family, [part])
        self._take(part, 1)
        return None

    def extend(self, call: str, wish: Wish, metered: int) -> tuple[str, str] | None:
        hold = self.live[call]
        hold.metered = max(hold.metered, metered)
        if wish.family != hold.family:
            return self._anew(hold, wish)
        more = wish._replace(milli=max(0, wish.milli - hold.milli), nano=max(0, wish.nano - hold.nano))
        part = self._admitted(more, hold.own(), None)
        if not isinstance(part, Part):
            return part
        if part.milli or part.nano:
            hold.parts.append(part)
            self._take(part, 1)
        return None

    def has_room(self, call: str, wish: Wish, times: int) -> bool:
        hold = self.live[call]
        milli, nano = times * max(0, wish.milli - hold.milli), times * max(0, wish.nano - hold.nano)
        return isinstance(self._admitted(wish._replace(family=hold.family, milli=milli, nano=nano), {}, None), Part)

    def settle(self, call: str, milli: int, nano: int, at_ms: int | None = None) -> Charge:
        hold = self.live.pop(call)
        charged = left = min(milli, hold.milli)
        lines: defaultdict[Key, int] = defaultdict(int)
        for part in hold.parts:
            self._take(part, -1)
            pays = min(left, part.milli)
            billed = nano if part is hold.parts[-1] else min(nano, part.nano)
            for keys, share in part.shares:
                for key in keys:
                    lines[key] += max(0, min(pays, share))
                pays -= min(pays, share)
            for key in part.caps:
                lines[key] += min(left, part.milli)
            for key in part.ceilings:
                lines[key] += billed
            left -= min(left, part.milli)
            nano -= billed
        self._spend(lines)
        charge = self.charges[call] = Charge(
            hold.account, charged, milli - charged, self.at_ms if at_ms is None else at_ms, lines
        )
        return charge

    def bury(self, at_ms: int) -> None:
        """Every live call's process died: what was metered is charged."""
        for call, hold in list(self.live.items()):
            nano = -(-hold.nano * hold.metered // hold.milli) if hold.milli else 0
            self.settle(call, hold.metered, nano, at_ms).buried = True

    # --- by hand

    def refund(self, call: str) -> int | None:
        charge = self.charges.get(call)
        if charge is None or charge.milli == 0:
            return None
        if not charge.refunded:
            charge.refunded = True
            since = {key for key, at_ms in self.forgiven if at_ms >= charge.at_ms}
            back = {
                k: -min(n, self.spent[k]) for k, n in charge.lines.items() if not k[1].endswith("/nano_usd") and k not in since
            }
            self._spend(back)
        return charge.milli

    def reset(self, account: str, window: Window, family: str | None, anchor: int) -> int:
        key = self._window_key(account, window, family, anchor)
        milli = self.spent[key]
        if milli:
            self.spent[key] = 0
            self.forgiven.append((key, self.at_ms))
        return milli

    def transfer(self, giver: str, milli: int, family: str | None, terms: HoldTerms) -> list[tuple[int, int | None]] | str:
        """The pieces with their ends, or why there are none."""
        drawn = [s for s in self._sources(giver, family, terms, exactly=True)]
        rooms = [self._room(source, {}, 1) for source in drawn]
        if sum(rooms) < milli:
            return "credits_on_hold" if sum(self._room(s, {}, 0) for s in drawn) >= milli else "insufficient_credits"
        pieces: list[tuple[int, int | None]] = []
        for source, room in zip(drawn, rooms, strict=True):
            taken = min(milli, room)
            milli -= taken
            self._spend(dict.fromkeys(source.counted, taken))
            if taken:
                pieces.append((taken, None if source.turn[1] == NEVER else source.turn[1]))
        return pieces

    def enrol(self, user: str, app: str, daily_max: int) -> str:
        key = (app, "enrols/day/users", epoch("day", self.at_ms, 1))
        if user in self.enrolled:
            return "known"
        if self.spent[key] >= daily_max:
            return "full"
        self.enrolled.add(user)
        self.spent[key] += 1
        return "new"

    # --- what is left

    def windows(self, account: str, terms: HoldTerms) -> list[tuple[int, int]]:
        keys = [self._window_key(account, a.window, a.family, terms.anchor_day) for a in terms.allowances]
        return [(self.spent[key], self.held[key]) for key in keys]

    def shown_buckets(self, account: str) -> list[tuple[str, int, int]]:
        open_now = [b for b in self.buckets[account] if b.expires_ms is None or self.at_ms < b.expires_ms]
        return sorted((b.id, self.spent[b.key], self.held[b.key]) for b in open_now)

    def caps(self, account: str, terms: HoldTerms) -> list[tuple[int, int]]:
        return [(self.spent[key], self.held[key]) for key in self._cap_keys(account, terms)]

    # --- arithmetic

    def _admitted(self, wish: Wish, own: dict[Key, int], full: str | None) -> Part | tuple[str, str]:
        drawn = self._sources(wish.account, wish.family, wish.terms, exactly=False)
        caps = list(zip(wish.terms.caps, self._cap_keys(wish.account, wish.terms), strict=True))
        for live in (0, 1):
            if live and full is not None:
                return "concurrency_limit", full
            if sum(self._room(source, own, live) for source in drawn) < wish.milli:
                return ("credits_on_hold" if live else "insufficient_credits"), f"user:{wish.account}"
            for cap, key in caps:
                asked = wish.milli if cap.unit == "milli_credits" else wish.nano
                if asked > max(0, cap.limit - self._used(key, own, live)):
                    return ("credits_on_hold" if live else "budget_cap_reached"), cap.scope
        shares, milli = [], wish.milli
        for source in drawn:
            taken = min(milli, self._room(source, own, 1))
            milli -= taken
            shares.append((source.counted, taken))
        units = {unit: [key for cap, key in caps if cap.unit == unit] for unit in ("milli_credits", "nano_usd")}
        return Part(shares, units["milli_credits"], units["nano_usd"], wish.nano)

    def _anew(self, hold: LiveHold, wish: Wish) -> tuple[str, str] | None:
        for part in hold.parts:
            self._take(part, -1)
        made = self._admitted(wish, {}, None)
        if isinstance(made, Part):
            hold.parts, hold.family = [made], wish.family
        for part in hold.parts:
            self._take(part, 1)
        return None if isinstance(made, Part) else made

    def _is_greedy(self, wish: Wish, share: FairShare) -> bool:
        mine: defaultdict[str | None, list[int]] = defaultdict(list)
        for allowance, (_, held) in zip(wish.terms.allowances, self.windows(wish.account, wish.terms), strict=True):
            mine[allowance.family].append(held)
        held = sum(max(windows) for windows in mine.values()) + sum(held for _, _, held in self.shown_buckets(wish.account))
        caps = zip(wish.terms.caps, self._cap_keys(wish.account, wish.terms), strict=True)
        unspent = [c.limit - self.spent[k] for c, k in caps if c.scope == share.scope and c.unit == "milli_credits"]
        return held > 0 and held + wish.milli > min(unspent) * share.percent // 100

    def _sources(self, account: str, family: str | None, terms: HoldTerms, exactly: bool) -> list[Source]:
        bounds = {family} if exactly else {family, None}
        found = []
        for bound in bounds & {allowance.family for allowance in terms.allowances}:
            own = [a for a in terms.allowances if a.family == bound]
            ends = min(_end(a.window, self.at_ms // DAY_MS, terms.anchor_day) for a in own)
            limits = [(self._window_key(account, a.window, bound, terms.anchor_day), a.limit_milli_credits) for a in own]
            counted = [self._window_key(account, window, bound, terms.anchor_day) for window in WINDOWS]
            found.append(Source((1 if bound is None else 0, ends, ""), limits, counted))
        for bucket in self.buckets[account]:
            if bucket.family in bounds and (bucket.expires_ms is None or self.at_ms < bucket.expires_ms):
                turn = (2 if bucket.family is None else 0, bucket.expires_ms or NEVER, bucket.id)
                found.append(Source(turn, [(bucket.key, bucket.milli)], [bucket.key]))
        return sorted(found)

    def _room(self, source: Source, own: dict[Key, int], live: int) -> int:
        return max(0, min(limit - self._used(key, own, live) for key, limit in source.limits))

    def _used(self, key: Key, own: dict[Key, int], live: int) -> int:
        """What a call holds itself is as good as spent for it."""
        return self.spent[key] + (self.held[key] if live else own.get(key, 0))

    def _take(self, part: Part, sign: int) -> None:
        for key, amount in part.holds():
            self.held[key] += sign * amount

    def _spend(self, lines: dict[Key, int]) -> None:
        for key, amount in lines.items():
            self.spent[key] += amount

    def _window_key(self, account: str, window: Window, family: str | None, anchor: int) -> Key:
        name = f"included/{window}" + (f"/{family}" if family else "")
        return (f"user:{account}", name, epoch(window, self.at_ms, anchor))

    def _cap_keys(self, account: str, terms: HoldTerms) -> list[Key]:
        own = f"user:{account}"
        anchors = [terms.anchor_day if cap.scope == own or cap.scope.startswith(f"{own}/") else 1 for cap in terms.caps]
        return [
            (cap.scope, f"cap/{cap.window}/{cap.unit}", epoch(cap.window, self.at_ms, anchor))
            for cap, anchor in zip(terms.caps, anchors, strict=True)
        ]


def epoch(window: Window, at_ms: int, anchor: int) -> str:
    """The period's name."""
    return _epoch(window, at_ms // DAY_MS, anchor)


@lru_cache(maxsize=100_000)
def _epoch(window: Window, number: int, anchor: int) -> str:
    """Counted out day by day."""
    day = date(1970, 1, 1) + timedelta(days=number)
    if window == "total":
        return "total"
    if window == "week":
        return "{}-W{:02d}".format(*day.isocalendar()[:2])
    while window == "month" and not _begins(day, anchor):
        day -= timedelta(days=1)
    return day.isoformat()


@lru_cache(maxsize=100_000)
def _end(window: Window, number: int, anchor: int) -> int:
    """The first moment of the next period."""
    if window == "total":
        return NEVER
    now = _epoch(window, number, anchor)
    while _epoch(window, number, anchor) == now:
        number += 1
    return number * DAY_MS


def _begins(day: date, anchor: int) -> bool:
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return day.day == min(anchor, last.day)
