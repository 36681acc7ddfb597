"""Callers who leave, in every dialect and kind of call: their providers are told, and their calls are settled."""

from collections.abc import Iterator

import pytest

from tests.e2e.departures import DEPARTURES, Departure, departures_catalog, left
from tests.e2e.harness import House, Simulator, Yard, eventually, wrong_in_books


@pytest.fixture(scope="module")
def deserted(yard: Yard, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    house = House(yard, tmp_path_factory.mktemp("left") / "home", [spare], drain_wait_ms="0")
    (house.config / "departures.toml").write_text(departures_catalog(spare.url))
    house.start()
    yield house, house.key("user", "ann", "every")
    house.gateway.kill()


@pytest.mark.parametrize("departure", DEPARTURES, ids=lambda departure: departure.name)
def test_a_provider_is_told_when_its_caller_leaves(deserted: tuple[House, str], spare: Simulator, departure: Departure) -> None:
    house, key = deserted
    before = house.rows("SELECT count(*) FROM model_calls WHERE status = 'left'")[0][0]
    assert left(house, spare, key, departure) >= 0
    eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the settlement")
    assert house.rows("SELECT count(*) FROM model_calls WHERE status = 'left'") == [(before + 1,)]


def test_the_books_are_right_when_all_have_left(deserted: tuple[House, str]) -> None:
    house, _ = deserted
    assert house.rows("SELECT coalesce(sum(held), 0) FROM counters") == [(0,)]
    assert wrong_in_books(house.database) == []
