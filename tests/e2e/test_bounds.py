"""Nobody can fill the gateway: the proofs of that in small, which claim the same of a few callers."""

from pathlib import Path

import pytest

from tests.e2e.harness import Yard
from tests.proofs import bounds
from tests.proofs.claims import Case
from tests.proofs.site import Site
from tests.proofs.stores import SqliteStore

# How long others wait is for the proofs to say: here they share the machine with other tests.
TIMED = "small calls"


@pytest.fixture
def site(yard: Yard, tmp_path: Path) -> Site:
    return Site(yard, tmp_path, SqliteStore(tmp_path / "books.db"))


def _broken(case: Case) -> list[str]:
    return [seen for seen, holds in case.claims if not holds and TIMED not in seen]


def test_readers_that_hardly_read_take_little_memory(site: Site) -> None:
    assert _broken(bounds.many_readers(site, readers=20, reading_s=1.0)) == []


def test_long_lines_and_empty_deltas_take_little_memory(site: Site) -> None:
    assert _broken(bounds.odd_streams(site, at_once=1)) == []


def test_answers_that_unpack_to_a_thousandfold_take_little_memory(site: Site) -> None:
    assert _broken(bounds.bombs(site, at_once=1)) == []
