"""Claims about all dialects over real HTTP: the same words in each, keys, versions, lists of models, counts."""

from typing import Any

import httpx2
import orjson
import pytest

from proxy.simulator.dialects.dialect import DIALECT_NAMES, DialectName
from proxy.simulator.server import MODELS, Options, running
from tests.simulator.speak import Got, call_bytes, got


def words(it: Got, dialect: DialectName, stream: bool) -> str:
    """What was said, whichever dialect said it."""
    values: list[Any] = it.events if stream else [it.json]
    match dialect:
        case "anthropic":
            blocks = [value.get("delta", {}) for value in values] if stream else values[0]["content"]
            return "".join(block.get("text", "") for block in blocks)
        case "gemini":
            parts = [part for value in values for part in value["candidates"][0]["content"]["parts"]]
            return "".join(part.get("text", "") for part in parts if not part.get("thought"))
    said = [one.get("message", one.get("delta")) for value in values for one in value["choices"]]
    return "".join(part.get("content") or "" for part in said)


@pytest.mark.parametrize("model", ["sim--tale=40", "sim-small", "sim-coder", "sim-reason", "sim--echo"])
@pytest.mark.parametrize("text", ["Tell me of trains", "Write Python to reverse a string", "Straße, 鉄道, 🚂 — what are they?"])
async def test_the_same_prompt_gets_the_same_words_in_every_dialect(url: str, model: str, text: str) -> None:
    said = {
        (dialect, stream): words(await got(url, call_bytes(dialect, stream, model=model, text=text)), dialect, stream)
        for dialect in DIALECT_NAMES
        for stream in (False, True)
    }
    assert len(set(said.values())) == 1, said
    assert len(said["openai", False]) > 5


@pytest.mark.parametrize("stream", [False, True])
async def test_the_same_tool_is_called_in_every_dialect(url: str, stream: bool) -> None:
    for dialect in DIALECT_NAMES:
        it = await got(url, call_bytes(dialect, stream, model="sim-small", tools=True))
        assert b"get_weather" in it.body, dialect
        assert b"Paris" in it.body, dialect


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
async def test_each_dialect_shows_its_key_in_its_own_way(dialect: DialectName) -> None:
    shown = {"anthropic": b"x-api-key: right", "gemini": b"x-goog-api-key: right"}.get(dialect, b"authorization: Bearer right")
    async with running(Options(pace_tokens_per_s=0, key="right")) as url:
        welcome = call_bytes(dialect, stream=False).replace(b"\r\n", b"\r\n" + shown + b"\r\n", 1)
        assert (await got(url, welcome)).status == 200
        refused = await got(url, call_bytes(dialect, stream=False))
        assert refused.status in (400, 401)
        assert "error" in refused.json


async def test_anthropic_asks_for_a_version() -> None:
    async with running(Options(pace_tokens_per_s=0)) as url, httpx2.AsyncClient(base_url=url) as http:
        body = {"model": "sim", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        answer = await http.post("/v1/messages", json=body)
        assert (answer.status_code, answer.json()["type"]) == (400, "error")


async def test_each_provider_lists_its_models_in_its_own_shape(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url) as http:
        openai = (await http.get("/v1/models")).json()["data"]
        openrouter = (await http.get("/api/v1/models")).json()["data"]
        page = (await http.get("/v1/models?limit=2", headers={"anthropic-version": "2023-06-01"})).json()
        gemini = (await http.get("/v1beta/models?pageSize=2")).json()
    assert [row["id"] for row in openai] == list(MODELS)
    assert [row["id"] for row in openrouter] == [f"simco/{name}" for name in MODELS]
    assert ([row["id"] for row in page["data"]], page["has_more"]) == (list(MODELS[:2]), True)
    assert [row["name"] for row in gemini["models"]] == [f"models/{name}" for name in MODELS[:2]]


async def test_unknown_paths_are_refused_in_the_dialect_they_are_near(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url) as http:
        assert (await http.post("/v1beta/nowhere")).json()["error"]["status"]
        assert (await http.post("/api/v1/nowhere")).json()["error"]["code"] == 404
        assert (await http.get("/v1beta/models/sim:generateContent")).status_code == 405


async def test_a_fault_may_come_by_header_by_prompt_or_by_name(url: str) -> None:
    header = await got(url, call_bytes("openai", stream=False, x_simulator_fault="unavailable"))
    prompt = await got(url, call_bytes("openai", stream=False, text="hello\nsimulator-fault: unavailable only=sim--tale"))
    name = await got(url, call_bytes("openai", stream=False, model="fault:unavailable"))
    spared = await got(url, call_bytes("openai", stream=False, text="hello\nsimulator-fault: unavailable only=other"))
    assert [it.status for it in (header, prompt, name, spared)] == [503, 503, 503, 200]
    typo = await got(url, call_bytes("openai", stream=False, x_simulator_fault="unavailabel"))
    assert (typo.status, typo.json["error"]["code"]) == (400, "unknown_marker")


async def test_counts_by_model_can_be_read(url: str) -> None:
    for _ in range(3):
        await got(url, call_bytes("openai", stream=True, model="fault:cut:at=4:times=2--words=9"))
    async with httpx2.AsyncClient(base_url=url) as http:
        counts = (await http.get("/sim/counts")).json()["fault:cut:at=4:times=2--words=9"]
        listed = (await http.get("/sim/calls")).json()
    assert (counts["calls"], counts["faulty"], counts["closed_early"]) == (3, 2, 0)
    assert counts["generated_tokens"] == 4 + 4 + 9
    assert counts["billed_output_tokens"] == 27
    assert [call["fault"] for call in listed] == ["cut", "cut", None]
    assert all(call["began_ms"] > 1_600_000_000_000 for call in listed)


async def test_a_name_too_long_to_be_counted_is_refused(url: str) -> None:
    it = await got(url, call_bytes("openai", stream=False, model="x" * 1_001))
    assert (it.status, it.json["error"]["param"]) == (400, "model")


async def test_when_a_caller_left_is_known(url: str) -> None:
    it = await got(url, call_bytes("openai", stream=True, model="fault:stall:at=4--words=9"))
    assert it.end == "silent"
    async with httpx2.AsyncClient(base_url=url) as http:
        for _ in range(200):
            (call,) = orjson.loads((await http.get("/sim/calls")).content)
            if call["ended"]:
                break
    assert call["closed_early"]
    assert call["left_after_ms"] > 0
    assert call["generated_tokens"] == 4
