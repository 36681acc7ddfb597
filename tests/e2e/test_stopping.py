"""A gateway that is told to stop, with calls of every kind in it."""

from typing import Final

from tests.e2e.conftest import HouseMaker
from tests.e2e.harness import House, Simulator, chat, wrong_in_books
from tests.e2e.stopping import CHAT, Heard, Kind, stopped, stream

LIVE: Final = [
    Kind("a stream that ends soon", CHAT, stream("sim/steady", max_tokens=10), "whole"),
    Kind("a whole answer that ends soon", CHAT, chat("sim/steady", max_tokens=10), "whole"),
    Kind("a stream that would go on", CHAT, stream("sim/long"), "told"),
    Kind("a whole answer that would go on", CHAT, chat("sim/long"), "told"),
    Kind("a stream before its first word", CHAT, stream("sim/sleepy"), "told"),
    Kind("one that nobody hears any more", CHAT, chat("sim/resolute"), "left"),
]


def _claim_settled(house: House, heard: Heard, calls: int) -> None:
    assert heard.code == 0
    assert heard.unready == {503}
    assert heard.late == {(503, "shutting_down", "1")}
    assert house.rows("SELECT count(*) FROM holds") == [(0,)]
    assert house.rows("SELECT coalesce(sum(held), 0) FROM counters") == [(0,)]
    settled = house.rows("SELECT count(*), count(DISTINCT hold_id) FROM entries WHERE kind IN ('settle', 'release')")
    assert settled == [(calls, calls)]
    assert wrong_in_books(house.database) == []
    assert "Traceback" not in house.gateway.errors


def test_live_calls_finish_within_the_grace_and_the_rest_are_told(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare, shutdown_grace_s="3")
    house.start()
    heard = stopped(house, sim, house.key("user", "ursula", "plus"), LIVE)
    told = {"whole": "whole", "told": "shutting_down", "left": "left"}
    assert heard.ends == [(kind.name, told[kind.ends]) for kind in LIVE]
    _claim_settled(house, heard, len(LIVE))


def test_a_second_signal_ends_at_once_what_would_have_gone_on(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    house = own_house(sim, spare, shutdown_grace_s="600")
    house.start()
    kinds = [kind for kind in LIVE if kind.ends == "told"]
    heard = stopped(house, sim, house.key("user", "ursula", "plus"), kinds, hurried=True)
    assert {end for _, end in heard.ends} == {"shutting_down"}
    _claim_settled(house, heard, len(kinds))


def test_whoever_follows_the_overview_keeps_no_gateway_from_stopping(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare, shutdown_grace_s="600")
    house.start()
    events = {"accept": "text/event-stream"}
    with house.http(house.key("admin", None, None)) as http, http.stream("GET", "/api/admin/overview", headers=events) as told:
        lines = told.iter_lines()
        assert next(lines) == "event: pace"
        house.gateway.popen.terminate()
        # It ends as an answer does, not as a connection that is cut.
        assert any(lines)
    assert house.gateway.wait() == 0
    assert "Traceback" not in house.gateway.errors
