"""Rows of figures in, two tables out: what each target came to, and how that compares with what was to be reached;
measures nothing."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from tests.bench.cases import CROWD, Figures
from tests.bench.rounds import Rows

COLUMNS: Final = {
    "gateway": "Signalbox",
    "no-precheck": "… no precheck",
    "least": "the least",
    "least-no-precheck": "… no precheck",
    "relay": "bare relay",
    "least-relay": "the least relay",
    "nginx": "nginx",
    "litellm": "LiteLLM",
}
_FIGURES: Final = {
    "call_us": "CPU a call, 300 B, 32 connections, µs",
    "calls_per_s": "calls a second on one core",
    "tools_us": "CPU a call of load and provider, µs",
    "call_many_us": "CPU a call, 512 connections, µs",
    "large_us": "CPU a call, 100 KB, µs",
    "paced_us": "CPU a paced chunk, µs",
    "flat_us": "CPU a chunk flat out, µs",
    "half_rate": "half load, calls a second",
    "half_calls": "… in a window, at least",
    "half_p50_us": "added at half load, p50, µs: median window",
    "half_p99_us": "added at half load, p99, µs: median window",
    "half_worst_us": "added at half load, p99, µs: worst window",
    "half_direct_p99_us": "p99 of direct calls in the same windows, µs: median window",
    "first_p50_us": "added to the first chunk, 4 streams, p50, µs",
    "first_p99_us": "added to the first chunk, 4 streams, p99, µs",
    "start_s": "start to first answer, s",
    "idle_mb": "memory idle, MB",
    "after_mb": "memory after the calls, MB",
    "open_mb": "memory with 1,000 open streams, MB",
    "open_streams": "of these open when it was measured",
    "leave_whole_ms": "caller leaves a whole answer → upstream closed, ms",
    "leave_stream_ms": "caller leaves a stream → upstream closed, ms",
    "crowd": "streams of a chunk a second that were begun",
    "crowd_open": "of them open when they were measured",
    "crowd_served": "share of their chunks that came in these seconds",
    "crowd_opening_p99_ms": "pause between two of those that are open while the others come, p99, ms",
    "crowd_gap_p99_ms": "pause between two of them, p99, ms",
    "crowd_kb": "memory of one of them, KB",
    "crowd_us": "CPU of a chunk of theirs, µs",
}

# Chunks of the last instant may be on their way.
_CROWD_SERVED: Final = 0.99 * CROWD

Judge = Callable[[Rows], float]


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing to reach. With `most`, less is better."""

    what: str
    least: float
    aim: float
    seen: Judge
    most: bool = False
    unit: str = ""

    def reaches(self, value: float, goal: float) -> bool:
        return value <= goal if self.most else value >= goal

    def row(self, rows: Rows) -> str:
        judged = (*self.judged(rows), *self.judged(rows.as_if("gateway", "no-precheck")))
        return f"| {' | '.join((self.what, self.bound(self.least), self.bound(self.aim), *judged))} |"

    def bound(self, value: float) -> str:
        """A goal as it is written."""
        return f"{'≤' if self.most else '≥'} {_number(value)}{self.unit}"

    def judged(self, rows: Rows) -> tuple[str, str]:
        """What was seen, and how far that reaches."""
        value = self.seen(rows)
        if math.isnan(value):
            return "not measured", ""
        verdict = "aim" if self.reaches(value, self.aim) else "yes" if self.reaches(value, self.least) else "**no**"
        return f"{_number(value)}{self.unit}", verdict


def _ratio(figure: str, above: str, below: str) -> Judge:
    """The median over rounds of a ratio within each round, for what happened to one happened to the other."""
    return lambda rows: _median([_of(a, figure) / _of(b, figure) for a, b in zip(rows.of(above), rows.of(below), strict=False)])


def _ours(figure: str) -> Judge:
    return lambda rows: _median([_of(row, figure) for row in rows.of("gateway")])


def _adds(figure: str) -> Judge:
    return lambda rows: _median(
        [_of(a, figure) - _of(b, figure) for a, b in zip(rows.of("no-precheck"), rows.of("relay"), strict=False)]
    )


def _grows(rows: Rows) -> float:
    return _median([_of(row, "call_many_us") / _of(row, "call_us") for row in rows.of("gateway")])


def _crowd_served(rows: Rows) -> float:
    return _median([_of(row, "crowd") * _of(row, "crowd_served") for row in rows.of("gateway")])


GOALS: Final = (
    Goal("CPU a call: LiteLLM / ours", 70, 100, _ratio("call_us", "litellm", "gateway")),
    Goal("CPU a call: ours / nginx", 8, 5.5, _ratio("call_us", "gateway", "nginx"), most=True),
    Goal("p99 added at half load: LiteLLM / ours", 10, 20, _ratio("half_p99_us", "litellm", "gateway")),
    Goal("CPU a paced chunk: LiteLLM / ours", 11, 13, _ratio("paced_us", "litellm", "gateway")),
    Goal("CPU a paced chunk: ours / nginx", 3.5, 2.8, _ratio("paced_us", "gateway", "nginx"), most=True),
    Goal("CPU a chunk flat out: LiteLLM / ours", 60, 80, _ratio("flat_us", "litellm", "gateway")),
    Goal("CPU a call of 100 KB: LiteLLM / ours", 15, 20, _ratio("large_us", "litellm", "gateway")),
    Goal("added to the first chunk, 4 streams: LiteLLM / ours", 25, 30, _ratio("first_p50_us", "litellm", "gateway")),
    Goal("start to first answer", 0.8, 0.5, _ours("start_s"), most=True, unit=" s"),
    Goal("memory idle", 75, 60, _ours("idle_mb"), most=True, unit=" MB"),
    Goal("CPU a call at 512 connections / at 32", 1.3, 1.15, _grows, most=True),
    Goal("everything but precheck adds to a bare relay, a call", 100, 60, _adds("call_us"), most=True, unit=" µs"),
    Goal("the same, a paced chunk", 4, 3, _adds("paced_us"), most=True, unit=" µs"),
    Goal("the same, a chunk flat out", 4, 3, _adds("flat_us"), most=True, unit=" µs"),
    Goal("caller leaves a whole answer → upstream closed", 50, 10, _ours("leave_whole_ms"), most=True, unit=" ms"),
    Goal("caller leaves a stream → upstream closed", 50, 10, _ours("leave_stream_ms"), most=True, unit=" ms"),
    Goal("open streams served, a chunk a second each", _CROWD_SERVED, _CROWD_SERVED, _crowd_served),
    Goal("memory of one of them", 40, 25, _ours("crowd_kb"), most=True, unit=" KB"),
)


def reach(rows: Rows) -> str:
    """What was set out to be reached, and what was; beside it what the same gateway reaches when it judges no prompts."""
    head = "| | at least | aim | seen | reached | without precheck | reached |\n|---|---|---|---|---|---|---|\n"
    return head + "\n".join(goal.row(rows) for goal in GOALS) + "\n"


def figures(rows: Rows, wanted: Collection[str] = tuple(_FIGURES)) -> str:
    """The median of every figure, or of those wanted, of every target."""
    names = [name for name in COLUMNS if rows.of(name)]
    head = f"| median of {len(rows.of(names[0]))} rounds | {' | '.join(COLUMNS[name] for name in names)} |\n"
    lines = [
        f"| {title} | {' | '.join(_cell(rows.of(name), figure) for name in names)} |"
        for figure, title in _FIGURES.items()
        if figure in wanted
    ]
    return head + "|---" * (len(names) + 1) + "|\n" + "\n".join(lines) + "\n"


def failures(rows: Rows) -> str:
    """What was not answered as it had to be, in a line each."""
    return "".join(f"- round {row.round}, {row.target}, {said}\n" for row in rows.rows for said in row.failures)


def _of(row: Figures, figure: str) -> float:
    return row.get(figure, math.nan)


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return median(known) if known else math.nan


def _cell(rows: Sequence[Figures], figure: str) -> str:
    value = _median([_of(row, figure) for row in rows])
    return "" if math.isnan(value) else _number(value)


def _number(value: float) -> str:
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
