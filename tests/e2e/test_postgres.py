"""Gateways whose books are kept in PostgreSQL: several at one database, an outage, and what is said of the address."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from proxy.store.postgres import PostgresDatabase
from proxy.store.verify import verify
from tests.e2e.conftest import HouseMaker
from tests.e2e.harness import House, Simulator, chat, eventually
from tests.postgres_server import PASSWORD, server
from tests.store.wire import wired

CHAT = "/v1/chat/completions"
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture
def url() -> Iterator[str]:
    with server().fresh() as made:
        yield made


def _at(house: House, url: str) -> House:
    house.env["SIGNALBOX_DATABASE_URL"] = url
    return house


def _call(house: House, key: str) -> httpx2.Response:
    with house.http(key) as http:
        return http.post(CHAT, json=chat("sim/small"))


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def _wrong_in_books(url: str) -> list[str]:
    async def find() -> list[str]:
        database = await PostgresDatabase.open(url)
        try:
            return await verify(database)
        finally:
            await database.close()

    return asyncio.run(find())


def test_two_gateways_share_one_database(own_house: HouseMaker, sim: Simulator, url: str) -> None:
    left, right = _at(own_house(sim), url), _at(own_house(sim), url)
    left.start()
    right.start()
    key = left.key("user", "ursula", "plus")
    answers = [_call(house, key) for house in (left, right, left, right)]
    assert [answer.status_code for answer in answers] == [200] * 4
    ids = {answer.headers["x-signalbox-call"] for answer in answers}
    assert {id for (id,) in _rows(url, "SELECT id FROM model_calls WHERE status = 'served'")} == ids
    assert _rows(url, "SELECT count(*) FROM holds") == [(0,)]
    left.command("keys", "revoke", key.split("_")[2])
    eventually(lambda: _call(right, key).status_code == 401, "the other gateway's notice of the revocation")
    assert _wrong_in_books(url) == []


def test_an_outage_is_a_503_and_passes_without_a_restart(own_house: HouseMaker, sim: Simulator, url: str) -> None:
    with wired(url) as (wire, address):
        house = _at(own_house(sim), address)
        house.start()
        key = house.key("user", "ursula", "plus")
        assert _call(house, key).status_code == 200
        wire.is_down = True
        _rows(url, _END_OTHERS)
        away = _call(house, key)
        assert (away.status_code, away.json()["error"]["code"]) == (503, "store_unavailable")
        wire.is_down = False
        eventually(lambda: _call(house, key).status_code == 200, "service after the outage")
        assert PASSWORD not in house.gateway.tail
    assert _wrong_in_books(url) == []


def test_a_database_that_cannot_be_had_keeps_the_gateway_from_starting(own_house: HouseMaker, sim: Simulator) -> None:
    house = _at(own_house(sim), f"postgresql://signalbox:{PASSWORD}@127.0.0.1:1/books")
    done = house.command("serve")
    assert done.returncode == 1
    assert done.stderr.startswith("SIGNALBOX_DATABASE_URL: ")
    assert PASSWORD not in done.stdout + done.stderr
