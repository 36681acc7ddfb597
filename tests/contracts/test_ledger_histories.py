"""The laws of the books over any history, on PostgreSQL; tests/properties holds SQLite to the same ones."""

import asyncio
from pathlib import Path

from hypothesis import given, settings

from tests.contracts.ledger_house import postgres_house
from tests.properties.test_ledger_laws import HISTORIES, History, live


@settings(max_examples=10)
@given(HISTORIES)
def test_entries_sum_to_counters_and_no_history_passes_a_limit(history: History) -> None:
    asyncio.run(live(history, postgres_house(Path())))
