"""Claims about the least gateway that calls are measured against: it does what it is said to do, and its books show it."""

import json
import sqlite3
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.bench import load, machine, ours
from tests.bench.load import Seen
from tests.bench.programs import Yard
from tests.bench.targets import Site, Target
from tests.e2e.harness import eventually

# What the provider says that a call used, at the least's prices.
NANO_A_CALL = 75 * 1_000 + 20 * 2_000
MILLI_A_CALL = NANO_A_CALL // 1_000


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yard = Yard(tmp_path)
    try:
        core, load_core = machine.cores()
        yield Site(yard, load.provider(yard, load_core), core, load_core)
    finally:
        yard.clear()


def test_every_call_is_one_row_at_its_price_and_balances_entries_and_roll_ups_are_their_sums(site: Site) -> None:
    target = ours.least(site)
    whole = load.sound(_calls(site, target, target.request("whole"), calls=300, connections=8))
    streams = load.sound(_calls(site, target, target.request("flat", stream=True), calls=8, connections=4))
    calls = whole.calls + int(streams.counts["calls"]) + 1  # The first one showed that it answers.
    assert streams.chunks == 8 * 500
    assert calls == site.provider.stats()["calls"]
    assert _counted(target)["calls served"] == calls
    target.program.end()
    assert _rows(target, "SELECT count(*), sum(credits_milli), sum(raw_nano_usd) FROM calls WHERE status = 'served'") == [
        (calls, calls * MILLI_A_CALL, calls * NANO_A_CALL)
    ]
    assert _balances(target) == {
        ("milli", calls * MILLI_A_CALL, 0),
        ("nano_usd", calls * NANO_A_CALL, 0),
    }
    assert _rows(target, "SELECT sum(calls), sum(credits_milli) FROM rollups WHERE user = ''") == [
        (calls, calls * MILLI_A_CALL)
    ]
    settled = [entry for entry in _entries(target) if entry[1] == 2]
    assert (len(settled), sum(entry[3] for entry in settled)) == (calls, calls * MILLI_A_CALL)
    assert target.program.log.read_text().count('"event":"call"') == calls
    judged = [call[-1] for (begun,) in _rows(target, "SELECT calls FROM begun") for call in json.loads(begun)]
    assert len(judged) == calls
    assert all(facts["verdict"]["family"] for facts in judged)
    assert {tuple(row["reason"]["code"] for row in facts["decision"]["chain"]) for facts in judged} == {("best_score",) * 2}


def test_no_more_is_served_than_there_are_credits_for(site: Site) -> None:
    held_milli = (load.PROMPT_BYTES + 16) + 4_096 * 2
    target = ours.least(site, precheck=False, credits_milli=held_milli + 10 * MILLI_A_CALL)
    seen = _calls(site, target, target.request("whole"), calls=40, connections=1)
    assert seen.counts["statuses"] == {"200": 10, "402": 30}
    target.program.end()
    assert _balances(target) >= {("milli", 11 * MILLI_A_CALL, 0)}


def test_a_stream_whose_caller_leaves_is_booked_for_what_was_seen_of_it(site: Site) -> None:
    target = ours.least_without_precheck(site)
    _calls(site, target, target.request("paced", stream=True), calls=10, connections=10, leave_ppm=1_000_000, leave_after=60)
    eventually(lambda: len(_rows(target, "SELECT id FROM calls WHERE status = 'left'")) == 10, "all are booked")
    target.program.end()
    ((milli, output),) = _rows(target, "SELECT sum(credits_milli), sum(output) FROM calls WHERE status = 'left'")
    assert output > 0
    assert _balances(target) >= {("milli", milli + MILLI_A_CALL, 0)}


def _calls(site: Site, target: Target, request: bytes, **options: int) -> Seen:
    return load.run(target.port, [request], options, site.load_core)


def _counted(target: Target) -> dict[str, int]:
    connection = HTTPConnection("127.0.0.1", target.port, timeout=10)
    connection.request("GET", "/metrics")
    counted: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return counted


def _entries(target: Target) -> list[Any]:
    return [entry for (lines,) in _rows(target, "SELECT lines FROM entries") for entry in json.loads(lines)]


def _balances(target: Target) -> set[tuple[Any, ...]]:
    return set(_rows(target, "SELECT unit, spent, held FROM counters"))


def _rows(target: Target, statement: str) -> list[tuple[Any, ...]]:
    assert target.database is not None
    with sqlite3.connect(target.database, timeout=10) as connection:
        return connection.execute(statement).fetchall()
