"""Providers that die, refuse our account or fall silent, as callers, admins and the operator's monitoring see it."""

from collections.abc import Iterator
from typing import Any, Final

import httpx2
import pytest

from tests.e2e.conftest import HouseMaker
from tests.e2e.harness import PROVIDER_KEY, House, Simulator, Yard, chat, eventually, wrong_in_books

CHAT: Final = "/v1/chat/completions"
PROBED_SQL: Final = (
    "SELECT DISTINCT user_id, app_id, credits_milli, absorbed_milli, raw_nano_usd > 0, decision"
    " FROM model_calls WHERE kind = 'probe' AND status = 'served'"
)


@pytest.fixture
def victim(yard: Yard) -> Simulator:
    return yard.simulator("victim", PROVIDER_KEY)


@pytest.fixture
def house(own_house: HouseMaker, victim: Simulator, spare: Simulator) -> Iterator[House]:
    made = own_house(victim, spare, refused_calls_per_minute="100000")
    made.start()
    yield made
    made.gateway.kill()


@pytest.fixture
def user(house: House) -> Iterator[httpx2.Client]:
    with house.http(house.key("user", "ursula", "plus")) as http:
        yield http


@pytest.fixture
def admin(house: House) -> Iterator[httpx2.Client]:
    with house.http(house.key("admin")) as http:
        yield http


def _health(admin: httpx2.Client, kind: str, id: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = admin.get("/api/admin/health").json()[kind]
    return next(row for row in rows if row["id"] == id)


def _metric(admin: httpx2.Client, line: str) -> bool:
    return line in admin.get("/metrics").text


def _tried(user: httpx2.Client, answer: httpx2.Response) -> list[str]:
    call = user.get(f"/api/calls/{answer.headers['x-signalbox-call']}").json()
    return [attempt["model"] for attempt in call["attempts"]]


def test_a_dead_provider_costs_the_first_calls_a_try_and_the_next_ones_nothing(
    house: House, user: httpx2.Client, admin: httpx2.Client, victim: Simulator
) -> None:
    victim.die()
    answers = [user.post(CHAT, json=chat("gpt-4o-mini")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [_tried(user, answer).count("sim/small") for answer in answers] == [2, 1, 0, 0]
    assert all(_tried(user, answer)[-1] == "spare/small" for answer in answers)
    lost = _health(admin, "providers", "sim")
    assert (lost["down"], lost["breaker"]["phase"], lost["breaker"]["why"]) == (True, "open", "connect")
    assert lost["breaker"]["since_ms"] < lost["breaker"]["retry_at_ms"]
    # Another model of the same address, which nobody has called yet, is not called either.
    refused = user.post(CHAT, json=chat("sim/words"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "no_model_available")
    assert 1 <= int(refused.headers["retry-after"]) <= 7
    assert _metric(admin, 'signalbox_provider_breaker{provider="sim"} 2.0')
    eventually(lambda: _metric(admin, 'signalbox_incidents_total{code="connect",name="provider_down"} 1.0'), "the alert")


def test_a_provider_that_comes_back_is_used_again(
    yard: Yard, user: httpx2.Client, admin: httpx2.Client, victim: Simulator
) -> None:
    victim.die()
    assert [user.post(CHAT, json=chat("sim/small")).status_code for _ in range(3)] == [502, 502, 503]
    yard.simulator("victim", PROVIDER_KEY, port=victim.port)
    eventually(lambda: user.post(CHAT, json=chat("sim/small")).status_code == 200, "an answer of the provider that is back")
    back = _health(admin, "providers", "sim")
    assert (back["down"], back["breaker"]["phase"], back["breaker"]["why"]) == (False, "closed", None)


def test_when_all_candidates_are_dead_errors_are_soon_followed_by_refusals_that_call_nobody(
    yard: Yard, own_house: HouseMaker
) -> None:
    simulators = [yard.simulator("first"), yard.simulator("second")]
    house = own_house(*simulators)
    house.start()
    for simulator in simulators:
        simulator.die()
    with house.http(house.key("user", "ursula", "plus")) as user:
        answers = [user.post(CHAT, json=chat("gpt-4o-mini", stream=True)) for _ in range(4)]
        failed, refused = answers[:2], answers[2:]
        assert [(answer.status_code, answer.json()["error"]["code"]) for answer in failed] == [(502, "upstream_error")] * 2
        assert [len(_tried(user, answer)) for answer in failed] == [4, 2]
        for answer in refused:
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_model_available")
            assert int(answer.headers["retry-after"]) >= 1
            assert _tried(user, answer) == []
    house.gateway.kill()
    assert wrong_in_books(house.database) == []


def test_a_model_that_fails_is_left_alone_and_its_provider_is_not(
    user: httpx2.Client, admin: httpx2.Client, victim: Simulator
) -> None:
    for _ in range(4):
        assert user.post(CHAT, json=chat("sim/broken")).status_code in (502, 503)
    asked = len(victim.calls())
    assert user.post(CHAT, json=chat("sim/broken")).status_code == 503
    assert len(victim.calls()) == asked
    broken = _health(admin, "models", "sim/broken")
    assert (broken["open"], broken["breaker"]["phase"], broken["breaker"]["why"]) == (True, "open", "server_error")
    assert (broken["success_share"], broken["attempts"] > 4) == (0.0, True)
    assert not _health(admin, "providers", "sim")["down"]
    assert user.post(CHAT, json=chat("sim/small")).status_code == 200
    eventually(
        lambda: _metric(admin, 'signalbox_incidents_total{code="server_error",name="breaker_opened"} 1.0'), "the incident"
    )
    assert _metric(admin, 'signalbox_model_breaker{model="sim/broken"} 2.0')


def test_an_account_that_cannot_pay_takes_its_provider_out_tells_the_operator_and_goes_on(
    user: httpx2.Client, admin: httpx2.Client
) -> None:
    chain = {"models": ["unpaid/small", "spare/small"]}
    answers = [user.post(CHAT, json=chat("auto") | chain) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [_tried(user, answer) for answer in answers] == [["unpaid/small", "spare/small"], ["spare/small"]]
    alone = user.post(CHAT, json=chat("unpaid/small"))
    assert (alone.status_code, alone.json()["error"]["code"]) == (503, "no_model_available")
    assert _health(admin, "providers", "unpaid")["breaker"]["why"] == "our_credit"
    eventually(lambda: _metric(admin, 'signalbox_incidents_total{code="our_credit",name="provider_down"} 1.0'), "the alert")


def test_the_record_of_a_call_holds_the_health_it_was_decided_by_and_decides_again(
    house: House, user: httpx2.Client, victim: Simulator
) -> None:
    victim.die()
    for _ in range(3):
        answer = user.post(CHAT, json=chat("gpt-4o-mini"))
    explained = house.command("explain", answer.headers["x-signalbox-call"])
    assert explained.returncode == 0, explained.stderr
    recorded = house.recorded(answer.headers["x-signalbox-call"])
    assert recorded.health is not None
    assert "sim" in recorded.health.down_until_ms
    assert recorded.decision is not None
    assert "provider_down" in {dropped.reason.code for dropped in recorded.decision.dropped}


def test_a_stream_tells_how_fast_a_model_answers(user: httpx2.Client, admin: httpx2.Client) -> None:
    user.post(CHAT, json=chat("sim/words", stream=True))
    words = eventually(lambda: (seen := _health(admin, "models", "sim/words"))["tokens_per_s"] and seen, "figures")
    assert words["ttft_ms"] >= 1
    assert (words["success_share"], words["heard_at_ms"] > 0) == (1.0, True)


def test_probes_are_off_by_default_and_where_they_are_on_they_are_charged_to_nobody(
    own_house: HouseMaker, sim: Simulator, spare: Simulator, house: House
) -> None:
    probing = own_house(sim, spare, probe_after_s="1")
    probing.start()
    assert eventually(lambda: probing.rows(PROBED_SQL), "a probe") == [("(probe)", None, 0, 0, 1, None)]
    # Capped/small comes first by its name: under a ceiling that is reached it is refused before it is called.
    refused = probing.rows("SELECT DISTINCT code FROM model_calls WHERE kind = 'probe' AND status = 'refused'")
    assert refused == [("no_model_available",)]
    probing.gateway.kill()
    tried = {model for (model,) in probing.rows("SELECT DISTINCT model_id FROM attempts")}
    assert not tried & {"capped/small", "keyless/small", "sim/inactive", "sim/unpriced"}
    assert wrong_in_books(probing.database) == []
    assert house.rows("SELECT count(*) FROM model_calls") == [(0,)]
