"""The proofs themselves: what they claim can fail, and one that comes to no end leaves the others theirs."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests import run
from tests.proofs import __main__ as proofs
from tests.proofs import report
from tests.proofs.books import claim_paid
from tests.proofs.claims import Case
from tests.proofs.crowd import Said
from tests.proofs.site import Site
from tests.proofs.stores import SqliteStore


def _books(folder: Path) -> SqliteStore:
    store = SqliteStore(folder / "books.db")
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("CREATE TABLE model_calls (id TEXT, status TEXT, credits_milli INTEGER)")
        rows = [("paid", "served", 20), ("cheap", "served", 19), ("crashed", "crashed", 20)]
        connection.executemany("INSERT INTO model_calls VALUES (?, ?, ?)", rows)
        connection.commit()
    return store


@pytest.mark.parametrize("unpaid", ["cheap", "crashed", "absent"])
def test_an_answer_that_was_heard_must_be_booked_at_its_price(unpaid: str, tmp_path: Path) -> None:
    store, right, wrong = _books(tmp_path), Case("", ""), Case("", "")
    torn = Said(200, None, unpaid, 'data: {"error": {}}')
    claim_paid(right, store, [Said(200, None, "paid"), torn, Said(0, None, None)], 20)
    claim_paid(wrong, store, [Said(200, None, "paid"), Said(200, None, unpaid)], 20)
    assert right.holds
    assert not wrong.holds


def test_where_nobody_heard_anything_nothing_was_shown(tmp_path: Path) -> None:
    case = Case("", "")
    claim_paid(case, _books(tmp_path), [Said(0, None, None)], 20)
    assert not case.holds


def test_a_proof_that_comes_to_no_end_fails_and_the_others_are_run_and_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, bool]] = []

    def endless(_: Site) -> Case:
        raise TimeoutError("the last hold's end did not happen")

    monkeypatch.setattr(run, "begin", lambda: None)
    monkeypatch.setitem(proofs.PROOFS, "streams/sqlite", endless)
    monkeypatch.setitem(proofs.PROOFS, "greedy/sqlite", lambda _: Case("", "", [("seen", True)]))
    monkeypatch.setattr(
        report, "write", lambda _, cases, __: written.extend((name, case.holds) for name, case in cases.items())
    )
    monkeypatch.setattr(proofs, "PAGES", {"budget.md": []})
    monkeypatch.setattr(sys, "argv", ["proofs", "--write", "streams/sqlite", "greedy/sqlite"])
    assert proofs.main() == 1
    assert written == [("streams/sqlite", False), ("greedy/sqlite", True)]
