"""The routing report: sums of calls and opinions of them in, one row for each task family and model out, and the same as lines
of text; counts nothing itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from typing import Final

from proxy.domain.feedback import Families, Opinion, RoutingRow
from proxy.domain.money import credits_text
from proxy.domain.rollup import Tally, TallyRow

# Between the two ids that a tally by assistant and model is named after; no id holds one.
APART: Final = "|"
NO_FAMILY: Final = "-"
NANO: Final = 10**9
HEADINGS: Final = ("family", "model", "calls", "credits", "cost $", "ttft ms", "up", "down", "failures", "downgrades")
_NAMES_COLUMNS: Final = 2

Place = tuple[str, str]


def rows(tallies: Iterable[TallyRow], opinions: Iterable[Opinion], families: Families) -> list[RoutingRow]:
    """By family, then the most called first. `families` maps an assistant to its task family."""
    sums: defaultdict[Place, list[Tally]] = defaultdict(list)
    for row in tallies:
        assistant_id, _, model_id = row.group.partition(APART)
        if model_id:
            sums[_family(assistant_id, families), model_id].append(row.tally)
    said: defaultdict[Place, list[Opinion]] = defaultdict(list)
    for opinion in opinions:
        said[_family(opinion.assistant_id, families), opinion.model_id].append(opinion)
    found = [_row(place, sums.get(place, []), said.get(place, [])) for place in sums.keys() | said.keys()]
    return sorted(found, key=lambda row: (row.family, -row.calls, row.model))


def table(report: Sequence[RoutingRow]) -> list[str]:
    """The report as a person reads it: a heading, then a line a row; names at the left, numbers at the right."""
    cells = [HEADINGS, *(_cells(row) for row in report)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADINGS))]
    return ["  ".join(_fitted(cell, column, widths[column]) for column, cell in enumerate(line)).rstrip() for line in cells]


def as_json(report: Sequence[RoutingRow]) -> list[dict[str, str | int | None]]:
    """The same for programs; credits and dollars are decimal strings."""
    return [
        {
            "family": row.family,
            "model": row.model,
            "calls": row.calls,
            "attempts": row.attempts,
            "failures": row.failures,
            "credits": credits_text(row.credits_milli),
            "raw_cost_nano_usd": row.raw_nano_usd,
            "ttft_mean_ms": row.ttft_mean_ms,
            "thumbs_up": row.thumbs_up,
            "thumbs_down": row.thumbs_down,
            "downgrades": row.downgrades,
        }
        for row in report
    ]


def _family(assistant_id: str, families: Families) -> str:
    return families.get(assistant_id, assistant_id) or NO_FAMILY


def _row(place: Place, tallies: Sequence[Tally], opinions: Sequence[Opinion]) -> RoutingRow:
    timed = sum(sum(tally.ttft_calls) for tally in tallies)
    return RoutingRow(
        family=place[0],
        model=place[1],
        calls=sum(tally.calls for tally in tallies),
        attempts=sum(tally.attempts for tally in tallies),
        failures=sum(tally.faults for tally in tallies),
        credits_milli=sum(tally.credits_milli for tally in tallies),
        raw_nano_usd=sum(tally.raw_nano_usd for tally in tallies),
        ttft_mean_ms=sum(tally.ttft_ms for tally in tallies) // timed if timed else None,
        thumbs_up=sum(opinion.ups for opinion in opinions),
        thumbs_down=sum(opinion.downs for opinion in opinions),
        downgrades=sum(opinion.downgrades for opinion in opinions),
    )


def _cells(row: RoutingRow) -> tuple[str, ...]:
    told = dict(zip(RoutingRow.__slots__, astuple(row), strict=True))
    told["credits_milli"] = credits_text(row.credits_milli)
    told["raw_nano_usd"] = f"{row.raw_nano_usd // NANO}.{row.raw_nano_usd % NANO // 10**5:04d}"
    shown = ("family", "model", "calls", "credits_milli", "raw_nano_usd", "ttft_mean_ms", "thumbs_up", "thumbs_down")
    return tuple("-" if told[name] is None else str(told[name]) for name in (*shown, "failures", "downgrades"))


def _fitted(cell: str, column: int, width: int) -> str:
    return cell.ljust(width) if column < _NAMES_COLUMNS else cell.rjust(width)
