"""The contract of ports.Register, the same for every database: what calls left behind comes back as it was."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.call import Attempt, Call, CallStatus, Mark
from proxy.domain.desk import CallFilter, Change, Conversation, HistoryQuery, PromptCheck, UsageGroup, UsageQuery, UsageRow
from proxy.domain.ledger import RecordCall, Refund, Settlement
from proxy.domain.rollup import Tallies, Tally, TallyGroup, TallyQuery, UserTallyQuery
from tests.builders import NOW_MS, call, decision, usage, user, verdict
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
    unjudged = replace(full, ask=None, verdict=None, advice=None, standing=None, health=None, decision=None)
    assert (await door.register.calls(CallFilter())).calls == [unjudged]
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
    assert (await door.register.calls(CallFilter())).calls == []


async def test_calls_that_began_in_one_batch_are_each_found_whole_at_their_end(door: DeskDoor) -> None:
    begun = [
        call(id, verdict=verdict(family=family), metadata={"team": family})
        for id, family in (("call-1", "größe"), ("call-2", "大きさ"), ("call-3", "size"))
    ]
    await door.ledger.apply([replace(hold(one.id, 100), began=one) for one in begun])
    anew = replace(begun[2], decision=decision(stepped_down=True))
    ended = [replace(one, status="served", credits_milli=7, attempts=(ATTEMPT,)) for one in (*begun[:2], anew)]
    for one in reversed(ended):
        await door.ledger.apply([Settlement(one.id, 7, one.raw_nano_usd, one)])
    assert [await door.register.call(one.id) for one in ended] == ended
    check = await door.register.prompt_check("call-2")
    assert check is not None
    assert (check.id, check.category) == ("call-2:check", verdict().category)


async def histories(door: DeskDoor, **wanted: Any) -> list[str]:
    query = HistoryQuery(**{"from_ms": NOW_MS, "until_ms": NOW_MS + 10} | wanted)
    return [found.id for found in await door.register.history(query)]


async def test_history_is_told_oldest_first_a_page_at_a_time(door: DeskDoor) -> None:
    times = {"call-3": 1, "call-1": 0, "call-2": 1, "call-4": 9, "call-8": 10, "call-0": -1}
    await record(door, *(call(name, at_ms=NOW_MS + after) for name, after in times.items()))
    assert await histories(door) == ["call-1", "call-2", "call-3", "call-4"]
    assert await histories(door, limit=2) == ["call-1", "call-2"]
    assert await histories(door, after=(NOW_MS + 1, "call-2")) == ["call-3", "call-4"]
    assert await histories(door, from_ms=NOW_MS + 1, until_ms=NOW_MS + 99) == ["call-2", "call-3", "call-4", "call-8"]
    assert await histories(door, from_ms=NOW_MS + 11, until_ms=NOW_MS + 99) == []
    assert await histories(door, limit=0) == []


async def test_history_is_of_chat_calls_of_one_user_or_all(door: DeskDoor) -> None:
    await record(door, call("call-1"), call("call-2", user_id="u2"), call("call-3", kind="precheck"))
    assert await histories(door) == ["call-1", "call-2"]
    assert await histories(door, user_id="u2") == ["call-2"]


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


async def test_usage_covers_every_day_that_the_period_touches(door: DeskDoor) -> None:
    await record(door, *(call(f"call-{day}", at_ms=NOW_MS + day * DAY_MS + 5) for day in range(4)))
    rows = await door.register.usage(UsageQuery("u1", NOW_MS + DAY_MS + 9, NOW_MS + 2 * DAY_MS + 1, "day"))
    assert [row.group for row in rows] == ["2026-01-02", "2026-01-03"]
    assert await door.register.usage(UsageQuery("u1", NOW_MS, NOW_MS, "day")) == []


async def test_what_a_failed_attempt_used_is_no_call_of_its_model(door: DeskDoor) -> None:
    await record(door, call(attempts=(replace(FAILED, model_id="q/n"), replace(ATTEMPT, number=2))))
    assert [row.group for row in await used(door, "model")] == ["p/m"]


# --- tallies ----------------------------------------------------------------------------------------------------------


async def tallied(door: DeskDoor, group: TallyGroup, **wanted: Any) -> dict[str, Tally]:
    rows = await door.register.tallies(TallyQuery(NOW_MS, NOW_MS + DAY_MS, group, **wanted))
    return {row.group: row.tally for row in rows}


async def of_users(door: DeskDoor, **wanted: Any) -> dict[str, Tally]:
    page = await door.register.user_tallies(UserTallyQuery(NOW_MS, NOW_MS + DAY_MS, **wanted))
    assert page.stopped_after is None
    return {row.group: row.tally for row in page.rows}


async def test_a_tally_holds_all_that_a_call_came_to(door: DeskDoor) -> None:
    counted = usage(input=1, cached_input=2, cache_write=4, output=8, reasoning=16, images=32)
    tried = replace(ATTEMPT, raw_nano_usd=70)
    one = call(
        usage=counted, credits_milli=5, raw_nano_usd=70, absorbed_milli=2, duration_ms=900, attempts=(tried,), ttft_ms=300
    )
    await record(door, one, replace(one, id="call-2"))
    (tally,) = (await tallied(door, "all")).values()
    assert (tally.calls, tally.calls_served, tally.calls_used, tally.attempts, tally.faults) == (2, 2, 2, 2, 0)
    tokens = (tally.input_tokens, tally.cached_input_tokens, tally.cache_write_tokens)
    assert (*tokens, tally.output_tokens, tally.reasoning_tokens, tally.images) == (2, 4, 8, 16, 32, 64)
    assert (tally.raw_nano_usd, tally.credits_milli, tally.absorbed_milli) == (140, 10, 4)
    assert (tally.duration_ms, tally.ttft_ms, tally.ttft_calls) == (1_800, 600, (0, 0, 2, 0, 0, 0, 0, 0))


async def test_every_ending_is_counted_and_only_answers_have_a_duration(door: DeskDoor) -> None:
    endings: tuple[CallStatus, ...] = ("served", "cut", "left", "refused", "failed", "crashed")
    await record(door, *(call(f"call-{ending}", status=ending, duration_ms=10) for ending in endings))
    (tally,) = (await tallied(door, "all")).values()
    counts = (tally.calls_served, tally.calls_cut, tally.calls_left)
    assert (*counts, tally.calls_refused, tally.calls_failed, tally.calls_crashed) == (1, 1, 1, 1, 1, 1)
    assert tally.duration_ms == 30


async def test_a_fault_and_its_cost_belong_to_the_model_that_was_tried(door: DeskDoor) -> None:
    failed = replace(FAILED, model_id="q/n", provider_id="q", family="gpt", raw_nano_usd=11)
    await record(door, call(raw_nano_usd=88, attempts=(failed, replace(ATTEMPT, number=2))))
    by_model = await tallied(door, "model")
    seen = {name: (t.calls, t.attempts, t.faults, t.raw_nano_usd, t.credits_milli) for name, t in by_model.items()}
    assert seen == {"p/m": (1, 1, 0, 77, 300), "q/n": (0, 1, 1, 11, 0)}
    assert {name: t.faults for name, t in (await tallied(door, "provider")).items()} == {"p": 0, "q": 1}


async def test_tallies_name_users_and_tags(door: DeskDoor) -> None:
    await record(
        door,
        call("call-1", metadata={"feature": "search", "team": "red"}),
        call("call-2", user_id="u2", metadata={"feature": "mail"}, raw_nano_usd=900_000),
        call("call-3", user_id="u2"),
    )
    assert {name: t.calls for name, t in (await of_users(door)).items()} == {"u1": 1, "u2": 2}
    assert {name: t.calls for name, t in (await tallied(door, "tag")).items()} == {
        "feature=search": 1,
        "feature=mail": 1,
        "team=red": 1,
    }
    assert list(await tallied(door, "tag", tag="feature")) == ["feature=mail", "feature=search"]
    assert [t.calls for t in (await tallied(door, "all")).values()] == [3]


async def test_the_dearest_groups_come_first_and_no_more_than_asked(door: DeskDoor) -> None:
    await record(
        door,
        *(call(f"call-{n}", user_id=f"u{n}", model_id=f"p/{n}", raw_nano_usd=n, attempts=()) for n in range(5)),
    )
    for found in (await of_users(door, limit=2), await tallied(door, "model", limit=2)):
        assert [tally.raw_nano_usd for tally in found.values()] == [4, 3]
    assert (await of_users(door, limit=0), await tallied(door, "model", limit=0)) == ({}, {})


async def test_a_page_of_users_looks_at_whole_users_within_its_rows_and_says_where_it_stopped(door: DeskDoor) -> None:
    """Each user has two rows, for its tag is one; the second stands alone with more than a page may hold."""
    tagged = {"feature": "search"}
    calls = [call(f"call-{n}", user_id=f"u{n}", metadata=tagged, raw_nano_usd=n, attempts=()) for n in range(5)]
    more = [call(f"more-{n}", user_id="u1", at_ms=NOW_MS + n * DAY_MS, raw_nano_usd=0, attempts=()) for n in range(1, 4)]
    await record(door, *calls, *more)
    pages, after = [], ""
    while True:
        page = await door.register.user_tallies(UserTallyQuery(NOW_MS, NOW_MS + DAY_MS, after, rows_max=4))
        pages.append([row.group for row in page.rows])
        if page.stopped_after is None:
            break
        after = page.stopped_after
    assert pages == [["u0"], ["u1"], ["u3", "u2"], ["u4"]]


async def test_a_page_of_users_may_hold_nobody_of_the_period_and_there_may_be_nobody_at_all(door: DeskDoor) -> None:
    assert await door.register.user_tallies(UserTallyQuery(NOW_MS, NOW_MS + DAY_MS)) == Tallies([], None)
    await record(door, call("call-1", at_ms=NOW_MS - 1), call("call-2", user_id="u2"))
    query = UserTallyQuery(NOW_MS, NOW_MS + DAY_MS, rows_max=1)
    assert await door.register.user_tallies(query) == Tallies([], "u1")
    (row,) = (await door.register.user_tallies(replace(query, after="u1"))).rows
    assert row.group == "u2"


async def test_prechecks_and_other_days_are_no_part_of_a_tally(door: DeskDoor) -> None:
    await record(door, call("call-1", kind="precheck"), call("call-2", at_ms=NOW_MS - 1), call("call-3", at_ms=NOW_MS + DAY_MS))
    assert await tallied(door, "all") == {}


async def test_the_audit_log_is_read_newest_first_a_page_at_a_time(door: DeskDoor) -> None:
    for number in range(4):
        await door.directory.put_user(user(f"u{number}"), None, Change("cli"))
    newest = await door.register.audit(None, 2)
    older = await door.register.audit(newest[-1].id, 9)
    assert [line.subject for line in newest + older] == ["user:u3", "user:u2", "user:u1", "user:u0"]


async def test_what_was_charged_is_one_users_newest_first_and_bounded(door: DeskDoor) -> None:
    def made(name: str, **changes: Any) -> Call:
        return call(name, attempts=(FAILED, replace(ATTEMPT, number=2)), **changes)

    await record(
        door,
        made("call-1", at_ms=NOW_MS - 1),
        made("call-2"),
        made("call-3", at_ms=NOW_MS + 1),
        made("call-4", user_id="u2"),
        made("call-5", credits_milli=0),
    )
    assert await door.register.charged("u1", NOW_MS, 9) == [(replace(ATTEMPT, number=2),)] * 2
    assert len(await door.register.charged("u1", 0, 2)) == 2
    assert await door.register.charged("u3", 0, 9) == []


async def test_a_refunded_call_says_so_and_counts_as_paid_for_nothing(door: DeskDoor) -> None:
    await door.ledger.apply([hold(amount_milli=100)])
    await door.ledger.apply([settlement(credits_milli=100)])
    await door.ledger.apply([Refund("call-1", Change("key:admin", "a test"))])
    found = await door.register.call("call-1")
    assert found is not None
    assert (found.credits_milli, found.refunded_milli, found.paid_milli) == (100, 100, 0)
    (row,) = await door.register.usage(UsageQuery("u1", 0, NOW_MS + 1, "day"))
    assert (row.calls, row.credits_milli) == (1, 0)
