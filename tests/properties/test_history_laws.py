"""Laws of the books over whole histories: whatever people and processes do, and in whatever order, the real books say what the
plain ones say, to the unit; on SQLite here, on PostgreSQL in tests/contracts."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings

from proxy.stages.ledger.byhand import returned
from proxy.stages.ledger.counters import CounterKey, Reading
from proxy.stages.ledger.sources import room
from proxy.store.timekeeper import Timekeeper
from tests.properties.histories import STEPS, History, Step, drawn
from tests.properties.stage import Stage, near_stage

HISTORIES: Final = 500
SEEN_WITHIN: Final = 200
# Counters of which anything can be given back.
RICH: Final = defaultdict[CounterKey, Reading](lambda: Reading(1 << 40))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with near_stage(tmp_path_factory.mktemp("histories")) as opened:
        yield opened


@settings(max_examples=HISTORIES, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_books_say_what_the_plain_ones_say(stage: Stage, steps: list[Step]) -> None:
    asyncio.run(History(stage).live(steps))


def _are_seen_to_disagree(folder: Path) -> bool:
    chance = Random(4)
    try:
        with near_stage(folder) as stage:
            for _ in range(SEEN_WITHIN):
                asyncio.run(History(stage).live(drawn(chance)))
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("module", "name", "mistake"),
    [
        ("proxy.stages.ledger", "room", lambda gauges, readings, _: room(gauges, readings, 0)),
        ("proxy.stages.ledger", "_capped", lambda *_: None),
        ("proxy.stages.ledger", "_crowded", lambda *_: None),
        ("proxy.store.ledger", "over_share", lambda *_: None),
        ("proxy.store.byhand", "returned", lambda entries, *_: returned(entries, (), RICH)),
        ("proxy.store.timekeeper", "CLOCK_JUMP_MAX_MS", 1 << 60),
    ],
    ids=["holds", "caps", "concurrency", "shares", "resets", "jumps"],
)
def test_books_that_forget_something_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str, mistake: object
) -> None:
    monkeypatch.setattr(f"{module}.{name}", mistake)
    assert _are_seen_to_disagree(tmp_path)


def test_books_that_let_their_clock_back_are_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Timekeeper, "judge", lambda self, connection: connection.now_ms(self._clock))
    assert _are_seen_to_disagree(tmp_path)
