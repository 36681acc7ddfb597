"""The laws of the books over whole histories, on PostgreSQL; tests/properties holds SQLite to the same ones."""

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings

from tests.properties.histories import STEPS, History, Step
from tests.properties.stage import Stage, far_stage

HISTORIES: Final = 60


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with far_stage() as opened:
        yield opened


@settings(max_examples=HISTORIES, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_books_say_what_the_plain_ones_say(stage: Stage, steps: list[Step]) -> None:
    asyncio.run(History(stage).live(steps))
