"""What becomes of those who abuse the gateway: the ladder from its first step to its last and down by an admin's word; and
costly loops, told from a batch that is dear to nobody."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from tests.e2e.harness import House, eventually
from tests.proofs.auto.ground import CHAT, code_of, table
from tests.proofs.claims import Case

# Short steps, so that a proof can climb them; nothing else is different from what ships.
LADDER: Final = """
[policy.abuse]
slow_at = 1.9
cool_off_at = 3.9
alert_at = 4.9
gap_s = 1
cool_off_s = 1
loop_calls = 4
surge_credits = "10"
history_s = 0
points = { repeated = 1.0, growing = 1.0 }
"""
CALLS_MAX: Final = 40
DEAR: Final = "anthropic/claude-sonnet-5.5"
CHEAP: Final = "openai/gpt-4o-mini"
# What makes each turn of a loop dear.
LOG: Final = "The log of the run: " + "line ok. " * 600

Ask = Callable[[str], str]


@dataclass(slots=True)
class Climb:
    """What one caller did and what came of it, step by step."""

    name: str
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def note(self, did: str, heard: object, admin: dict[str, Any] | None = None) -> None:
        seen = admin or {}
        self.rows.append((did, heard or "answered", seen.get("score", ""), seen.get("step", ""), seen.get("offences", "")))


def shown(found: list[Climb]) -> str:
    head = ("what the caller did", "what it heard", "score", "step", "offences")
    return "\n".join(f"**{climb.name}**\n\n{table(head, climb.rows)}" for climb in found)


def conduct(admin: httpx2.Client, user_id: str) -> dict[str, Any]:
    found: dict[str, Any] = admin.get(f"/api/admin/users/{user_id}").json()["conduct"] or {}
    return found


def ladder(case: Case, house: House, keys: tuple[str, str], bad: dict[str, Any], good: dict[str, Any]) -> Climb:
    """`keys` are an admin's and that of the user `mallory`; `bad` is a request that policy blocks,
    `good` one that it does not."""
    climb = Climb("blocked prompts")
    with house.http(keys[0]) as admin, house.http(keys[1]) as user:

        def say(what: str, body: dict[str, Any]) -> str:
            code = code_of(user.post(CHAT, json=body))
            climb.note(what, code, conduct(admin, "mallory"))
            return code

        blocked = [say("a prompt that is blocked", bad) for _ in range(2)]
        first = say("a harmless one", good)
        slowed = say("another at once", good)
        case.claim(
            f"after {len(blocked)} blocked prompts a user is slowed: {slowed}", (first, slowed) == ("", "rate_limit_exceeded")
        )
        for _ in range(2):
            eventually(
                lambda: code_of(user.post(CHAT, json=bad)) == "content_policy_violation", "a blocked prompt is let through"
            )
            climb.note("blocked prompts again, as fast as it may", "content_policy_violation", conduct(admin, "mallory"))
        resting = say("a harmless one", good)
        case.claim(f"then it is sent to rest: {resting}", resting == "cooling_off")
        eventually(lambda: code_of(user.post(CHAT, json=bad)) == "content_policy_violation", "the rest is over")
        climb.note("another, when the rest is over", "content_policy_violation", seen := conduct(admin, "mallory"))
        told = eventually(lambda: '"abuse"' in house.gateway.errors, "the alert is told")
        case.claim(
            f"then the operator is told ({seen['step']}, {seen['cool_offs']} rests)", bool(told) and seen["step"] == "alert"
        )
        # A rest that the store does not have yet would come after the pardon.
        eventually(
            lambda: house.rows("SELECT count(*) FROM audit WHERE actor = 'abuse'")[0][0] == 2, "the rests are in the store"
        )
        pardon(admin, "mallory")
        climb.note("an administrator forgives", "200", conduct(admin, "mallory"))
        free = [code_of(user.post(CHAT, json=good)) for _ in range(3)]
        climb.note("three harmless ones at once", "answered" if not any(free) else free, conduct(admin, "mallory"))
        case.claim(f"an administrator's word ends it at once: {free.count('')} of 3 answered", not any(free))
        lines = [line for line in admin.get("/api/admin/audit").json()["data"] if line["subject"] == "user:mallory"]
        pardoned = lines[0]["reason"] == "a misunderstanding" and "abuse" in {line["actor"] for line in lines}
        case.claim(f"{len(lines)} lines of audit say who did what and why", pardoned)
    return climb


def pardon(admin: httpx2.Client, user_id: str) -> None:
    """What an administrator does who forgives."""
    etag = admin.get(f"/api/admin/users/{user_id}").headers["etag"]
    body = {"cooling_until_ms": None, "reason": "a misunderstanding"}
    lifted = admin.patch(f"/api/admin/users/{user_id}", json=body, headers={"if-match": etag})
    assert lifted.status_code == httpx2.codes.OK, lifted.text


def loops(case: Case, house: House, admin_key: str, keys: dict[str, str]) -> list[Climb]:
    """`keys` are those of `looper`, `grower` and `batcher`. A loop is dear, a batch of much the same prompts is not."""
    dear, cheap = {"max_tokens": 400}, {"max_tokens": 8}
    task = "Summarise the state of run number {} and say what is to be done next in the project."

    def repeated(number: int) -> dict[str, Any]:
        return {"model": DEAR, "messages": [{"role": "user", "content": f"{task.format(number)}\n{LOG}"}], **dear}

    def growing(number: int) -> dict[str, Any]:
        history = [
            {"role": role, "content": f"line {n} of what was said"}
            for n in range(40 * number)
            for role in ("user", "assistant")
        ]
        return {"model": DEAR, "messages": [*history, {"role": "user", "content": task.format(0)}], **dear}

    def batch(number: int) -> dict[str, Any]:
        return {"model": CHEAP, "messages": [{"role": "user", "content": f"Give the capital of country {number}."}], **cheap}

    found = []
    with house.http(admin_key) as admin:
        for user_id, offence, make in (("looper", "repeated", repeated), ("grower", "growing", growing)):
            climb = _until_slowed(house, admin, keys[user_id], user_id, make)
            seen = conduct(admin, user_id)
            case.claim(
                f"a loop ({offence}) is seen by its offences: {seen.get('offences')}", offence in seen.get("offences", {})
            )
            found.append(climb)
        with house.http(keys["batcher"]) as user:
            heard = [code_of(user.post(CHAT, json=batch(number))) for number in range(CALLS_MAX)]
        calm = conduct(admin, "batcher")
        case.claim(
            f"a batch of {CALLS_MAX} cheap prompts is no loop: {heard.count('')} answered",
            not any(heard) and not calm.get("score"),
        )
    return found


def _until_slowed(house: House, admin: httpx2.Client, key: str, user_id: str, make: Callable[[int], dict[str, Any]]) -> Climb:
    climb = Climb(f"a costly loop: {user_id}")
    with house.http(key) as user:
        for number in range(1, CALLS_MAX):
            code = code_of(user.post(CHAT, json=make(number)))
            climb.note(f"call {number}", code, conduct(admin, user_id))
            if code:
                break
    return climb
