"""The ladder from its first step to its last, as a user and an admin live through it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.e2e.harness import House, Yard, chat, eventually

CHAT: Final = "/v1/chat/completions"
BAD: Final = chat("sim/small", "the forbiddenword")
GOOD: Final = chat("sim/small", "all is well")
LADDER: Final = """
[policy.abuse]
slow_at = 1.9
cool_off_at = 3.9
alert_at = 4.9
gap_s = 1
cool_off_s = 3
"""


@pytest.fixture
def strict(yard: Yard, tmp_path: Path) -> House:
    """A gateway whose ladder is short."""
    simulator = yard.simulator()
    house = House(yard, tmp_path / "strict", [simulator, simulator])
    with (house.config / "catalog.toml").open("a") as catalog:
        catalog.write(LADDER)
    house.start()
    return house


def code_of(answer: httpx2.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["error"]["code"])


def _slowed(user: httpx2.Client) -> httpx2.Response | None:
    """The one of two calls made at once that was refused, if they came within the gap."""
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda body: user.post(CHAT, json=body), (GOOD, GOOD)))
    return next((answer for answer in answers if answer.status_code == httpx2.codes.TOO_MANY_REQUESTS), None)


def _let_through(user: httpx2.Client, body: dict[str, Any]) -> httpx2.Response:
    """What becomes of a call once it is neither slowed nor resting any more."""

    def ask() -> httpx2.Response | None:
        answer = user.post(CHAT, json=body)
        return None if code_of(answer) in ("rate_limit_exceeded", "cooling_off") else answer

    return eventually(ask, "a call is let through")


def test_the_ladder_from_first_step_to_last_and_down_by_an_admins_word(strict: House) -> None:
    admin_key, key = strict.key("admin"), strict.key("user", "mallory", "free")
    with strict.http(key) as user, strict.http(admin_key) as admin:
        assert [code_of(user.post(CHAT, json=BAD)) for _ in range(2)] == ["content_policy_violation"] * 2
        assert admin.get("/api/admin/users/mallory").json()["conduct"]["step"] == "slow"

        assert code_of(user.post(CHAT, json=GOOD)) == ""
        slowed = eventually(lambda: _slowed(user), "a call is slowed")
        assert (slowed.status_code, code_of(slowed), slowed.headers["retry-after"]) == (429, "rate_limit_exceeded", "1")
        assert "once in 1 s" in slowed.json()["error"]["message"]

        assert [code_of(_let_through(user, BAD)) for _ in range(2)] == ["content_policy_violation"] * 2
        resting = user.post(CHAT, json=GOOD)
        assert (resting.status_code, code_of(resting)) == (403, "cooling_off")
        assert (int(resting.headers["retry-after"]) in (1, 2, 3), resting.headers["x-should-retry"]) == (True, "false")
        eventually(lambda: _rows(strict) == 1, "the rest is in the store")

        assert code_of(_let_through(user, BAD)) == "content_policy_violation"
        conduct = admin.get("/api/admin/users/mallory").json()["conduct"]
        assert (conduct["step"], conduct["cool_offs"], conduct["offences"]) == ("alert", 2, {"blocked": 5})
        assert eventually(lambda: '"abuse"' in strict.gateway.errors, "the alert is in the log")
        eventually(lambda: _rows(strict) == 2, "the second rest is in the store")

        _lift(admin, "mallory")
        assert [code_of(user.post(CHAT, json=GOOD)) for _ in range(3)] == [""] * 3
        lines = [line for line in admin.get("/api/admin/audit").json()["data"] if line["subject"] == "user:mallory"]
        assert [line["actor"] == "abuse" for line in lines[:3]] == [False, True, True]
        assert lines[0]["reason"] == "a misunderstanding"
        everything = f"{admin.get('/api/admin/abuse').text} {lines} {strict.gateway.errors}"
        assert "forbiddenword" not in everything


def _rows(house: House) -> int:
    ((count,),) = house.rows("SELECT count(*) FROM audit WHERE actor = 'abuse'")
    return int(count)


def _lift(admin: httpx2.Client, user_id: str) -> None:
    read = admin.get(f"/api/admin/users/{user_id}")
    body = {"cooling_until_ms": None, "reason": "a misunderstanding"}
    lifted = admin.patch(f"/api/admin/users/{user_id}", json=body, headers={"if-match": read.headers["etag"]})
    assert lifted.status_code == 200, lifted.text
