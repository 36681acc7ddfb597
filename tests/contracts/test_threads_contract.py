"""The contract of ports.Threads, the same for every database: who answered a conversation last, and whose it is."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import Call
from proxy.domain.journey import Thread
from tests.builders import call, candidate, decision, verdict
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor
from tests.contracts.test_register_contract import record


@pytest.fixture(params=sorted(DESK_HOUSES))
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskDoor]:
    async with DESK_HOUSES[request.param](tmp_path) as house:
        yield await house.door()


def answered(id: str, model_id: str, **changes: Any) -> Call:
    made = decision(candidate(model_id), mode="best")
    said = {"verdict": verdict(family="code"), "decision": made, "assistant_id": "coder", "conversation_id": "conv-1"}
    return call(id, model_id=model_id, **{**said, **changes})


async def test_a_conversation_knows_who_answered_it_last(door: DeskDoor) -> None:
    await record(door, answered("call-1", "p/a"), answered("call-2", "p/b"), answered("call-3", "p/c", conversation_id="else"))
    assert await door.register.thread("conv-1", "u1") == Thread("p/b", "coder", "code", "best")


async def test_only_its_own_users_answers_count_and_only_those_that_were_given(door: DeskDoor) -> None:
    await record(door, answered("call-1", "p/a"), answered("call-2", "p/b", status="failed"))
    await record(door, answered("call-3", "p/b", kind="precheck"), answered("call-4", "p/b", user_id="u2"))
    last = await door.register.thread("conv-1", "u1")
    assert last is not None
    assert last.model_id == "p/a"
    assert await door.register.thread("conv-1", "nobody") is None
    assert await door.register.thread("conv-2", "u1") is None
