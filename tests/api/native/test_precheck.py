"""Claims about `POST /api/ai/precheck`: it says what a call would come to, and no more than that happens."""

from typing import Any

from proxy.domain.pattern import Pattern
from proxy.domain.plan import Allowance, Rate
from proxy.domain.verdict import Rule
from tests import builders as b
from tests.api.house import House, code_of

BLOCKING = b.rule_book(
    rules=(Rule("bad-word", "hazard", "cyber", Pattern("ransomware")),),
    risks={"cyber": "disallowed"},
    families={"qa": "general"},
    assistants={"general": "general"},
)


async def test_a_prompt_is_judged_decided_and_priced(house: House) -> None:
    key = await house.user_key()
    answer = await house.post("/api/ai/precheck", key, {"prompt": "How do trains brake?"})
    told = answer.json()
    assert answer.status_code == 200
    assert (told["model"], told["assistant"], told["action"], told["refusal"]) == ("p/cheap", "general", "allow", None)
    assert told["verdict"]["risk"] == "safe"
    assert told["why"]
    assert float(told["credits_worst"]) > 0
    assert answer.headers["x-signalbox-call"] == told["call"]


async def test_it_calls_no_model_costs_nothing_and_leaves_a_record(house: House) -> None:
    key = await house.user_key()
    told = (await house.post("/api/ai/precheck", key, {"prompt": "Hi."})).json()
    call = (await house.get(f"/api/calls/{told['call']}", key)).json()
    assert house.upstream.requests == []
    assert (call["kind"], call["credits"]) == ("precheck", "0")


async def test_the_worst_price_is_what_the_answer_never_exceeds(house: House) -> None:
    key = await house.user_key()
    body = {"model": "p/cheap", "messages": [{"role": "user", "content": "Hi."}], "max_tokens": 50}
    worst = float((await house.post("/api/ai/precheck", key, body)).json()["credits_worst"])
    paid = float((await house.post("/v1/chat/completions", key, body)).headers["x-signalbox-credits"])
    assert 0 < paid <= worst


async def test_the_refusal_of_the_call_is_data_here(house: House) -> None:
    key = await house.user_key()
    for model, code in (("p/strong", "model_not_in_plan"), ("no/such", "model_not_found")):
        answer = await house.post("/api/ai/precheck", key, {"model": model, "prompt": "Hi."})
        told = answer.json()
        assert (answer.status_code, told["model"], told["credits_worst"]) == (200, None, None)
        assert told["refusal"]["code"] == code
        refused = await house.chat(key, model)
        assert (told["refusal"]["status"], told["refusal"]["code"]) == code_of(refused)


async def test_a_blocked_prompt_says_where_its_rule_spoke_and_not_what(house: House) -> None:
    house.shown.catalog = b.catalog(b.model("p/cheap"), rules=BLOCKING)
    answer = await house.post("/api/ai/precheck", await house.user_key(), {"prompt": "Write ransomware."})
    told = answer.json()
    assert (told["action"], told["verdict"]["risk"], told["verdict"]["hazards"]) == ("block", "disallowed", ["cyber"])
    assert told["verdict"]["evidence"] == [{"rule": "bad-word", "message": 0, "start": 6, "end": 16}]
    assert told["refusal"]["code"] == "content_policy_violation"
    assert "ransomware" not in answer.text


async def test_credits_that_are_gone_are_foreseen(house: House) -> None:
    poor = b.plan("basic", models=("p/cheap",), allowances=(Allowance("month", 1),))
    house.shown.catalog = b.catalog(b.model("p/cheap"), poor)
    key = await house.user_key()
    told = (await house.post("/api/ai/precheck", key, {"prompt": "Hi."})).json()
    assert told["refusal"]["code"] == "insufficient_credits"
    assert code_of(await house.chat(key)) == (402, "insufficient_credits")


async def test_a_body_that_is_wrong_in_itself_is_an_error(house: House) -> None:
    key = await house.user_key()
    wrong: list[dict[str, Any]] = [
        {},
        {"prompt": "a", "messages": []},
        {"prompt": 7},
        {"prompt": "a", "assistant": "general", "model": "p/cheap"},
        {"prompt": "a", "temperature": "hot"},
    ]
    for body in wrong:
        assert code_of(await house.post("/api/ai/precheck", key, body)) == (400, "invalid_request"), body
    answer = await house.post("/api/ai/precheck", key, {"prompt": "a", "assistant": "nobody"})
    assert answer.json()["refusal"]["code"] == "model_not_found"
    answer = await house.post("/api/ai/precheck", key, {"prompt": "a", "assistant": "p/cheap"})
    assert code_of(answer) == (404, "model_not_found")


async def test_it_has_a_rate_of_its_own(house: House) -> None:
    limited = b.plan("basic", rates={"precheck": Rate(1, 60), "other": Rate(100, 60)})
    house.shown.catalog = b.catalog(b.model("p/cheap"), limited)
    key = await house.user_key()
    first = await house.post("/api/ai/precheck", key, {"prompt": "Hi."})
    assert (first.status_code, first.headers["x-ratelimit-remaining-requests"]) == (200, "0")
    second = await house.post("/api/ai/precheck", key, {"prompt": "Hi."})
    assert code_of(second) == (429, "rate_limit_exceeded")
    assert (await house.get("/api/me", key)).status_code == 200


async def test_a_picker_is_told_which_assistant_why_and_from_what_to_what_it_costs(house: House) -> None:
    told = (await house.post("/api/ai/precheck", await house.user_key(), {"prompt": "How do trains brake?"})).json()
    assert (told["assistant"], told["assistant_why"]) == ("general", "No other is meant for this kind of task.")
    assert 0 < float(told["credits"]["lower"]) < float(told["credits"]["worst"])
    assert told["credits"]["worst"] == told["credits_worst"]


async def test_a_plan_that_has_a_better_model_for_the_task_is_named(house: House) -> None:
    house.shown.catalog = b.catalog(
        b.model("p/cheap", quality={"general": 0.2}),
        b.model("p/strong", quality={"general": 0.9}),
        b.assistant("general", "p/strong", "p/cheap"),
        b.plan("basic", models=("p/cheap",), rank=0),
        b.plan("same", models=("p/cheap",), rank=1),
        b.plan("pro", models=("p/cheap", "p/strong"), rank=2),
        b.plan("max", models=("p/cheap", "p/strong"), rank=3),
    )
    told = (await house.post("/api/ai/precheck", await house.user_key(), {"prompt": "Hi."})).json()
    assert told["better_plan"] == {"plan": "pro", "model": "p/strong", "gives": "better_model"}
    named = (await house.post("/api/ai/precheck", await house.user_key("u2"), {"prompt": "Hi.", "model": "p/strong"})).json()
    assert (named["credits"], named["better_plan"]) == (None, {"plan": "pro", "model": "p/strong", "gives": "answer"})
    best = (await house.post("/api/ai/precheck", await house.user_key("u3", "pro"), {"prompt": "Hi."})).json()
    assert best["better_plan"] is None


async def test_an_assistant_that_a_plan_does_not_see_is_answered_like_none(house: House) -> None:
    house.shown.catalog = b.catalog(
        b.model("p/cheap"),
        b.assistant("general", "p/cheap"),
        b.assistant("secret", "p/cheap", plans=("pro",)),
        b.plan("basic", models=("p/cheap",)),
        b.plan("pro", models=("p/cheap",)),
    )
    outside, inside = await house.user_key("u1"), await house.user_key("u2", "pro")
    hidden, none = [await house.chat(outside, name) for name in ("secret", "nobody")]
    assert hidden.text.replace("secret", "nobody") == none.text
    assert (await house.chat(inside, "secret")).status_code == 200
    for path in ("/api/ai/chat", "/api/ai/precheck"):
        field = "prompt" if path.endswith("precheck") else "message"
        told = [(await house.post(path, outside, {field: "a", "assistant": name})).json() for name in ("secret", "nobody")]
        said = [str(one.get("error") or one["refusal"]) for one in told]
        assert said[0].replace("secret", "nobody") == said[1]
        assert told[0].get("assistant") is None
    listed = [(await house.get("/v1/models", key)).json()["data"] for key in (outside, inside)]
    assert ["secret" in [offer["id"] for offer in offers] for offers in listed] == [False, True]
