"""The contract of ports.Register, the same for every database: what calls left behind comes back as it was."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import Attempt, Call, Mark
from proxy.domain.desk import CallFilter, Change, Conversation, PromptCheck, UsageGroup, UsageRow
from proxy.domain.ledger import RecordCall
from proxy.ports import UsageQuery
from tests.builders import NOW_MS, call, usage, user, verdict
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse
from tests.contracts.ledger_house import hold, settlement

DAY_MS = 86_400_000
ATTEMPT = Attempt(
    number=1,
    model_id="p/m",
    provider_id="p",
    family="open",
    started_ms=NOW_MS,
    first_byte_ms=NOW_MS + 5,
    ended_ms=NOW_MS + 9,
    fault=None,
    provider_status=200,
    provider_code=None,
    provider_request_id="req-p",
    usage=usage(cached_input=3, reasoning=2, source="estimated"),
    raw_nano_usd=77,
    credits_milli=5,
    multiplier_ppm=1_250_000,
    charged=True,
)
FAILED = replace(ATTEMPT, fault="server_error", provider_status=500, usage=None, first_byte_ms=None, charged=False)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


@pytest.fixture
async def door(house: DeskHouse) -> DeskDoor:
    return await house.door()


async def record(door: DeskDoor, *calls: Call) -> None:
    for ack in await door.ledger.apply([RecordCall(one) for one in calls]):
        assert not isinstance(ack, Exception)


async def ids(door: DeskDoor, **wanted: Any) -> list[str]:
    return [found.id for found in await door.register.calls(CallFilter(**wanted))]


# --- calls ------------------------------------------------------------------------------------------------------------


async def test_a_call_comes_back_exactly_as_it_was_recorded(door: DeskDoor) -> None:
    full = call(
        app_id="a1",
        asked=("auto",),
        stream=True,
        code="upstream_error",
        reason="ordered",
        conversation_id="conv-1",
        assistant_id="general",
        attempts=(FAILED, replace(ATTEMPT, number=2)),
        timeline=(Mark("intake", 0, 5), Mark("attempt", 5, 9, "p/m")),
        metadata={"feature": "search", "team": "é"},
    )
    await record(door, full)
    assert await door.register.call("call-1") == full
    assert await door.register.calls(CallFilter()) == [full]
    assert await door.register.call("nobody") is None


async def test_a_call_refused_before_it_was_decided_comes_back_with_its_gaps(door: DeskDoor) -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("ask", "verdict", "advice", "standing", "health", "decision", "usage", "model_id", "provider_id", "family")
    )
    bare = call(status="refused", http_status=429, credits_milli=0, raw_nano_usd=0, ttft_ms=None, **nothing)
    await record(door, bare)
    assert await door.register.call("call-1") == bare


async def test_a_call_that_still_runs_is_found_as_it_began(door: DeskDoor) -> None:
    begun = hold("call-1")
    await door.ledger.apply([begun])
    found = await door.register.call("call-1")
    assert found == begun.began
    assert await ids(door) == []


async def test_calls_are_listed_newest_first_a_page_at_a_time(door: DeskDoor) -> None:
    await record(door, *(call(f"call-{number}") for number in range(5)))
    assert await ids(door, limit=2) == ["call-4", "call-3"]
    assert await ids(door, limit=9, before_id="call-3") == ["call-2", "call-1", "call-0"]
    assert await ids(door, limit=0) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"user_id": "u2"}, ["call-b"]),
        ({"app_id": "a1"}, ["call-c"]),
        ({"key_id": "k9"}, ["call-d"]),
        ({"model_id": "p/x"}, ["call-e"]),
        ({"status": "failed"}, ["call-f"]),
        ({"from_ms": NOW_MS + 1}, ["call-g"]),
        ({"until_ms": NOW_MS}, ["call-h"]),
        ({"user_id": "u1", "status": "failed", "from_ms": NOW_MS, "until_ms": NOW_MS + 1}, ["call-f"]),
        ({"user_id": "u2", "status": "failed"}, []),
    ],
)
async def test_each_filter_finds_its_calls_alone(door: DeskDoor, wanted: dict[str, Any], found: list[str]) -> None:
    await record(
        door,
        call("call-a"),
        call("call-b", user_id="u2"),
        call("call-c", app_id="a1"),
        call("call-d", key_id="k9"),
        call("call-e", model_id="p/x"),
        call("call-f", status="failed"),
        call("call-g", at_ms=NOW_MS + 1),
        call("call-h", at_ms=NOW_MS - 1),
    )
    assert await ids(door, **wanted) == found


async def test_the_entries_of_a_call_are_its_own_in_the_order_they_happened(door: DeskDoor) -> None:
    await door.ledger.apply([hold("call-1", 300), hold("call-10", 100), settlement("call-1", 120)])
    found = await door.register.entries("call-1")
    assert [(entry.kind, entry.amount_milli, entry.hold_id) for entry in found] == [
        ("hold", 300, "call-1"),
        ("settle", 120, "call-1"),
    ]
    assert sum(line.held for entry in found for line in entry.lines) == 0
    assert {line.spent for line in found[1].lines} == {120}


async def test_a_calls_prompt_check_and_conversation_are_found(door: DeskDoor) -> None:
    await record(door, call(conversation_id="conv-1", assistant_id="coder", verdict=verdict(recommended_assistant="coder")))
    assert await door.register.prompt_check("call-1") == PromptCheck(
        "call-1:check", "call-1", "conv-1", "general", "safe", "coder", NOW_MS
    )
    assert await door.register.conversation("conv-1") == Conversation("conv-1", "u1", "coder", None, NOW_MS)
    assert await door.register.prompt_check("call-2") is None
    assert await door.register.conversation("conv-2") is None


# --- usage ------------------------------------------------------------------------------------------------------------


async def used(door: DeskDoor, group: UsageGroup, tag: str | None = None) -> list[UsageRow]:
    return await door.register.usage(UsageQuery("u1", NOW_MS, NOW_MS + 2 * DAY_MS, group, tag))


@pytest.mark.parametrize(
    ("group", "tag", "found"),
    [
        ("day", None, [("2026-01-01", 2), ("2026-01-02", 1)]),
        ("family", None, [("gpt", 1), ("open", 2)]),
        ("model", None, [("p/m", 2), ("q/n", 1)]),
        ("assistant", None, [("", 2), ("coder", 1)]),
        ("tag", "feature", [("", 1), ("search", 2)]),
        ("tag", 'odd"name', [("", 3)]),
    ],
)
async def test_usage_is_grouped_by_what_was_asked(
    door: DeskDoor, group: UsageGroup, tag: str | None, found: list[tuple[str, int]]
) -> None:
    await record(
        door,
        call("call-1", metadata={"feature": "search"}),
        call("call-2", family="gpt", model_id="q/n", assistant_id="coder", metadata={"feature": "search"}),
        call("call-3", at_ms=NOW_MS + DAY_MS),
    )
    assert [(row.group, row.calls) for row in await used(door, group, tag)] == found


async def test_usage_counts_all_tokens_and_credits_of_the_users_own_calls_in_the_period(door: DeskDoor) -> None:
    counted = usage(input=1, cached_input=2, cache_write=4, output=8, reasoning=16)
    await record(
        door,
        call("call-1", usage=counted, credits_milli=5),
        call("call-2", usage=counted, credits_milli=6),
        call("call-3", user_id="u2"),
        call("call-4", at_ms=NOW_MS - 1),
        call("call-5", at_ms=NOW_MS + 2 * DAY_MS),
        call("call-6", status="refused", usage=None, credits_milli=0),
    )
    assert await used(door, "model") == [UsageRow("p/m", calls=2, input_tokens=14, output_tokens=48, credits_milli=11)]


async def test_the_audit_log_is_read_newest_first_a_page_at_a_time(door: DeskDoor) -> None:
    for number in range(4):
        await door.directory.put_user(user(f"u{number}"), None, Change("cli"))
    newest = await door.register.audit(None, 2)
    older = await door.register.audit(newest[-1].id, 9)
    assert [line.subject for line in newest + older] == ["user:u3", "user:u2", "user:u1", "user:u0"]
