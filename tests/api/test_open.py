"""Claims about the endpoints that need no key, and about who may see raw cost in the metrics."""

from dataclasses import replace
from pathlib import Path

from proxy.api.gateway import build_gateway
from proxy.api.offices import build_offices
from tests.api.house import METRICS_TOKEN, House, bearing, code_of, open_house
from tests.api.wire import client_of


async def test_liveness_needs_no_key_and_no_store(house: House) -> None:
    answer = await house.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_readiness_follows_the_gateway(house: House) -> None:
    assert (await house.get("/readyz")).json() == {"status": "ready"}
    async with client_of(build_gateway(replace(house.parts, is_ready=lambda: False), build_offices)) as client:
        assert code_of(await client.get("/readyz")) == (503, "shutting_down")
        assert (await client.get("/livez")).status_code == 200


async def test_metrics_are_open_but_for_raw_cost(house: House) -> None:
    await house.chat(await house.user_key())
    answer = await house.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "signalbox_" in answer.text
    assert "cost" not in answer.text


async def test_raw_cost_is_for_the_token_and_for_admins(house: House) -> None:
    await house.chat(await house.user_key())
    for key in (METRICS_TOKEN, await house.key("admin")):
        assert "cost" in (await house.get("/metrics", key)).text


async def test_a_wrong_proof_is_refused_instead_of_answered_with_less(house: House) -> None:
    assert code_of(await house.get("/metrics", "wrong")) == (401, "invalid_api_key")
    for key in (await house.user_key(), await house.key("support")):
        assert code_of(await house.get("/metrics", key)) == (403, "forbidden")


async def test_without_a_token_no_token_opens_it(tmp_path: Path) -> None:
    async with open_house(tmp_path, metrics_token=None) as house:
        for proof in ("None", ""):
            assert code_of(await house.client.get("/metrics", headers={"authorization": f"Bearer {proof}"})) == (
                401,
                "invalid_api_key",
            )


async def test_head_answers_like_get_without_its_body(house: House) -> None:
    for path, key in (("/livez", None), ("/openapi.json", None), ("/v1/models", await house.user_key())):
        answer = await house.client.head(path, headers=bearing(key))
        assert answer.status_code == 200
