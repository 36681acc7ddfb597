"""Claims about addresses at which connecting fails, and about connections that fail on their next call."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.simulator.speak import call_bytes, received
from tests.simulator.wire import connect

HEALTH = b"GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n"


async def faults(url: str) -> dict[str, Any]:
    wire = await connect(url)
    wire.writer.write(b"GET /sim/faults HTTP/1.1\r\nhost: test\r\n\r\n")
    _, body = await wire.whole()
    wire.writer.close()
    return {row["name"]: row for row in orjson.loads(body)}


async def test_the_listing_names_every_fault_and_the_doors_addresses(url: str) -> None:
    listed = await faults(url)
    assert {name for name, row in listed.items() if row["url"]} == {"refused", "black_hole", "hang_up"}
    assert listed["cut"]["modes"] == ["whole", "stream"]
    assert listed["cut"]["numbers"] == {"at": 5}


async def test_nobody_listens_behind_the_first_door(url: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        await connect((await faults(url))["refused"]["url"])


async def test_the_second_door_neither_opens_nor_refuses(url: str) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connect((await faults(url))["black_hole"]["url"]), 0.3)


async def test_behind_the_third_door_one_is_hung_up_on(url: str) -> None:
    wire = await connect((await faults(url))["hang_up"]["url"])
    assert await wire.rest() == b""


async def test_a_kept_connection_may_be_dead_when_it_is_used_again(url: str) -> None:
    wire = await connect(url)
    wire.writer.write(call_bytes("openai", stream=False, connection="keep-alive", x_simulator_fault="dead_next"))
    head, body = await wire.whole()
    assert b"connection: keep-alive" in head
    assert b"choices" in body
    wire.writer.write(HEALTH)
    with pytest.raises(ConnectionResetError):
        await wire.rest()


async def test_a_connection_may_end_though_it_was_to_be_kept(url: str) -> None:
    wire = await connect(url)
    wire.writer.write(call_bytes("openai", stream=True, connection="keep-alive", x_simulator_fault="silent_close"))
    it = await received(wire.reader, wire.writer)
    assert it.headers["connection"] == "keep-alive"
    assert (it.ended_properly, it.end) == (True, "closed")
