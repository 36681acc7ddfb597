"""Rows that were kept in, docs/proofs/speed.md out, between its marks alone; measures nothing."""

import json
import re
from pathlib import Path
from typing import Any, Final

from tests.bench import reach, rounds

PAGE: Final = Path(__file__).parents[2] / "docs" / "proofs" / "speed.md"
KEPT: Final = PAGE.with_suffix("")
ROUNDS: Final = "rounds.json"
SOAK: Final = "soak.json"


def write() -> None:
    """Writes the page anew from the rows beside it. Raises LookupError when it has no place for them."""
    put("reach", _tables())


def put(mark: str, tables: str) -> None:
    """Writes what stands between two marks of the page anew. Raises LookupError when it has none of that name."""
    page = PAGE.read_text(encoding="utf-8")
    place = re.search(rf"(<!-- {mark} -->\n).*?(<!-- end {mark} -->)", page, re.DOTALL)
    if place is None:
        raise LookupError(f"the page has no place for the tables of {mark}")
    PAGE.write_text(f"{page[: place.start()]}{place[1]}{tables}{place[2]}{page[place.end() :]}", encoding="utf-8")


def _tables() -> str:
    parts = []
    if (KEPT / ROUNDS).exists():
        rows = rounds.read(KEPT / ROUNDS)
        lasting = "" if rows.longer == 1 else f" Durations were {rows.longer:g} of the usual."
        parts = [f"Last run: {rows.machine}.{lasting}\n", reach.reach(rows), reach.figures(rows), reach.failures(rows)]
    if (KEPT / SOAK).exists():
        parts.append(soak_table(json.loads((KEPT / SOAK).read_text(encoding="utf-8"))))
    return "\n".join(part for part in parts if part)


def soak_table(kept: dict[str, Any]) -> str:
    """What a soak came to, as `soak.Soak` has it."""
    quarters = " · ".join(f"{value:.1f}" for value in kept["quarters_mb"])
    lines = [
        ("memory by quarters, MB", quarters, kept["memory_flat"]),
        (
            "descriptors before → after",
            f"{kept['descriptors_before']} → {kept['descriptors_after']}",
            kept["no_descriptor_left"],
        ),
        ("holds left", kept["holds_left"], kept["holds_left"] == 0),
    ]
    counted = f"{kept['calls']:,} calls, {kept['faults']:,} faults of the provider, {kept['left']:,} callers who left"
    head = f"Soak: {kept['machine']}; {counted}.\n\n| soak | seen | holds |\n|---|---|---|\n"
    return head + "".join(f"| {what} | {seen} | {'yes' if holds else '**no**'} |\n" for what, seen, holds in lines)
