"""A second look at sensitive prompts, end to end: what callers hear, what the operator pays and sees, what it ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.harness import House, Yard, chat, eventually, wrong_in_books

CHAT = "/v1/chat/completions"
CALM = "the delicateword"
GRAVE = "the delicateword flag:violence"
CATALOG = """
[[model]]
id = "sim/guard"
family = "guard"
kind = "moderation"
upstream_name = "sim-guard"
context_tokens_max = 32_000
prices = { input = "2" }

[policy.second_net]
model = "sim/guard"
enabled = true
limit_ms = 10_000
cleared = "allow"
"""


def opened(yard: Yard, folder: Path, catalog: str) -> House:
    simulator = yard.simulator()
    house = House(yard, folder, [simulator, simulator])
    with (house.config / "catalog.toml").open("a") as file:
        file.write(catalog)
    house.start()
    return house


@pytest.fixture(scope="module")
def guarded(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that asks a moderation model and waits for it."""
    house = opened(yard, tmp_path_factory.mktemp("guarded") / "home", CATALOG)
    yield house
    house.gateway.kill()


def code_of(answer: httpx2.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["error"]["code"])


def ours(house: House) -> list[tuple[Any, ...]]:
    """Our own calls of moderation models: who pays, with what, about which call."""
    return house.rows(
        "SELECT user_id, status, credits_milli, raw_nano_usd, metadata FROM model_calls WHERE kind = 'moderation' ORDER BY id"
    )


def test_its_word_decides_what_the_rules_only_suspect_and_is_told(guarded: House) -> None:
    user_key, admin_key = guarded.key("user", "uma", "plus"), guarded.key("admin")
    with guarded.http(user_key) as user, guarded.http(admin_key) as admin:
        cleared = user.post(CHAT, json=chat("sim/small", CALM, signalbox={"explain": True}))
        assert cleared.status_code == 200, cleared.text
        assert "found it harmless" in cleared.json()["signalbox"]["explain"]["second_look"]
        blocked = user.post(CHAT, json=chat("sim/small", GRAVE))
        assert code_of(blocked) == "content_policy_violation"
        call = user.get(f"/api/calls/{blocked.headers['x-signalbox-call']}").json()
        assert call["verdict"]["second_look"].endswith("flagged it (violence).")
        seen = admin.get(f"/api/admin/model-calls/{call['id']}").json()["precheck"]["second_look"]
        assert (seen["model"], seen["said"], seen["in_time"]) == ("sim/guard", "flagged", True)
        cost = admin.get(f"/api/admin/model-calls/{seen['call']}").json()
        assert (cost["kind"], cost["credits"], cost["user_id"]) == ("moderation", "0", "(probe)")
        assert cost["raw_cost_nano_usd"] > 0
    rows = eventually(lambda: ours(guarded) if len(ours(guarded)) == 2 else None, "both looks are in the books")
    assert {(user_id, status, credits) for user_id, status, credits, *_ in rows} == {("(probe)", "served", 0)}
    again = guarded.command("explain", call["id"])
    assert again.returncode == 0, again.stdout + again.stderr
    assert wrong_in_books(guarded.database) == []


def test_prompts_that_are_not_sensitive_are_nobody_elses_business(guarded: House) -> None:
    before = len(ours(guarded))
    with guarded.http(guarded.key("user", "ulla", "plus")) as user:
        assert user.post(CHAT, json=chat("sim/small", "hello flag:violence")).status_code == 200
        assert user.post("/api/ai/precheck", json={"prompt": GRAVE}).json()["refusal"]["code"] == "confirmation_required"
    assert len(ours(guarded)) == before


def test_beside_a_call_it_ends_what_it_flags(yard: Yard, tmp_path: Path) -> None:
    changes = {
        "enabled = true": "enabled = true\nblocking = false",
        '"sim-guard"': '"sim-guard--ttft=1000"',
    }
    house = House(yard, tmp_path / "beside", [yard.simulator()])
    file = house.config / "catalog.toml"
    text = file.read_text().replace('sensitive = "confirm"', 'sensitive = "flag"')
    file.write_text(text.replace('"sim-small"', '"sim-small--pace=40--words=400"', 1) + replaced(CATALOG, changes))
    house.start()
    with house.http(house.key("user", "uschi", "plus")) as user:
        heard = user.post(CHAT, json=chat("sim/small", GRAVE, stream=True)).text
        assert "content_policy_violation" in heard
        assert 1 < heard.count("data:") < 400
        ((call_id,),) = house.rows("SELECT id FROM model_calls WHERE user_id = 'uschi' AND kind = 'chat'")
        call = user.get(f"/api/calls/{call_id}").json()
        assert (call["code"], call["status"]) == ("content_policy_violation", "cut")
        assert float(call["credits"]) > 0
        assert call["verdict"]["second_look"].endswith("flagged it (violence).")
    house.gateway.kill()


def replaced(text: str, changes: dict[str, str]) -> str:
    for before, after in changes.items():
        text = text.replace(before, after)
    return text
