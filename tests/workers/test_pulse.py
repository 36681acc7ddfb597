"""Claims about a process that cannot beat: its calls end before its lease does, and not for a halt of its own."""

import pytest

from proxy.domain.call import Call
from proxy.domain.errors import Refusal
from proxy.ports import StoreUnavailable
from proxy.workers.pulse import WATCH_EVERY_S, Pulse

SILENT_S_MAX = 4.0


class Scene:
    """Time that is set, books that can be away, and calls that are counted as they are stopped."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.away = False
        self.live = 3
        self.told: list[Refusal] = []
        self.incidents: list[tuple[str, dict[str, str | int]]] = []
        self.pulse = Pulse(self._beat, self._stop, SILENT_S_MAX, self, lambda: self.now_s)

    async def pass_time(self, seconds: float, *, beating: bool = True) -> None:
        for _ in range(int(seconds / WATCH_EVERY_S)):
            self.now_s += WATCH_EVERY_S
            await self.pulse.watch()
            if beating:
                await self.try_to_beat()

    async def try_to_beat(self) -> None:
        try:
            await self.pulse.beat()
        except StoreUnavailable:
            return

    async def _beat(self) -> None:
        if self.away:
            raise StoreUnavailable("away")

    def _stop(self, why: Refusal) -> int:
        self.told += [why] * self.live
        stopped, self.live = self.live, 0
        return stopped

    def began(self) -> None:
        raise AssertionError("a worker is no call")

    def finished(self, call: Call) -> None:
        raise AssertionError("a worker is no call")

    def incident(self, name: str, **facts: str | int) -> None:
        self.incidents.append((name, facts))


async def test_while_it_beats_nothing_is_stopped() -> None:
    scene = Scene()
    await scene.pass_time(100)
    assert scene.told == []


async def test_calls_are_stopped_once_when_it_could_not_beat_for_too_long_and_hear_why() -> None:
    scene = Scene()
    await scene.pass_time(1)
    scene.away = True
    await scene.pass_time(SILENT_S_MAX - WATCH_EVERY_S)
    assert scene.told == []
    await scene.pass_time(5)
    assert [why.code for why in scene.told] == ["store_unavailable"] * 3
    assert scene.incidents == [("out_of_touch", {"calls": 3})]


async def test_a_beat_that_hangs_is_no_beat() -> None:
    scene = Scene()
    await scene.pass_time(SILENT_S_MAX + WATCH_EVERY_S, beating=False)
    assert scene.live == 0


async def test_a_short_outage_stops_nothing_and_is_forgotten() -> None:
    scene = Scene()
    for _ in range(5):
        scene.away = True
        await scene.pass_time(SILENT_S_MAX - 2 * WATCH_EVERY_S)
        scene.away = False
        await scene.pass_time(1)
    assert scene.told == []


@pytest.mark.parametrize("halt_s", [10.0, 100_000.0])
async def test_a_process_that_was_halted_first_asks_the_books_what_became_of_it(halt_s: float) -> None:
    scene = Scene()
    await scene.pass_time(1)
    scene.now_s += halt_s
    await scene.pulse.watch()
    await scene.try_to_beat()
    await scene.pass_time(1)
    assert scene.told == []
