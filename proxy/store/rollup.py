"""Finished calls in, the roll-up rows that they add to out: sums per day and group, folded before they are written."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final, get_args

from proxy.domain.call import Call, CallStatus
from proxy.domain.rollup import DAY_MS, TTFT_BOUNDS_MS, Tally, ttft_place

KEYS: Final = ("day", "user_id", "tag", "value", "kind", "app_id", "assistant_id", "family", "model_id", "provider_id")
TTFT: Final = (*(f"ttft_{bound}" for bound in TTFT_BOUNDS_MS), "ttft_more")
MEASURES: Final = (*(field.name for field in fields(Tally) if field.name != "ttft_calls"), *TTFT)

# The end of a statement that adds to rows which may be there.
MERGE: Final = f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET " + ", ".join(
    f"{name} = rollups.{name} + excluded.{name}" for name in MEASURES
)
ADD: Final = f"INSERT INTO rollups VALUES ({', '.join('?' * len(KEYS + MEASURES))}) {MERGE}"  # noqa: S608
# A row that counts nothing any more is no row.
SWEEP: Final = f"DELETE FROM rollups WHERE {' AND '.join(f'{name} = ?' for name in KEYS)} AND " + " AND ".join(  # noqa: S608
    f"{name} = 0" for name in MEASURES
)

Key = tuple[str | int, ...]
Spot = tuple[str, str, str]
# Calls that count in the same rows: day, user, tags, (kind, app, assistant), spot.
Group = tuple[int, str, tuple[tuple[str, str], ...], tuple[str, str, str], Spot]
Sums = tuple[int, ...]

_COUNTED: Final = tuple(status for status in get_args(CallStatus) if status != "running")
_BY_STATUS: Final[Mapping[str, Sums]] = {status: tuple(int(one == status) for one in _COUNTED) for status in _COUNTED}
_BY_TTFT: Final = tuple(tuple(int(one == place) for one in range(len(TTFT))) for place in range(len(TTFT)))
_NO_STATUS: Final = (0,) * len(_COUNTED)
_NO_TTFT: Final = (0,) * len(TTFT)
_ANSWERED: Final = ("served", "cut", "left")


class Rollup:
    """What some calls add to the roll-ups. Every call counts for its user and, under the user `''`, for all; each tag
    of its metadata counts it once more, under the tag's name and value (the plain rows have neither)."""

    def __init__(self) -> None:
        self._adds: defaultdict[Group, list[Sums]] = defaultdict(list)
        self._lessened: set[Group] = set()

    def add(self, call: Call) -> None:
        """Counts a call, which must be new to the register."""
        self._count(call, _spots(call))

    def take_back(self, call: Call) -> None:
        """Counts a call out again as it was counted in, for it turned out to be another."""
        counted = Rollup()
        counted.add(call)
        for group, adds in counted._adds.items():
            self._adds[group] += [tuple(-amount for amount in sums) for sums in adds]
            self._lessened.add(group)

    def merge(self, other: "Rollup") -> None:
        """Counts all that another one does."""
        for group, adds in other._adds.items():
            self._adds[group] += adds
        self._lessened |= other._lessened

    def emptied(self) -> Iterator[Key]:
        """The parameters of SWEEP: rows that may count nothing any more once the sums are added."""
        return iter(sorted({key for group in self._lessened for key in _keys(group)}))

    def give_back(self, call: Call, credits_milli: int) -> None:
        """Takes back what a counted call was charged: roll-ups hold what callers pay in the end."""
        self._count(call, {_own(call): tuple(-credits_milli if name == "credits_milli" else 0 for name in MEASURES)})

    def rows(self) -> Iterator[Key]:
        """The parameters of ADD, in the order of their keys: writers side by side take the rows that they share in turn."""
        found: defaultdict[Key, list[Sums]] = defaultdict(list)
        for group, adds in self._adds.items():
            total = _total(adds)
            for key in _keys(group):
                found[key].append(total)
        return (key + _total(adds) for key, adds in sorted(found.items()))

    def _count(self, call: Call, found: Mapping[Spot, Sums]) -> None:
        day, tags = call.at_ms // DAY_MS, tuple(call.metadata.items())
        of_user = (call.kind, call.app_id or "", call.assistant_id or "")
        for spot, sums in found.items():
            self._adds[day, call.user_id, tags, of_user, spot].append(sums)


def _keys(group: Group) -> Iterator[Key]:
    """The rows that calls of one group count in: each of their tags, and none, for their user and for all."""
    day, user_id, tags, of_user, spot = group
    of_all = (of_user[0], "", "")
    for tag, value in (("", ""), *tags):
        yield day, user_id, tag, value, *of_user, *spot
        yield day, "", tag, value, *of_all, *spot


def _total(adds: list[Sums]) -> Sums:
    return adds[0] if len(adds) == 1 else tuple(map(sum, zip(*adds, strict=True)))


def _spots(call: Call) -> dict[Spot, Sums]:
    """What the call adds at each model: what was tried there, and where it ended all the rest."""
    own = _own(call)
    if len(call.attempts) == 1:
        (only,) = call.attempts
        if own == (only.family, only.model_id, only.provider_id):
            return {own: (1, int(only.fault is not None), call.raw_nano_usd, *_ended(call))}
    # What no attempt accounts for, a crash's estimate, stands where the call does.
    tried = {own: (0, 0, call.raw_nano_usd - sum(attempt.raw_nano_usd for attempt in call.attempts))}
    for attempt in call.attempts:
        spot = (attempt.family, attempt.model_id, attempt.provider_id)
        attempts, faults, raw_nano_usd = tried.get(spot, (0, 0, 0))
        tried[spot] = (attempts + 1, faults + (attempt.fault is not None), raw_nano_usd + attempt.raw_nano_usd)
    return {spot: sums + (_ended(call) if spot == own else _NOTHING) for spot, sums in tried.items()}


def _own(call: Call) -> Spot:
    return call.family or "", call.model_id or "", call.provider_id or ""


def _ended(call: Call) -> Sums:
    used, timed, status = call.usage, call.ttft_ms, call.status
    if used is None:
        counted: Sums = (int(call.credits_milli > 0), 0, 0, 0, 0, 0, 0)
    else:
        counted = (1, used.input, used.cached_input, used.cache_write, used.output, used.reasoning, used.images)
    duration_ms = call.duration_ms if status in _ANSWERED else 0
    spent = (call.credits_milli - call.refunded_milli, call.absorbed_milli, duration_ms, timed or 0)
    ttft = _NO_TTFT if timed is None else _BY_TTFT[ttft_place(timed)]
    return _BY_STATUS.get(status, _NO_STATUS) + counted + spent + ttft


_NOTHING: Final = (0,) * (len(MEASURES) - 3)
