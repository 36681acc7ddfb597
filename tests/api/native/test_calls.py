"""Claims about `GET /api/calls`: own calls alone, in plain words, with nothing of a provider or of raw cost."""

from dataclasses import replace
from typing import get_args

import pytest

from proxy.domain.call import Call
from proxy.domain.desk import LOOKED_AT_MAX
from proxy.domain.errors import Fault, FaultKind
from proxy.domain.sentences import OF_FAULTS
from proxy.stages.explain import said_of
from tests.api.house import House, Script, code_of

PRIVATE = ("nano", "raw", "multiplier", "ppm", "prov-request", "provider_", "secret_hash", "SECRET PROMPT", "0.123456789")


async def test_a_call_is_found_by_the_id_in_its_headers(house: House) -> None:
    key = await house.user_key()
    answer = await house.chat(key, "auto", signalbox={"metadata": {"feature": "search"}})
    call = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()
    assert call["id"] == answer.json()["id"]
    assert (call["status"], call["http_status"], call["model"], call["assistant"]) == ("served", 200, "p/cheap", "general")
    assert call["credits"] == answer.headers["x-signalbox-credits"]
    assert call["tokens"] == {
        "input": 10,
        "cached_input": 0,
        "cache_write": 0,
        "output": 5,
        "reasoning": 0,
        "source": "provider",
    }
    assert call["decision"]["why"]
    assert call["metadata"] == {"feature": "search"}
    assert [step["stage"] for step in call["timeline"]][:3] == ["intake", "precheck", "decision"]
    assert [(a["model"], a["outcome"], a["charged"]) for a in call["attempts"]] == [("p/cheap", "It answered.", True)]


async def test_header_body_and_record_give_the_same_reason_in_the_same_words(house: House) -> None:
    key = await house.user_key()
    answer = await house.chat(key, "auto", signalbox={"explain": True})
    code = answer.headers["x-signalbox-reason"]
    call = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()
    assert (call["reason"], call["why"]) == (code, said_of(code))
    assert call["decision"]["why"] == answer.json()["signalbox"]["explain"]["why"]


async def test_a_refusal_too_is_told_in_plain_words(house: House) -> None:
    key = await house.user_key()
    refused = await house.chat(key, "p/strong")
    call = (await house.get(f"/api/calls/{refused.headers['x-signalbox-call']}", key)).json()
    assert (call["reason"], call["why"]) == ("model_not_in_plan", "The plan does not include what was asked for.")


async def test_a_failed_attempt_is_told_in_plain_words(house: House) -> None:
    key = await house.user_key("u1", "pro")
    house.upstream.scripts = [Script(fault=Fault("first_byte_timeout"))]
    answer = await house.chat(key, "gpt")
    first, second = (await house.get(f"/api/calls/{answer.headers['x-signalbox-call']}", key)).json()["attempts"]
    assert (first["outcome"], first["charged"]) == (OF_FAULTS["first_byte_timeout"], False)
    assert (second["outcome"], second["model"]) == ("It answered.", "p/cheap")


@pytest.mark.parametrize("fault", [None, "reset"])
async def test_what_its_caller_left_is_neither_called_an_answer_nor_broken(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: FaultKind | None
) -> None:
    key = await house.user_key()
    found = await house.parts.register.call((await house.chat(key)).json()["id"])
    assert found is not None
    left = replace(found, status="left", attempts=(replace(found.attempts[0], fault=fault),))

    async def recorded(_: str) -> Call:
        return left

    monkeypatch.setattr(house.parts.register, "call", recorded)
    (attempt,) = (await house.get(f"/api/calls/{left.id}", key)).json()["attempts"]
    assert attempt["outcome"] == "It had not finished when its caller left."


def test_every_fault_has_its_words() -> None:
    assert set(OF_FAULTS) == set(get_args(FaultKind))


async def test_another_users_call_is_not_there(house: House) -> None:
    call_id = (await house.chat(await house.user_key())).json()["id"]
    stranger = await house.user_key("u2")
    missing = await house.get("/api/calls/call_nobody", stranger)
    answer = await house.get(f"/api/calls/{call_id}", stranger)
    assert code_of(answer) == code_of(missing) == (404, "not_found")
    assert answer.json() == missing.json()
    assert (await house.get("/api/calls", stranger)).json()["data"] == []


async def test_pages_follow_each_other_newest_first_without_gap_or_repeat(house: House) -> None:
    key = await house.user_key()
    made = [(await house.chat(key)).json()["id"] for _ in range(5)]
    seen: list[str] = []
    before = ""
    for _ in range(5):
        page = (await house.get(f"/api/calls?limit=2{before}", key)).json()
        seen += [call["id"] for call in page["data"]]
        if page["next_before"] is None:
            break
        before = f"&before={page['next_before']}"
    assert seen == sorted(made, reverse=True)


async def test_a_page_that_holds_all_is_the_last(house: House) -> None:
    key = await house.user_key()
    await house.chat(key)
    await house.chat(key)
    assert (await house.get("/api/calls?limit=2", key)).json()["next_before"] is None


async def test_status_and_model_choose(house: House) -> None:
    key = await house.user_key()
    await house.chat(key)
    await house.chat(key, "no/such")
    refused = (await house.get("/api/calls?status=refused", key)).json()["data"]
    assert [(c["code"], c["credits"]) for c in refused] == [("model_not_found", "0")]
    answered = (await house.get("/api/calls?model=p/cheap", key)).json()["data"]
    assert [c["model"] for c in answered] == ["p/cheap"]


async def test_kinds_and_moments_choose(house: House) -> None:
    key = await house.user_key()
    await house.post("/api/ai/precheck", key, {"messages": [{"role": "user", "content": "Hi."}]})
    call_id = (await house.chat(key)).json()["id"]
    found = (await house.get("/api/calls", key)).json()["data"]
    assert {call["kind"] for call in found} == {"precheck", "chat"}
    for query in ("kind=model", "kind=chat", "kind=model&from=2001-01-01"):
        page = (await house.get(f"/api/calls?{query}", key)).json()
        assert ([call["id"] for call in page["data"]], page["next_before"], page["looked_at"]) == ([call_id], None, None), query
    for query in ("kind=image", "until=2001-01-01", "from=2999-01-01&kind=chat"):
        assert (await house.get(f"/api/calls?{query}", key)).json()["data"] == [], query


async def test_a_page_that_looked_at_all_it_may_says_so_and_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await house.user_key()
    first = (await house.chat(key)).json()["id"]
    for _ in range(3):
        await house.chat(key, "no/such")
    calls = house.parts.register.calls
    monkeypatch.setattr(house.parts.register, "calls", lambda wanted: calls(replace(wanted, rows_max=2)))
    page = (await house.get("/api/calls?status=served", key)).json()
    assert (page["data"], page["looked_at"]) == ([], LOOKED_AT_MAX)
    page = (await house.get(f"/api/calls?status=served&before={page['next_before']}", key)).json()
    assert [call["id"] for call in page["data"]] == [first]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=many", "status=odd", "kind=odd", "from=soon", "before=%00"])
async def test_a_wrong_query_is_named(house: House, query: str) -> None:
    answer = await house.get(f"/api/calls?{query}", await house.user_key())
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == query.partition("=")[0]


async def test_nothing_private_is_in_any_answer(house: House) -> None:
    key = await house.user_key("u1", "pro")
    house.upstream.scripts = [Script([b"{}"], status=500)]
    call_id = (await house.chat(key, "gpt", signalbox={"explain": True})).json()["id"]
    for path in ("/api/calls", f"/api/calls/{call_id}", "/api/usage", "/api/me"):
        text = (await house.get(path, key)).text
        assert [word for word in PRIVATE if word in text] == [], path
