"""Claims about `/api/plan-requests`: a user asks for what there is and it lacks, once at a time, and sees what became of it."""

import pytest

from tests.api.house import House, code_of


async def ask(house: House, key: str, subject: str, target: str) -> tuple[int, object]:
    answer = await house.post("/api/plan-requests", key, {"subject": subject, "target": target, "words": "Please."})
    return answer.status_code, answer.json().get("target", answer.json())


@pytest.mark.parametrize(
    ("subject", "target"), [("plan", "pro"), ("model", "p/strong"), ("family", "frontier"), ("credits", "12.5")]
)
async def test_what_there_is_can_be_asked_for(house: House, subject: str, target: str) -> None:
    key = await house.user_key()
    assert await ask(house, key, subject, target) == (201, target)
    (found,) = (await house.get("/api/plan-requests", key)).json()["data"]
    assert (found["subject"], found["target"], found["status"], found["words"]) == (subject, target, "open", "Please.")
    assert found["decided_at_ms"] is None


@pytest.mark.parametrize(
    ("subject", "target"),
    [
        ("plan", "basic"),
        ("plan", "none"),
        ("model", "p/cheap"),
        ("model", "q/asleep"),
        ("model", "no/such"),
        ("family", "none"),
        ("credits", "0"),
        ("credits", "-1"),
        ("credits", "1.0001"),
        ("credits", "NaN"),
        ("credits", "many"),
    ],
)
async def test_what_there_is_not_or_one_has_cannot(house: House, subject: str, target: str) -> None:
    answer = await house.post("/api/plan-requests", await house.user_key(), {"subject": subject, "target": target})
    assert code_of(answer) == (400, "invalid_request")
    assert answer.json()["error"]["param"] == "target"


async def test_the_same_is_asked_for_once_at_a_time(house: House) -> None:
    key = await house.user_key()
    assert (await ask(house, key, "plan", "pro"))[0] == 201
    again = await house.post("/api/plan-requests", key, {"subject": "plan", "target": "pro"})
    assert code_of(again) == (409, "conflict")
    assert (await ask(house, key, "model", "p/strong"))[0] == 201


async def test_nobody_sees_what_another_asked_for(house: House) -> None:
    await ask(house, await house.user_key(), "plan", "pro")
    assert (await house.get("/api/plan-requests", await house.user_key("u2"))).json()["data"] == []


@pytest.mark.parametrize(
    "body", [{}, {"subject": "moon", "target": "x"}, {"subject": "plan", "target": "pro", "status": "approved"}]
)
async def test_a_wrong_body_is_refused(house: House, body: dict[str, str]) -> None:
    assert code_of(await house.post("/api/plan-requests", await house.user_key(), body)) == (400, "invalid_request")
