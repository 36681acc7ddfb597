"""Processes that die at the worst moment: what the caller sees, and whether the books are right afterwards."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
import pytest

from tests.e2e.conftest import HouseMaker, Keys
from tests.e2e.harness import House, Simulator, Yard, chat, eventually, wrong_in_books
from tests.e2e.wire import Wire, post

CHAT: Final = "/v1/chat/completions"
LEASE_MS: Final = 5_000
GRACE_MS: Final = LEASE_MS // 4
_CALL: Final = "SELECT status, code, credits_milli FROM model_calls WHERE id = ?"


@contextmanager
def _streaming(house: House, key: str, model: str, words: int = 1) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """A live stream of which `words` words have been read: its call, and the events that follow (`[DONE]` left out)."""
    with house.http(key) as http, http.stream("POST", CHAT, json=chat(model, stream=True)) as answer:
        assert answer.status_code == 200
        data = (line.removeprefix("data: ") for line in answer.iter_lines() if line.startswith("data: "))
        events = (json.loads(line) for line in data if line != "[DONE]")
        for _ in range(1 + words):
            next(events)
        yield answer.headers["x-signalbox-call"], events


def _leave_unheard(house: House, key: str, sim: Simulator, body: dict[str, Any]) -> None:
    """Makes a call and leaves it when the provider was asked, before a byte was heard."""
    before = len(sim.calls())
    with Wire(house.url) as wire:
        wire.send(post(key, body))
        eventually(lambda: len(sim.calls()) > before, "the call at the provider")


def _ended(house: House, call_id: str) -> tuple[str, str | None, int]:
    """Status, code and charge of a call, once it is in the register."""
    rows = eventually(lambda: house.rows(_CALL, call_id), f"the end of {call_id}")
    status, code, credits_milli = rows[0]
    return status, code, credits_milli


def _held(house: House) -> int:
    held: int = house.rows("SELECT coalesce(sum(held), 0) FROM counters")[0][0]
    return held


def _is_closed_to_new_calls(house: House) -> bool:
    with house.http() as http:
        try:
            return http.get("/readyz").status_code == 503
        except httpx2.TransportError:
            return True


# --- the provider dies ------------------------------------------------------------------------------------------------


def test_a_provider_killed_in_the_middle_of_a_stream_is_an_error_event_and_settled(
    yard: Yard, own_house: HouseMaker, spare: Simulator
) -> None:
    victim = yard.simulator("victim")
    house = own_house(victim, spare)
    house.start()
    with _streaming(house, house.key("user", "ursula", "plus"), "sim/long") as (call_id, events):
        victim.die()
        last = list(events)[-1]
    assert last["error"]["code"] == "upstream_error"
    status, code, credits_milli = _ended(house, call_id)
    assert (status, code) == ("cut", "upstream_error")
    assert credits_milli > 0
    assert _held(house) == 0
    assert wrong_in_books(house.database) == []


def test_a_provider_killed_before_its_first_byte_is_replaced_unnoticed(
    yard: Yard, own_house: HouseMaker, spare: Simulator
) -> None:
    victim = yard.simulator("victim")
    house = own_house(victim, spare)
    house.start()
    key = house.key("user", "ursula", "plus")
    answers: list[httpx2.Response] = []

    def call(stream: bool) -> None:
        with house.http(key) as http:
            answers.append(http.post(CHAT, json=chat("sleeps-over", stream=stream)))

    callers = [threading.Thread(target=call, args=(stream,)) for stream in (False, True)]
    for caller in callers:
        caller.start()
    eventually(lambda: len(victim.calls()) == 2, "both calls at the provider")
    victim.die()
    for caller in callers:
        caller.join()
    assert [(answer.status_code, answer.headers["x-signalbox-model"]) for answer in answers] == [(200, "spare/words")] * 2
    assert all(int(answer.headers["x-signalbox-attempts"]) >= 2 for answer in answers)
    for answer in answers:
        call_id = answer.headers["x-signalbox-call"]
        assert _ended(house, call_id)[0] == "served"
        entries = [kind for (kind,) in house.rows("SELECT kind FROM entries WHERE hold_id = ?", call_id)]
        assert (entries.count("hold"), entries.count("settle")) == (1, 1)
    assert wrong_in_books(house.database) == []


def test_a_provider_that_is_gone_is_tried_again_once_and_then_left(yard: Yard, own_house: HouseMaker, spare: Simulator) -> None:
    victim = yard.simulator("victim")
    house = own_house(victim, spare)
    house.start()
    victim.die()
    with house.http(house.key("user", "ursula", "plus")) as http:
        answer = http.post(CHAT, json=chat("gpt-4o-mini"))
        call = http.get(f"/api/calls/{answer.headers['x-signalbox-call']}").json()
    assert (answer.status_code, answer.headers["x-signalbox-model"]) == (200, "spare/small")
    tried = [(attempt["model"], attempt["charged"]) for attempt in call["attempts"]]
    assert tried == [("sim/small", False), ("sim/small", False), ("spare/small", True)]


# --- the caller leaves ------------------------------------------------------------------------------------------------


def test_a_caller_who_leaves_a_stream_is_followed_upstream_and_pays_for_what_came(
    house: House, keys: Keys, sim: Simulator
) -> None:
    sim.forget()
    with _streaming(house, keys.user, "sim/long") as (call_id, _):
        pass
    eventually(lambda: sim.calls()[-1]["closed_early"], "the close at the provider")
    status, _, credits_milli = _ended(house, call_id)
    assert status == "left"
    assert credits_milli > 0


def test_upstream_is_closed_before_it_has_said_much_more(house: House, keys: Keys, sim: Simulator) -> None:
    sim.forget()
    with _streaming(house, keys.user, "sim/steady", words=40) as (_, events):
        list(events)
    with _streaming(house, keys.user, "sim/long", words=4):
        pass
    eventually(lambda: sim.calls()[-1]["closed_early"], "the close at the provider")
    heard, left = (call["output_bytes"] for call in sim.calls())
    # The one says forty words, the other would have said three hundred.
    assert left < 3 * heard


@pytest.mark.parametrize(("model", "stream"), [("sim/resolute", True), ("sim/resolute", False), ("sim/steady", False)])
def test_where_closing_would_not_end_the_bill_it_is_waited_for(
    house: House, keys: Keys, sim: Simulator, model: str, stream: bool
) -> None:
    sim.forget()
    if stream:
        with _streaming(house, keys.user, model):
            pass
    else:
        _leave_unheard(house, keys.user, sim, chat(model))
    ended = "SELECT id FROM model_calls WHERE status = 'left' AND model_id = ? AND stream = ? AND usage_source = 'provider'"
    (call_id,) = eventually(lambda: house.rows(ended, model, stream), "the end of the drained call")[0]
    assert [call["closed_early"] for call in sim.calls()] == [False]
    assert house.rows("SELECT output_tokens FROM model_calls WHERE id = ?", call_id) == [(40,)]
    assert house.rows("SELECT sum(held) FROM counters WHERE scope = 'user:ursula'") == [(0,)]


def test_a_caller_who_leaves_before_the_first_byte_is_followed_upstream(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare, drain_wait_ms="0")
    house.start()
    key = house.key("user", "ursula", "plus")
    sim.forget()
    for stream in (False, True):
        _leave_unheard(house, key, sim, chat("sim/sleepy", stream=stream))
    eventually(lambda: [call["closed_early"] for call in sim.calls()] == [True, True], "both closes at the provider")


def test_a_caller_who_had_sent_two_calls_at_once_is_followed_too(house: House, keys: Keys, sim: Simulator) -> None:
    sim.forget()
    with Wire(house.url) as wire:
        wire.send(post(keys.user, chat("sim/long", stream=True)) + post(keys.user, chat("sim/small")))
        wire.until(b"w2")
    eventually(lambda: sim.calls()[0]["closed_early"], "the close at the provider")


# --- the gateway dies -------------------------------------------------------------------------------------------------


def test_a_gateway_killed_in_the_middle_leaves_books_that_its_successor_puts_right(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare, lease_ms=str(LEASE_MS))
    house.start()
    key = house.key("user", "ursula", "plus")
    with house.http(key) as http:
        served = http.post(CHAT, json=chat("sim/small")).headers["x-signalbox-call"]
    with _streaming(house, key, "sim/stalls", words=200) as (call_id, _):
        eventually(lambda: house.rows("SELECT 1 FROM holds WHERE id = ? AND metered_milli > 0", call_id), "metering")
        house.gateway.kill()
    (metered_milli, at_up_ms) = house.rows("SELECT metered_milli, at_up_ms FROM holds WHERE id = ?", call_id)[0]

    house.start()
    assert _held(house) > 0
    with house.http(key) as http:
        assert http.get(f"/api/calls/{served}").json()["status"] == "served"
        assert http.post(CHAT, json=chat("sim/small")).status_code == 200
    lived_ms = "SELECT 1 FROM processes WHERE up_ms > ?"
    eventually(lambda: house.rows(lived_ms, at_up_ms + 2 * (LEASE_MS + GRACE_MS)), "the end of the lease and its grace")
    house.gateway.send(signal.SIGTERM)
    house.gateway.wait()

    house.start()
    assert _ended(house, call_id) == ("crashed", "internal_error", metered_milli)
    assert _held(house) == 0
    assert [kind for (kind,) in house.rows("SELECT kind FROM entries WHERE hold_id = ?", call_id)].count("settle") == 1
    assert wrong_in_books(house.database) == []
    with house.http(key) as http:
        assert http.get(f"/api/calls/{call_id}").json()["status"] == "crashed"


def test_sigterm_lets_a_live_stream_finish_and_takes_no_new_call(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare)
    house.start()
    with _streaming(house, house.key("user", "ursula", "plus"), "sim/steady") as (call_id, events):
        house.gateway.send(signal.SIGTERM)
        eventually(lambda: _is_closed_to_new_calls(house), "the door's closing")
        assert list(events)[-1]["choices"][0]["finish_reason"] == "stop"
    assert house.gateway.wait() == 0
    assert _ended(house, call_id)[0] == "served"
    assert wrong_in_books(house.database) == []


def test_ctrl_c_ends_the_gateway_though_a_stream_would_go_on(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    house = own_house(sim, spare)
    house.start()
    with _streaming(house, house.key("user", "ursula", "plus"), "sim/long") as (call_id, events):
        house.interrupt()
        assert list(events)[-1]["error"]["code"] == "shutting_down"
    assert house.gateway.wait() in (0, 130)
    status, code, credits_milli = _ended(house, call_id)
    assert status == "cut"
    assert code is not None
    assert credits_milli > 0
    assert "Traceback" not in house.gateway.errors
    assert wrong_in_books(house.database) == []


def test_ctrl_c_ends_an_idle_gateway_that_still_has_connections(
    own_house: HouseMaker, sim: Simulator, spare: Simulator
) -> None:
    house = own_house(sim, spare)
    house.start()
    with house.http() as http:
        http.get("/livez")
        house.interrupt()
        assert house.gateway.wait() in (0, 130)
    assert "Traceback" not in house.gateway.errors
