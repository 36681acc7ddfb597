"""The tables of docs/failover.md, made from the failover table, the rules of health and their numbers; judges nothing.

`python -m tests.stages.failover_page` writes them into the page.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from proxy.domain.errors import STATUS, Fault, FaultKind
from proxy.domain.policy import PolicyTable
from proxy.pipeline import DrainLimits, Knobs
from proxy.stages import failover, health
from proxy.stages.health import DEAD_TERMS, MODEL_TERMS, REFUSAL_TERMS, pace
from proxy.stages.health.breaker import Terms

PAGE: Final = Path(__file__).parents[2] / "docs" / "failover.md"
# What each kind is, to a person; the rest of a row is read from the code.
SAYS: Final[dict[str, str]] = {
    "connect": "nobody there: refused, unknown host, no TLS",
    "connect_timeout": "the connection was neither accepted nor refused",
    "reset": "the connection broke off",
    "server_error": "the provider's 5xx, 408 or 409",
    "rate_limited": "its 429; our own bound of calls at once is the same, and counts against nobody",
    "first_byte_timeout": "no first content in time",
    "idle_timeout": "fell silent in the middle",
    "total_timeout": "the answer took longer than an attempt may (`total_ms`)",
    "garbled": "no answer at all: HTML, half a JSON, a redirect",
    "empty": "an answer with nothing in it, unexplained",
    "truncated": "a stream that ended without its end",
    "error_event": "an error inside a 200",
    "disjoint": "went on with an answer, but not where it stopped",
    "our_key": "our key refused, or the region",
    "our_credit": "our account cannot pay",
    "unknown_model": "no such model there",
    "context_length": "the prompt is too long for the model",
    "bad_request": "the request itself was refused",
    "content_refused": "the provider's content policy",
    "deadline": "the call's own time is over",
}
_ONWARD: Final = {"next": "the next", "larger": "the next with a larger context", "stop": "nobody: the caller hears it"}
_BLAMES: Final = {"failed": "a failure", "well": "an answer", "nothing": "—"}
# Before these the provider had not spoken.
_SILENT: Final[tuple[FaultKind, ...]] = ("connect", "reset", "first_byte_timeout", "deadline")


def faults() -> str:
    """What becomes of each kind of fault."""
    heads = ("fault", "what happened", "same model again", "then", "in the middle of a stream", "nobody left", "counts as")
    return _table(heads, [_fault(kind, row) for kind, row in failover.TABLE.items()])


def numbers() -> str:
    """The numbers that bound it all, each with where an operator changes it."""
    return _table(("bound", "number", "where"), _numbers())


def written(page: str) -> str:
    """The page with both tables as they are now."""
    return _with(_with(page, "faults", faults()), "numbers", numbers())


def _fault(kind: FaultKind, row: failover.Row) -> Sequence[str]:
    fault = Fault(kind, status=None if kind in _SILENT else 500)
    broken = failover.broken(fault)
    return (
        f"`{kind}`",
        SAYS[kind],
        "yes" if row.retry else "no",
        _ONWARD[row.onward],
        "the next goes on" if row.rescue else f"ends: `{broken.code}`",
        f"{STATUS[row.code]} `{row.code}`",
        f"{_BLAMES[health.of_model(fault)]} / {_BLAMES[health.of_provider(fault)]}",
    )


def _numbers() -> Iterator[Sequence[str]]:
    knobs, drain = Knobs(), DrainLimits()
    yield "attempts of a call", _default("attempts_max"), "`attempts_max`"
    yield "retries of the same model", _default("retries_per_model_max"), "`retries_per_model_max`"
    yield "time of a call", _s(int(_default("deadline_ms"))), "`deadline_ms`"
    yield "calls that may wait for a retry at once", f"{knobs.retry_share_percent} % of those that run, and one", "—"
    low_ms, wait_ms = failover.RETRY_WAIT_MS // 2, failover.RETRY_WAIT_MS
    yield "pause before a retry", f"{low_ms} to {wait_ms} ms, doubled each time", "—"
    yield "longest `Retry-After` waited for, with another model left", _s(failover.RETRY_AFTER_MS_MAX), "—"
    yield "and with none left", _s(failover.RETRY_AFTER_ALONE_MS_MAX), "—"
    yield "a stream's status waits for its first word", _s(knobs.commit_wait_ms), "`SIGNALBOX_COMMIT_WAIT_MS`"
    yield "an answer nobody hears is read on, to learn its bill", _s(drain.wait_ms), "`SIGNALBOX_DRAIN_WAIT_MS`"
    yield "a model's breaker opens", _opens(MODEL_TERMS), "—"
    yield "its pause", _pause(MODEL_TERMS), "—"
    dead = f"{DEAD_TERMS.consecutive_max} connections refused, or 403 without a word why, in a row and nothing heard between"
    yield "a provider's breaker opens", f"{REFUSAL_TERMS.consecutive_max} refusal of our key or credit; {dead}", "—"
    yield "its pause", _pause(DEAD_TERMS), "—"
    yield "its pause where it refuses our key or credit", _pause(REFUSAL_TERMS), "—"
    again_s = health.EMPTY_AGAIN_MS // 1_000
    yield "empty answers of one account that count against a model", f"1 in {again_s} s", "—"
    slow = f"{pace.RECENT_MIN:g} first tokens {pace.SLOW_FACTOR:g} times slower than its own usual, and above"
    yield "a model is slow", f"{slow} {_s(pace.SLOW_MS_MIN)}", "—"


def _default(name: str) -> str:
    """Of a key of `[policy]`."""
    return next(str(field.default) for field in fields(PolicyTable) if field.name == name)


def _opens(terms: Terms) -> str:
    share = f"{terms.failure_share:.0%}".replace("%", " %")
    return f"{terms.consecutive_max} failures in a row, or {share} of {terms.attempts_min:g} or more recent attempts"


def _pause(terms: Terms) -> str:
    return f"{_s(terms.pause_ms)}, doubled by each trial that fails, {_s(terms.pause_ms_max)} at most"


def _s(ms: int) -> str:
    return f"{ms / 1_000:g} s"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]] | Iterator[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines).replace("| --- |", "|---|").replace(" --- |", "---|")


def _with(page: str, name: str, table: str) -> str:
    begun = re.search(rf"<!-- {name}: .* -->\n", page)
    assert begun is not None
    return page[: begun.end()] + table + page[page.index("<!-- end -->", begun.end()) :]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
