"""How `auto` chooses, with the official client: by modes, within lists of models and bounds of credits, and the same in a
conversation after a restart."""

import signal
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.e2e.conftest import HouseMaker, Keys
from tests.e2e.harness import WAIT_S, House, Simulator, eventually

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
WEATHER: dict[str, Any] = {"role": "user", "content": "the weather in Lyon"}


def ask(client: OpenAI, *messages: dict[str, Any], model: str = "auto", tools: Any = openai.omit, **signalbox: Any) -> Any:
    said: Any = messages or ({"role": "user", "content": "hello"},)
    return client.chat.completions.create(model=model, messages=said, tools=tools, extra_body={"signalbox": signalbox})


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.model_extra["signalbox"]
    return found


def at(house: House, key: str) -> OpenAI:
    return OpenAI(base_url=f"{house.url}/v1", api_key=key, max_retries=0, timeout=WAIT_S)


def child(house: House, keys: Keys, **wishes: Any) -> str:
    """A key of the user's own making that wishes so."""
    with house.http(keys.user) as http:
        made = http.post("/api/keys", json={"name": "child", "wishes": wishes, "manage_keys": True})
        assert made.status_code == 201, made.text
        key: str = made.json()["key"]
        return key


def test_the_answer_says_how_it_was_chosen(client: OpenAI) -> None:
    said = told(ask(client, mode="best"))
    assert (said["assistant"], said["mode"], said["reason"]) == ("general", "best", "best_score")
    assert said["why"][0] == "It scores best in mode best for this task, of the models that may answer."
    assert "why" not in told(ask(client, model="sim/small"))


def test_the_mode_of_a_key_counts_where_the_request_names_none(house: House, keys: Keys) -> None:
    with at(house, child(house, keys, mode="economy")) as client:
        assert told(ask(client))["mode"] == "economy"
        assert told(ask(client, mode="fast"))["mode"] == "fast"


def test_a_keys_list_holds_for_it_and_for_keys_made_from_it_whatever_the_request_says(house: House, keys: Keys) -> None:
    narrow = child(house, keys, avoid=["sim/*"])
    with house.http(narrow) as http:
        grandchild = http.post("/api/keys", json={"name": "grandchild"}).json()["key"]
    for key in (narrow, grandchild):
        with at(house, key) as client:
            assert ask(client).model == "spare/small"
            with pytest.raises(openai.BadRequestError) as refused:
                ask(client, only=["sim/small"])
            assert refused.value.code == "invalid_request"
            with pytest.raises(openai.BadRequestError, match="This key's own list of models, avoid, leaves none"):
                ask(client, model="sim/small")


def test_max_credits_bounds_what_is_held_and_charged_or_the_call_is_refused(client: OpenAI, house: House) -> None:
    with pytest.raises(openai.BadRequestError, match="on sim/small, the cheapest that may answer it") as refused:
        ask(client, max_credits="0.001")
    details: Any = refused.value.body
    assert details["model"] == "sim/small"
    worst_milli = details["asked_milli_credits"]
    answer = ask(client, max_credits=str(worst_milli / 1_000))
    moved = house.rows("SELECT kind, amount_milli FROM entries WHERE hold_id = ?", answer.id)
    held_milli = sum(amount for kind, amount in moved if kind in ("hold", "extend"))
    assert 0 < held_milli <= worst_milli
    assert float(told(answer)["credits"]) * 1_000 <= held_milli


def test_a_conversation_keeps_its_model_over_a_restart(own_house: HouseMaker, sim: Simulator, spare: Simulator) -> None:
    house = own_house(sim, spare)
    house.start()
    key = house.key("user", "ursula", "plus")
    with at(house, key) as client:
        assert ask(client, conversation_id="talk", avoid=["sim/small"]).model == "spare/small"
        assert ask(client, conversation_id="other").model == "sim/small"
    house.gateway.kill()
    house.start()
    with at(house, key) as client:
        again = ask(client, conversation_id="talk")
        assert (again.model, told(again)["reason"]) == ("spare/small", "sticky")
        changed = ask(client, conversation_id="talk", mode="best")
        assert (changed.model, told(changed)["reason"]) == ("sim/small", "best_score")
    house.gateway.kill()


@pytest.mark.parametrize("model", ["auto", "general"])
def test_a_tool_exchange_stays_with_its_model_or_says_that_it_could_not(client: OpenAI, model: str) -> None:
    talk = f"tools-{model}"
    first = ask(client, WEATHER, model=model, tools=[TOOL], conversation_id=talk, avoid=["sim/small"])
    (call,) = first.choices[0].message.tool_calls
    history = [
        WEATHER,
        {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]},
        {"role": "tool", "tool_call_id": call.id, "content": "mild"},
    ]
    second = ask(client, *history, model=model, tools=[TOOL], conversation_id=talk, mode="best")
    assert (first.model, second.model, told(second)["reason"]) == ("spare/small", "spare/small", "sticky")
    third = ask(client, *history, model=model, tools=[TOOL], conversation_id=talk, avoid=["spare/*"])
    assert (third.model, told(third)["reason"]) == ("sim/small", "switched")
    assert told(third)["why"][0].startswith("The model that called the tools")


def test_one_users_conversation_says_nothing_to_another(house: House, keys: Keys) -> None:
    with at(house, keys.user) as client:
        assert ask(client, conversation_id="mine", avoid=["sim/small"]).model == "spare/small"
    with at(house, keys.other) as client:
        assert told(ask(client, conversation_id="mine"))["reason"] == "best_score"


def test_learned_quality_is_read_on_a_signal_and_every_call_replays_by_its_own_table(
    own_house: HouseMaker, sim: Simulator, spare: Simulator, tmp_path: Path
) -> None:
    house, table = own_house(sim, spare), tmp_path / "quality.csv"
    house.start()
    with at(house, house.key("user", "ursula", "plus")) as client:
        before = ask(client, mode="best", explain=True)
        assert (before.model, "learned" in told(before)["explain"]) == ("sim/small", False)
        table.write_text("family,model,quality\ngeneral,sim/small,0\ngeneral,spare/small,9\n")
        refused = house.command("routing", "learn", str(table))
        assert (refused.returncode, "line 3" in refused.stderr) == (1, True)
        table.write_text("family,model,quality\ngeneral,sim/small,0\ngeneral,spare/small,1\n")
        learned = house.command("routing", "learn", str(table))
        assert learned.returncode == 0, learned.stderr
        house.gateway.send(signal.SIGHUP)
        after = eventually(lambda: _learned(ask(client, mode="best", explain=True)), "the lessons are read")
        assert after.model == "spare/small"
        assert told(after)["explain"]["learned"] in learned.stdout
    for answer in (before, after):
        assert house.command("explain", answer.id).returncode == 0
    house.gateway.kill()


def _learned(answer: Any) -> Any:
    return answer if "learned" in told(answer)["explain"] else None
