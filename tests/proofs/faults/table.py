"""The page of all faults: what was seen of each cell in, Markdown out; dialects that came to the same share a line."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from proxy.simulator.dialects.dialect import DIALECT_NAMES
from proxy.simulator.faults import FAULTS
from tests.proofs.faults.cells import TALE, WORDS
from tests.proofs.faults.expected import WHY, expected
from tests.proofs.faults.seen import Seen

_OPENING: Final = f"""\
# Every fault, expected and seen

Written by `python -m tests.proofs --write faults/sqlite`; `docs/faults.md` says what each fault is.

A gateway stands between a provider that makes the fault and a healthy one. Each cell is a call of its own on a model of its
own, so that no breaker helps. The answer has {WORDS} words ({len(TALE.encode())} bytes); what breaks off in the middle does
so after five. What must come is written down from the contract in `tests/proofs/faults/expected.py`, before anything is
asked. The healthy model goes on by prefill; where a stream breaks off in the middle, one that is asked for the rest is
tried as well.

"Whole" is the uncut text, word for word (or the tool call with its arguments) with a clean end, one id, one moment, one
model. An error is one error of the table with our body, or one event of it and no end mark after it. Nothing was charged
where nothing came of a call. `tries` is how often the failing model was called at most, alone and beside the healthy one.

"""
_HEAD: Final = (
    "| fault | asked | dialects | alone: must come | came | beside a healthy one: must come | came | tries |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
_WHY: Final = """
## What cannot be made whole, and what is not taken as it stands

Beside a healthy model these do not come to a whole answer, or only because that model gives it; the contract asks for no more:

| fault | why |
|---|---|
"""
_MEANT: Final = "It is said about the request, or meant by the model: its caller hears it, and nobody goes round it."


def page(seen: Iterable[Seen]) -> str:
    """The whole page."""
    lines: dict[tuple[str, bool], list[Seen]] = {}
    for one in seen:
        lines.setdefault((one.cell.row.name, one.cell.stream), []).append(one)
    rows = "".join(row for (name, stream), same in lines.items() for row in _rows(name, stream, same))
    why = "".join(f"| `{name}` | {text} |\n" for name, text in _reasons().items())
    return f"{_OPENING}{_HEAD}{rows}{_WHY}{why}"


def _rows(name: str, stream: bool, seen: list[Seen]) -> Iterable[str]:
    """A line for all dialects that came to the same."""
    by_dialect = [list(same) for _, same in groupby(seen, key=lambda one: one.cell.dialect)]
    told: dict[str, list[list[Seen]]] = {}
    for same in by_dialect:
        told.setdefault(_told(same), []).append(same)
    for words, alike in told.items():
        together = [one for same in alike for one in same]
        mode = "stream" if stream else "whole"
        yield f"| `{name}` | {mode} | {_dialects(together)} | {words} | {_tries(together)} |\n"


def _told(seen: list[Seen]) -> str:
    alone = [one for one in seen if one.cell.beside == "nobody"]
    beside = [one for one in seen if one.cell.beside != "nobody"]
    return " | ".join((_musts(alone), _came(alone), _musts(beside), _came(beside)))


def _musts(seen: list[Seen]) -> str:
    return "; ".join(dict.fromkeys(expected(one.cell).words for one in seen))


def _came(seen: list[Seen]) -> str:
    return "; ".join(dict.fromkeys(f"**{one.wrong}**" if one.wrong else one.words for one in seen))


def _dialects(seen: list[Seen]) -> str:
    names = {one.cell.dialect for one in seen}
    return "all" if names == set(DIALECT_NAMES) else ", ".join(name for name in DIALECT_NAMES if name in names)


def _tries(seen: list[Seen]) -> str:
    return ", ".join(str(max(one.firsts for one in seen if (one.cell.beside == "nobody") == alone)) for alone in (True, False))


def _reasons() -> dict[str, str]:
    meant = {row.name: _MEANT for row in FAULTS.values() if row.leaves == "refusal" and row.name != "context_length"}
    return meant | WHY
