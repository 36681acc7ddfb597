"""Claims about the outbox: each alert is due until it is told, once under its id, and memory is bounded."""

from dataclasses import replace

from proxy.domain.alert import Alert
from proxy.workers.outbox import ALERTS_MAX, Outbox
from tests.builders import NOW_MS
from tests.contracts.set_clock import SetClock

LOST = Alert("provider|p|connect|1", "provider_down", NOW_MS, {"provider": "p", "why": "connect"})


async def test_an_alert_is_due_at_once_and_again_only_later() -> None:
    clock = SetClock()
    outbox = Outbox(clock)
    outbox.note(LOST)
    assert await outbox.take(10, 1_000) == [replace(LOST, tries=1)]
    assert await outbox.take(10, 1_000) == []
    clock.at_ms += 1_000
    assert await outbox.take(10, 1_000) == [replace(LOST, tries=2)]


async def test_what_was_told_is_not_told_again_however_often_it_is_noted() -> None:
    outbox = Outbox(SetClock())
    outbox.note(LOST)
    await outbox.take(10, 0)
    await outbox.done(LOST.id)
    outbox.note(LOST)
    assert await outbox.take(10, 0) == []


async def test_what_was_postponed_waits() -> None:
    clock = SetClock()
    outbox = Outbox(clock)
    outbox.note(LOST)
    await outbox.take(10, 0)
    await outbox.postpone(LOST.id, 5_000)
    clock.at_ms += 4_999
    assert await outbox.take(10, 0) == []
    clock.at_ms += 1
    assert len(await outbox.take(10, 0)) == 1


async def test_the_oldest_make_room() -> None:
    outbox = Outbox(SetClock())
    for number in range(ALERTS_MAX + 5):
        outbox.note(replace(LOST, id=str(number)))
    taken = await outbox.take(2 * ALERTS_MAX, 0)
    assert (len(taken), taken[0].id) == (ALERTS_MAX, "5")
