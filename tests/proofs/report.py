"""The tables of the proofs in the documentation: cases in, their rows written over those of the same name, and the pages that
came of them; says when and on what machine, in words, and never a host's name or a path."""

import os
import platform
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg

from tests.postgres_server import server
from tests.proofs.claims import Case

FOLDER: Final = Path(__file__).parents[2] / "docs" / "proofs"
_HEAD: Final = "| case | must show | seen | holds | on | `python -m tests.proofs` |\n|---|---|---|---|---|---|\n"
_TABLE: Final = re.compile(r"(<!-- seen -->\n).*?(<!-- end -->)", re.DOTALL)
_POSTGRES: Final = re.compile(r"PostgreSQL [\d.]*\d")
_ROW: Final = re.compile(r"^\|.*\| `(?P<name>[^`]+)` \|$", re.MULTILINE)


def table(cases: Mapping[str, Case], order: list[str], kept: str = "") -> str:
    """All rows in `order`, those of `cases` as they were seen today, the others as `kept` has them."""
    rows = {found["name"]: found[0] for found in _ROW.finditer(kept)} | {name: _row(name, case) for name, case in cases.items()}
    return _HEAD + "\n".join(rows[name] for name in order if name in rows) + "\n"


def write(file: str, cases: Mapping[str, Case], order: list[str]) -> None:
    """Writes the page in `file` anew, whose rows are those of `order`. Raises LookupError when it has no place for a table."""
    seen_here = {name: case for name, case in cases.items() if name in order}
    if not seen_here:
        return
    for case in seen_here.values():
        for name, text in case.pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    page = _with_parts((FOLDER / file).read_text(encoding="utf-8"), seen_here)
    place = _TABLE.search(page)
    if place is None:
        raise LookupError("the page of proofs has no place for a table")
    uses_postgres = any(name.endswith("/postgres") for name in seen_here)
    seen = f"{place[1]}Last run: {_machine(uses_postgres, place[0])}.\n\n{table(seen_here, order, place[0])}{place[2]}"
    (FOLDER / file).write_text(page[: place.start()] + seen + page[place.end() :], encoding="utf-8")


def _with_parts(page: str, cases: Mapping[str, Case]) -> str:
    for name, text in [part for case in cases.values() for part in case.parts.items()]:
        head, begin, rest = page.partition(f"<!-- part {name} -->\n")
        _, end, tail = rest.partition(f"<!-- end of {name} -->")
        page = "".join((head, begin, text, end, tail))
    return page


def _row(name: str, case: Case) -> str:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"{case.row} {today} | `{name}` |"


def _machine(uses_postgres: bool, before: str) -> str:
    parts = [
        f"{os.cpu_count()} cores ({platform.machine()})",
        f"Linux {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
    ]
    if uses_postgres:
        with psycopg.connect(server().url("postgres")) as connection:
            (version,) = connection.execute("SHOW server_version").fetchone() or ("",)
        parts.append(f"PostgreSQL {version.split()[0]}")
    elif found := _POSTGRES.search(before):
        # The rows of its last run stand beside those of this one.
        parts.append(found[0])
    return ", ".join(parts)
