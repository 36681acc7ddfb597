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

ADD: Final = (
    f"INSERT INTO rollups VALUES ({', '.join('?' * len(KEYS + MEASURES))}) ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET "  # noqa: S608
    + ", ".join(f"{name} = rollups.{name} + excluded.{name}" for name in MEASURES)
)
# A row that counts nothing any more is no row.
SWEEP: Final = f"DELETE FROM rollups WHERE {' AND '.join(f'{name} = ?' for name in KEYS)} AND " + " AND ".join(  # noqa: S608
    f"{name} = 0" for name in MEASURES
)

Key = tuple[str | int, ...]
Spot = tuple[str, str, str]
Sums = tuple[int, ...]

_COUNTED: Final = tuple(status for status in get_args(CallStatus) if status != "running")
_BY_STATUS: Final[Mapping[str, Sums]] = {status: tuple(int(one == status) for one in _COUNTED) for status in _COUNTED}
_BY_TTFT: Final = tuple(tuple(int(one == place) for one in range(len(TTFT))) for place in range(len(TTFT)))
_NO_STATUS: Final = (0,) * len(_COUNTED)
_NO_TOKENS: Final = (0,) * 6
_NO_TTFT: Final = (0,) * len(TTFT)
_ANSWERED: Final = ("served", "cut", "left")


class Rollup:
    """What a batch of calls adds to the roll-ups. Every call counts for its user and, under the user `''`, for all; each tag
    of its metadata counts it once more, under the tag's name and value (the plain rows have neither)."""

    def __init__(self) -> None:
        self._adds: defaultdict[Key, list[Sums]] = defaultdict(list)
        self._lessened: set[Key] = set()

    def add(self, call: Call) -> None:
        """Counts a call, which must be new to the register."""
        self._count(call, _spots(call))

    def take_back(self, call: Call) -> None:
        """Counts a call out again as it was counted in, for it turned out to be another."""
        counted = Rollup()
        counted.add(call)
        for key, adds in counted._adds.items():
            self._adds[key] += [tuple(-amount for amount in sums) for sums in adds]
            self._lessened.add(key)

    def emptied(self) -> Iterator[tuple[str | int, ...]]:
        """The parameters of SWEEP: rows that may count nothing any more once the sums are added."""
        return iter(sorted(self._lessened))

    def give_back(self, call: Call, credits_milli: int) -> None:
        """Takes back what a counted call was charged: roll-ups hold what callers pay in the end."""
        self._count(call, {_own(call): tuple(-credits_milli if name == "credits_milli" else 0 for name in MEASURES)})

    def _count(self, call: Call, found: Mapping[Spot, Sums]) -> None:
        day = call.at_ms // DAY_MS
        who = (call.kind, call.app_id or "", call.assistant_id or "")
        all_of_kind = (call.kind, "", "")
        spots = found.items()
        for tag, value in (("", ""), *call.metadata.items()):
            for spot, sums in spots:
                self._adds[day, call.user_id, tag, value, *who, *spot].append(sums)
                self._adds[day, "", tag, value, *all_of_kind, *spot].append(sums)

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """The parameters of ADD, in the order of their keys: writers side by side take the rows that they share in turn."""
        return (key + _total(adds) for key, adds in sorted(self._adds.items()))


def _total(adds: list[Sums]) -> Sums:
    return adds[0] if len(adds) == 1 else tuple(map(sum, zip(*adds, strict=True)))


def _spots(call: Call) -> dict[Spot, Sums]:
    """What the call adds at each model: what was tried there, and where it ended all the rest."""
    own = _own(call)
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
    used, timed = call.usage, call.ttft_ms
    return (
        *_BY_STATUS.get(call.status, _NO_STATUS),
        int(used is not None or call.credits_milli > 0),
        *(
            _NO_TOKENS
            if used is None
            else (used.input, used.cached_input, used.cache_write, used.output, used.reasoning, used.images)
        ),
        call.paid_milli,
        call.absorbed_milli,
        call.duration_ms if call.status in _ANSWERED else 0,
        timed or 0,
        *(_NO_TTFT if timed is None else _BY_TTFT[ttft_place(timed)]),
    )


_NOTHING: Final = (0,) * (len(MEASURES) - 3)
