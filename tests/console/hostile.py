"""Rows that mean ill: names, reasons, facts and audit lines with markup, marks of direction and endless words, 100,000 of each
kind, written into a live gateway's books."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

ROWS: Final = 100_000
# More than a page of calls may look at, twice over; each stands in a dozen indexes.
CALLS: Final = 25_000
VAST: Final = "b-vast"
HOSTILE: Final = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe\u2066 &amp; {{7*7}} ${alert(3)} '\"> "
    + "w" * 400
    + " \u05e9\u05dc\u05d5\u05dd"
)
# Most rows are short, so that they are written in a moment; those that a list shows first are not.
_SHORT: Final = HOSTILE[:90]
_LONG_ROWS: Final = 300
_NUMBERS: Final = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)"
# What a user's day came to: the higher the number, the dearer.
_DAY: Final = {
    "user_id": "printf('b-%06d', n)",
    "day": "CAST(strftime('%s', 'now') AS INTEGER) / 86400",
    "kind": "'chat'",
    "calls_served": "1",
    "raw_nano_usd": "n * 1000000",
}
_NOW_MS: Final = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"


def fill(path: Path, call_id: str) -> None:
    """`call_id` names a finished call of the user VAST, of which copies are made; all else is older than what there is."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        for table, row in _rows().items():
            _insert(connection, table, row, "numbers", (ROWS,))
        empty = {
            name: "''" if kind == "TEXT" else "0" for _, name, kind, *_ in connection.execute("PRAGMA table_info(rollups)")
        }
        _insert(connection, "rollups", empty | _DAY, "numbers", (ROWS,))
        _copy(connection, call_id, CALLS, _call())
        connection.execute("COMMIT")


def copy(path: Path, call_id: str, rows: int) -> None:
    """Older calls like a finished one, an hour between each and the next."""
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        # Ids sort by their moments.
        older = {"id": "printf('call_0%025d', ? - n)", "at_ms": "at_ms - n * 3600000", "timeline": "'[]'"}
        _copy(connection, call_id, rows, older, rows)


def _copy(connection: sqlite3.Connection, call_id: str, rows: int, differs: Mapping[str, str], *values: int) -> None:
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(model_calls)")]
    copied = {**{name: name for name in columns}, **differs}
    told = f"INSERT INTO model_calls ({', '.join(copied)}) {_NUMBERS} SELECT {', '.join(copied.values())} FROM"
    connection.execute(f"{told} numbers, model_calls WHERE id = ?", (rows, *values, call_id))


def _insert(
    connection: sqlite3.Connection, table: str, row: Mapping[str, str], source: str, values: tuple[int | str, ...]
) -> None:
    told = f"INSERT INTO {table} ({', '.join(row)}) {_NUMBERS} SELECT {', '.join(row.values())} FROM {source}"  # noqa: S608
    connection.execute(told, values)


def _rows() -> dict[str, dict[str, str]]:
    """By table the cells of row `n`, as SQL."""
    text = _cell(lambda said: said)
    return {
        "users": {"id": "printf('b-%06d', n)", "name": text, "created_at_ms": "n"},
        "plan_requests": {
            "id": "printf('ask-%06d', n)",
            "user_id": "printf('b-%06d', n)",
            "subject": "'plan'",
            "target": text,
            "words": text,
            "status": "CASE n % 2 WHEN 0 THEN 'denied' ELSE 'open' END",
            "answer": text,
            "created_at_ms": "n",
        },
        "audit": {
            "at_ms": "n",
            "actor": text,
            "action": text,
            "subject": text,
            "after": _cell(lambda said: _json({"name": said, _SHORT: [said]})),
            "reason": text,
        },
        "alerts": {
            "id": "printf('b-%06d', n)",
            "kind": "'absorbed'",
            "at_ms": "n",
            "facts": _cell(lambda said: _json({"account": said, "percent": 80})),
            "tries": "1",
        },
        # Old ones are forgotten.
        "health_changes": {
            "id": f"printf('%015d', {_NOW_MS} - n)",
            "at_ms": f"{_NOW_MS} - n",
            "kind": "'model'",
            "object_id": text,
            "phase": "'open'",
            "why": "'server_error'",
        },
    }


def _call() -> dict[str, str]:
    """What a copied call says in its own words."""
    text = _cell(lambda said: said, CALLS)
    return {
        "id": "printf('call_0%025d', n)",
        "asked": _cell(lambda said: _json([said]), CALLS),
        "reason": text,
        "code": text,
        "timeline": "'[]'",
    }


def _cell(form: Callable[[str], str], rows: int = ROWS) -> str:
    """What row `n` says, as SQL: long in the first rows and the last."""
    is_long = f"n <= {_LONG_ROWS} OR n > {rows - _LONG_ROWS}"
    return f"CASE WHEN {is_long} THEN {_quoted(form(HOSTILE))} ELSE {_quoted(form(_SHORT))} END"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
