"""The contract of ports.Ledger and ports.Leases, the same for every database: each claim runs over every house."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.domain.call import Attempt
from proxy.domain.desk import Grant
from proxy.domain.ledger import ConcurrencyLimit, Held, HoldLost, HoldRefused, RecordCall, Recorded, Settled
from proxy.domain.standing import Cap
from tests import builders
from tests.builders import NOW_MS
from tests.contracts.ledger_house import HOUSES, LEASES, House, extension, hold, month, settlement

DAY_MS = 86_400_000


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as opened:
        yield opened


async def test_a_hold_reserves_and_its_settlement_spends_and_gives_back(house: House) -> None:
    door = await house.door()
    assert await door.one(hold(amount_milli=300)) == Held("call-1", 300)
    assert (await door.ledger.standing("u1", month(1_000))).windows[0].held == 300
    assert await door.one(settlement(credits_milli=120)) == Settled("call-1", 120, 0, fresh=True)
    now = await door.ledger.standing("u1", month(1_000))
    assert (now.windows[0].spent, now.windows[0].held) == (120, 0)
    assert [(e.kind, e.amount_milli) for e in await house.entries(door, "call-1")] == [("hold", 300), ("settle", 120)]
    assert await house.wrongs(door) == []


async def test_a_batch_over_many_accounts_moves_the_counters_of_each(house: House) -> None:
    door = await house.door()
    accounts = [f"u{n:02d}" for n in range(40)]
    held = await door.ledger.apply([hold(f"of-{who}", 300, account_id=who, scopes=(f"user:{who}",)) for who in accounts])
    assert held == [Held(f"of-{who}", 300) for who in accounts]
    await door.ledger.apply([settlement(f"of-{who}", 120) for who in accounts])
    moved = await house.look(door, "SELECT scope, spent, held FROM counters WHERE name = 'included/week' ORDER BY scope")
    assert moved == [(f"user:{who}", 120, 0) for who in accounts]
    assert await house.wrongs(door) == []


async def test_two_hundred_holds_at_once_with_credit_for_ten(house: House) -> None:
    doors = [await house.door(f"boot-{n}") for n in range(2)]
    acks = await asyncio.gather(*(doors[n % 2].one(hold(f"call-{n:03d}", 100)) for n in range(200)))
    admitted = [ack.hold_id for ack in acks if isinstance(ack, Held)]
    assert len(admitted) == 10
    assert {ack.code for ack in acks if isinstance(ack, HoldRefused)} == {"credits_on_hold"}
    await asyncio.gather(*(doors[1].one(settlement(hold_id)) for hold_id in admitted))
    late = await doors[0].one(hold("late", 1))
    assert isinstance(late, HoldRefused)
    assert (late.code, late.standing.windows[0].spent) == ("insufficient_credits", 1_000)
    assert await house.wrongs(doors[0]) == []


async def test_one_batch_may_admit_what_its_own_settlement_freed(house: House) -> None:
    door = await house.door()
    await door.one(hold("first", 1_000))
    acks = await door.ledger.apply([settlement("first", 0), hold("second", 1_000), hold("third", 1)])
    assert isinstance(acks[1], Held)
    assert isinstance(acks[2], HoldRefused)
    assert acks[2].code == "credits_on_hold"


async def test_settling_twice_charges_once_and_says_what_stands(house: House) -> None:
    door = await house.door()
    await door.one(hold(amount_milli=100))
    first, second = await door.ledger.apply([settlement(credits_milli=150), settlement(credits_milli=30)])
    assert first == Settled("call-1", 100, 50, fresh=True)
    again = await door.one(settlement(credits_milli=70))
    assert again == Settled("call-1", 100, 50, fresh=False)
    assert isinstance(second, Settled)
    assert (second.charged_milli, second.fresh) == (100, False)
    assert await house.look(door, "SELECT credits_milli, absorbed_milli FROM model_calls") == [(100, 50)]
    assert await house.wrongs(door) == []


async def test_the_same_hold_twice_is_one_hold(house: House) -> None:
    door = await house.door()
    acks = await door.ledger.apply([hold(), hold()])
    acks += [await door.one(hold())]
    assert [ack.amount_milli for ack in acks if isinstance(ack, Held)] == [100, 100, 100]
    await door.one(settlement(credits_milli=0))
    assert isinstance(await door.one(hold()), ValueError)
    assert [e.kind for e in await house.entries(door, "call-1")] == ["hold", "release"]


async def test_a_settlement_without_a_hold_fails_alone(house: House) -> None:
    door = await house.door()
    acks = await door.ledger.apply([settlement("never"), hold("call-2")])
    assert isinstance(acks[0], ValueError)
    assert isinstance(acks[1], Held)
    assert await house.look(door, "SELECT id FROM model_calls") == []


async def test_one_bad_row_fails_alone(house: House) -> None:
    door = await house.door()
    bad = RecordCall(builders.call("bad", request_id="\ud800"))
    huge = hold("huge", 1, began=builders.call("huge", duration_ms=1 << 70))
    acks = await door.ledger.apply(
        [hold("call-1"), bad, huge, hold("call-2"), RecordCall(builders.call("good", credits_milli=0))]
    )
    for ack, kind in zip(acks, [Held, ValueError, ValueError, Held, Recorded], strict=True):
        assert isinstance(ack, kind)
    assert await house.look(door, "SELECT id FROM holds") == [("call-1",), ("call-2",)]
    assert await house.wrongs(door) == []


async def test_a_refused_extension_keeps_the_hold_and_what_was_metered(house: House) -> None:
    door = await house.door()
    await door.one(hold(amount_milli=100))
    held = await door.one(extension(amount_milli=900, metered_milli=80))
    assert isinstance(held, Held)
    assert held.amount_milli == 900
    refused = await door.one(extension(amount_milli=1_001, metered_milli=600))
    assert isinstance(refused, HoldRefused)
    assert refused.code == "insufficient_credits"
    assert await house.look(door, "SELECT amount_milli, metered_milli FROM holds") == [(900, 600)]
    assert [e.kind for e in await house.entries(door, "call-1")] == ["hold", "extend"]
    assert isinstance(await door.one(extension("never")), ValueError)


async def test_an_extension_takes_the_first_size_that_there_is_room_for(house: House) -> None:
    door = await house.door()
    await door.one(hold(amount_milli=100))
    less = extension(amount_milli=1_200, smaller=((1_001, 0), (700, 0), (200, 0)))
    assert await door.one(less) == Held("call-1", 700, place=2)
    # Given once more, after a reply that was lost, it is what stands by now.
    assert await door.one(less) == Held("call-1", 700, place=2)
    refused = await door.one(extension(amount_milli=1_200, smaller=((1_100, 0), (1_001, 0)), metered_milli=650))
    assert isinstance(refused, HoldRefused)
    assert await house.look(door, "SELECT amount_milli, metered_milli FROM holds") == [(700, 650)]
    await door.one(settlement(credits_milli=650))
    assert await house.wrongs(door) == []


@pytest.mark.parametrize(
    ("limit", "cap", "ceiling", "place"),
    [(900, 900, 90, 0), (899, 900, 90, 1), (900, 899, 90, 1), (900, 900, 89, 1)],
    ids=["ample", "credits", "cap", "ceiling"],
)
async def test_the_largest_size_is_held_where_there_is_room_for_what_it_adds_many_times_over(
    house: House, limit: int, cap: int, ceiling: int, place: int
) -> None:
    door = await house.door()
    caps = (Cap("key:k1", "day", cap), Cap("installation", "day", ceiling, "nano_usd"))
    await door.one(hold(amount_milli=100, raw_nano_usd=10, terms=month(limit, caps=caps)))
    wide = extension(amount_milli=300, raw_nano_usd=30, smaller=((200, 20),), room_times=4, terms=month(limit, caps=caps))
    assert await door.one(wide) == Held("call-1", (300, 200)[place], place)
    assert await house.wrongs(door) == []


async def test_what_others_hold_is_no_ample_room_and_one_size_alone_needs_none(house: House) -> None:
    door = await house.door()
    await door.ledger.apply([hold(amount_milli=100), hold("call-2", 200)])
    assert await door.one(extension(amount_milli=300, smaller=((150, 0),), room_times=4)) == Held("call-1", 150, place=1)
    assert await door.one(extension(amount_milli=300, room_times=4)) == Held("call-1", 300)
    assert await house.wrongs(door) == []


async def test_a_smaller_size_is_held_to_caps_and_ceilings_as_the_larger_is(house: House) -> None:
    door = await house.door()
    caps = (Cap("key:k1", "day", 500), Cap("installation", "day", 40, "nano_usd"))
    await door.one(hold(amount_milli=100, raw_nano_usd=10, terms=month(1_000, caps=caps)))
    less = extension(
        amount_milli=900, raw_nano_usd=90, smaller=((600, 30), (400, 50), (300, 30)), terms=month(1_000, caps=caps)
    )
    assert await door.one(less) == Held("call-1", 300, place=3)
    assert await house.wrongs(door) == []


async def test_of_streams_that_share_their_last_credits_in_one_batch_none_is_refused_what_there_is(house: House) -> None:
    door = await house.door()
    await door.ledger.apply([hold(f"call-{number}", 100) for number in range(6)])
    acks = await door.ledger.apply([extension(f"call-{number}", 400, smaller=((200, 0), (120, 0))) for number in range(6)])
    assert [ack.amount_milli if isinstance(ack, Held) else 0 for ack in acks] == [400, 200, 0, 0, 0, 0]
    acks = await door.ledger.apply(
        [settlement("call-1", 170), *(extension(f"call-{number}", 400, smaller=((200, 0), (115, 0))) for number in range(2, 6))]
    )
    # What one gives back is there for the next of the same batch.
    assert [ack.amount_milli if isinstance(ack, Held) else 0 for ack in acks[1:]] == [115, 115, 0, 0]
    assert await house.wrongs(door) == []


async def test_an_extension_behind_the_settlement_of_its_hold_finds_it_gone(house: House) -> None:
    door = await house.door()
    await door.one(hold(amount_milli=100))
    settled, lost = await door.ledger.apply([settlement(credits_milli=40), extension(amount_milli=300)])
    assert (settled, lost) == (Settled("call-1", 40, 0, fresh=True), HoldLost("call-1"))
    now = await door.ledger.standing("u1", month(1_000))
    assert (now.windows[0].spent, now.windows[0].held) == (40, 0)
    assert await house.wrongs(door) == []


async def test_what_another_process_did_to_a_hold_counts(house: House) -> None:
    door, other = await house.door("boot-1"), await house.door("boot-2")
    await door.ledger.apply([hold("call-1", 100), hold("call-2", 100)])
    await other.one(extension("call-1", 300))
    await other.one(settlement("call-2", 40))
    assert await door.one(settlement("call-1", 250)) == Settled("call-1", 250, 0, fresh=True)
    assert await door.one(settlement("call-2", 90)) == Settled("call-2", 40, 0, fresh=False)
    assert await house.wrongs(door) == []


async def test_splitting_anew_for_another_family_moves_the_hold(house: House) -> None:
    door = await house.door()
    await house.put_grant(door, Grant("g1", "u1", "topup", 500, "a test", NOW_MS, family="reasoning"))
    await door.one(hold(amount_milli=500, family="reasoning"))
    assert await door.one(extension(amount_milli=300, family="open")) == Held("call-1", 300)
    now = await door.ledger.standing("u1", month(1_000))
    assert (now.buckets[0].held, now.windows[0].held) == (0, 300)
    await door.one(settlement(credits_milli=300))
    assert await house.wrongs(door) == []


async def test_a_suspended_account_extends_nothing(house: House) -> None:
    door = await house.door()
    await door.one(hold())
    await house.suspend(door, "u1")
    refused = await door.one(extension())
    assert isinstance(refused, HoldRefused)
    assert (refused.code, refused.scope) == ("budget_cap_reached", "user:u1")


async def test_a_hold_settles_in_the_day_it_was_taken(house: House) -> None:
    door = await house.door()
    house.clock.at_ms = NOW_MS + DAY_MS - 1
    await door.one(hold())
    house.clock.at_ms += 2
    await door.one(settlement(credits_milli=60))
    days = await house.look(door, "SELECT epoch, spent, held FROM counters WHERE name = 'included/day'")
    assert days == [("2026-01-01", 60, 0)]


async def test_grants_pay_after_what_is_included_until_they_expire(house: House) -> None:
    door = await house.door()
    await house.put_grant(door, Grant("g1", "u1", "topup", 500, "a test", NOW_MS, expires_at_ms=NOW_MS + 1_000))
    assert isinstance(await door.one(hold(amount_milli=1_200)), Held)
    await door.one(settlement(credits_milli=1_100))
    now = await door.ledger.standing("u1", month(1_000))
    assert [(b.id, b.spent, b.held) for b in now.buckets] == [("g1", 100, 0)]
    house.clock.at_ms += 1_000
    assert isinstance(await door.one(hold("late", 1)), HoldRefused)


async def test_caps_of_every_scope_are_one_step_with_the_account(house: House) -> None:
    door = await house.door()
    caps = (Cap("app:a1", "day", 150), Cap("installation", "day", 10_000, "nano_usd"))
    first, second = await door.ledger.apply(
        [hold(f"call-{n}", account_id=f"u{n}", raw_nano_usd=4_000, terms=month(1_000, caps=caps)) for n in (1, 2)]
    )
    assert isinstance(first, Held)
    assert isinstance(second, HoldRefused)
    assert (second.code, second.scope) == ("credits_on_hold", "app:a1")
    await door.one(settlement("call-1", 100, raw_nano_usd=9_000))
    third = await door.one(hold("call-3", 10, account_id="u3", raw_nano_usd=1_001, terms=month(1_000, caps=caps)))
    assert isinstance(third, HoldRefused)
    assert (third.code, third.scope) == ("budget_cap_reached", "installation")


async def test_concurrency_is_the_count_of_live_leases(house: House) -> None:
    door = await house.door()
    two = month(1_000, concurrency=(ConcurrencyLimit("user:u1", 2),))
    acks = await door.ledger.apply([hold(f"call-{n}", 1, terms=two) for n in range(3)])
    assert [type(ack) for ack in acks] == [Held, Held, HoldRefused]
    assert isinstance(acks[2], HoldRefused)
    assert (acks[2].code, acks[2].scope) == ("concurrency_limit", "user:u1")
    await door.one(settlement("call-0", 1))
    assert isinstance(await door.one(hold("call-3", 1, terms=two)), Held)


async def test_an_admitted_hold_enrols_and_a_refused_one_does_not(house: House) -> None:
    door = await house.door()
    user = builders.user("u1", app_id="a1", external_id="alice")
    terms = builders.entitlement("u1", plan_id="basic")
    await door.one(hold("poor", 9_999, enrol=user, entitlement=terms))
    assert await house.look(door, "SELECT id FROM users") == []
    await door.ledger.apply([hold(f"call-{n}", 1, enrol=user, entitlement=terms) for n in range(2)])
    assert await house.look(door, "SELECT id, app_id, external_id FROM users") == [("u1", "a1", "alice")]
    assert await house.look(door, "SELECT user_id, plan_id FROM entitlements") == [("u1", "basic")]
    assert ("user", "u1") in await house.look(door, "SELECT kind, object_id FROM changes")


async def test_a_settlement_leaves_every_record_of_its_call(house: House) -> None:
    door = await house.door()
    spent = builders.usage(input=7, output=3)
    failed = Attempt(1, "p/a", "p", "open", 1, None, 2, "reset", None, None, None, None, 0, 0, 1_000_000, False)
    wrote = Attempt(2, "p/m", "p", "open", 3, 4, 5, None, 200, None, "pr-1", spent, 900, 40, 1_000_000, True)
    call = builders.call(attempts=(failed, wrote), usage=spent, conversation_id="conv-1", metadata={"feature": "chat"})
    await door.one(hold(amount_milli=100))
    await door.one(settlement(credits_milli=40, call=call))
    assert await house.look(door, "SELECT id, status, input_tokens, credits_milli FROM model_calls") == [
        ("call-1", "served", 7, 40)
    ]
    assert await house.look(door, "SELECT number, fault, output_tokens FROM attempts") == [(1, "reset", None), (2, None, 3)]
    assert await house.look(door, "SELECT * FROM usage_records") == [("call-1:usage", "call-1", "u1", "chat", 10, 40, NOW_MS)]
    assert await house.look(door, "SELECT * FROM cost_records") == [("call-1:cost:2", "call-1", 900, 40, 1_000_000)]
    assert await house.look(door, "SELECT id, category, risk FROM prompt_checks") == [("call-1:check", "general", "safe")]
    assert await house.look(door, "SELECT id, user_id, title FROM conversations") == [("conv-1", "u1", None)]


async def test_a_recorded_call_holds_nothing_and_is_written_once(house: House) -> None:
    door = await house.door()
    refused = builders.call("refused", status="refused", usage=None, credits_milli=0)
    acks = await door.ledger.apply([RecordCall(refused), RecordCall(replace(refused, status="served"))])
    assert [*acks, await door.one(RecordCall(refused))] == [Recorded("refused")] * 3
    assert await house.look(door, "SELECT id, status FROM model_calls") == [("refused", "refused")]
    assert await house.look(door, "SELECT * FROM usage_records") == []


async def _beat(house: House, *boot_ids: str, for_ms: int) -> None:
    """Time passes while these processes live."""
    doors = [await house.door(boot_id) for boot_id in boot_ids]
    for _ in range(for_ms // LEASES.beat_ms):
        house.clock.at_ms += LEASES.beat_ms
        for door in doors:
            await door.leases.beat()


async def test_the_holds_of_a_dead_process_are_charged_what_was_metered(house: House) -> None:
    dead, alive = await house.door("dead"), await house.door("alive")
    await dead.leases.beat()
    began = replace(hold("spoke").began, conversation_id="conv-1")
    await dead.ledger.apply([hold("silent", 100, lease_ms=600_000), hold("spoke", 100, lease_ms=600_000, began=began)])
    await dead.one(extension("spoke", 200, metered_milli=70, raw_nano_usd=4_000))
    await alive.one(hold("kept", 100, lease_ms=600_000))
    await _beat(house, "alive", for_ms=LEASES.lease_ms + LEASES.grace_ms)
    assert (await alive.leases.reconcile()).call_ids == ()
    await _beat(house, "alive", for_ms=2 * LEASES.beat_ms)
    report = await alive.leases.reconcile()
    assert (report.settled, report.released, report.call_ids) == (1, 1, ("silent", "spoke"))
    assert await house.look(alive, "SELECT id, status, credits_milli, raw_nano_usd, user_id FROM model_calls") == [
        ("silent", "crashed", 0, 0, "u1"),
        ("spoke", "crashed", 70, 1_400, "u1"),
    ]
    assert (await alive.leases.reconcile()).call_ids == ()
    assert await house.look(alive, "SELECT id FROM holds") == [("kept",)]
    assert await house.look(alive, "SELECT id, display_units FROM usage_records") == [("spoke:usage", 70)]
    assert await house.look(alive, "SELECT id, raw_cost, display_cost FROM cost_records") == [("spoke:cost:0", 1_400, 70)]
    assert await house.look(alive, "SELECT id FROM prompt_checks") == [("silent:check",), ("spoke:check",)]
    assert await house.look(alive, "SELECT id FROM conversations") == [("conv-1",)]
    assert await house.wrongs(alive) == []


async def test_two_reconcilers_resolve_each_hold_once(house: House) -> None:
    dead = await house.door("dead")
    await dead.ledger.apply([hold(f"call-{n}", 10) for n in range(20)])
    await _beat(house, "left", "right", for_ms=LEASES.lease_ms + LEASES.grace_ms + LEASES.beat_ms)
    doors = [await house.door(boot_id) for boot_id in ("left", "right")]
    reports = await asyncio.gather(*(door.leases.reconcile() for door in doors))
    assert sorted(sum((report.call_ids for report in reports), ())) == sorted(f"call-{n}" for n in range(20))
    assert await house.wrongs(dead) == []


async def test_an_outage_or_a_clock_jump_ends_no_lease(house: House) -> None:
    door = await house.door("boot-1")
    await door.leases.beat()
    await door.one(hold())
    house.clock.at_ms += 100 * LEASES.lease_ms
    assert (await (await house.door("boot-2")).leases.reconcile()).call_ids == ()
    assert await door.one(settlement()) == Settled("call-1", 100, 0, fresh=True)


async def test_a_deadline_frees_a_stuck_call_of_a_living_process(house: House) -> None:
    door = await house.door("boot-1")
    await door.leases.beat()
    await door.one(hold("stuck", 100, lease_ms=5_000))
    await _beat(house, "boot-1", for_ms=5_000 + LEASES.grace_ms)
    assert (await door.leases.reconcile()).call_ids == ()
    await _beat(house, "boot-1", for_ms=LEASES.beat_ms)
    assert (await door.leases.reconcile()).call_ids == ("stuck",)
