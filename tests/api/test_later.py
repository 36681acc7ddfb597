"""What is off the hot path is built by the first who asks, once, and calls do not need it."""

import asyncio
import subprocess
import sys
import threading

import pytest

from proxy.api.front import ASGIApp
from proxy.api.later import Later
from proxy.api.reply import Message, Receive, Send
from tests.api.wire import client_of

LOADED = "import sys, proxy.app, proxy.serving; sys.exit('proxy.api.offices' in sys.modules or 'starlette' in sys.modules)"


class Builder:
    """Builds when it is let, and counts how often and in which thread."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.threads: list[str] = []

    def __call__(self) -> ASGIApp:
        self.threads.append(threading.current_thread().name)
        assert self.let.wait(60)
        return _answer


async def _answer(_scope: Message, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_it_is_built_once_for_all_who_wait_and_in_a_thread_of_its_own() -> None:
    build = Builder()
    async with client_of(Later(build)) as client:
        asked = [asyncio.create_task(client.get("/")) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in asked)
        build.let.set()
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [204, 204, 204]
        assert (await client.get("/")).status_code == 204
    assert len(build.threads) == 1
    assert build.threads != [threading.current_thread().name]


async def test_who_leaves_while_it_is_built_takes_it_from_nobody() -> None:
    build = Builder()
    async with client_of(Later(build)) as client:
        leaving, waiting = (asyncio.create_task(client.get("/")) for _ in range(2))
        await asyncio.sleep(0.05)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        build.let.set()
        assert (await waiting).status_code == 204
    assert len(build.threads) == 1


def test_a_gateway_that_nobody_has_asked_loads_nothing_of_it() -> None:
    assert subprocess.run([sys.executable, "-c", LOADED], check=False).returncode == 0
