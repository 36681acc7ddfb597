"""Conversations in turns, over restarts: with whom they stay, when they leave, and what is said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from tests.proofs.auto.ground import CHAT, ShippedHouse, table
from tests.proofs.claims import Case

CODE: Final = "Write a Python function that parses an ISO 8601 date and raises ValueError for anything else."
SHORTER: Final = "Thanks. Now shorter, please."
TESTS: Final = "Write pytest tests for that Python function, with three edge cases."
TRANSLATE: Final = "Translate the following sentence into French: The train leaves at nine from platform four."
WEATHER: Final = "What is the weather in Lyon right now?"
TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@dataclass(slots=True)
class Talk:
    """One conversation: what happened in each turn, as rows of a table, and the messages so far."""

    name: str
    key: str
    rows: list[tuple[object, ...]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    said: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""

    def turn(self, house: ShippedHouse, what: str, text: str, tools: bool = False, **signalbox: Any) -> str:
        """Says one thing; who answered."""
        return self.send(house, what, {"role": "user", "content": text}, tools, **signalbox)

    def send(self, house: ShippedHouse, what: str, message: dict[str, Any], tools: bool = False, **signalbox: Any) -> str:
        """The same with any message."""
        self.messages.append(message)
        body: dict[str, Any] = {"model": "auto", "messages": self.messages, "max_tokens": 128}
        body["signalbox"] = {"conversation_id": self.name, **signalbox}
        if tools:
            body["tools"] = [TOOL]
        with house.http(self.key) as http:
            answer = http.post(CHAT, json=body)
        assert answer.status_code == httpx2.codes.OK, answer.text
        told = answer.json()
        self.said, self.model = told["signalbox"], str(told["model"])
        self.messages.append({key: value for key, value in told["choices"][0]["message"].items() if value is not None})
        self.rows.append((what, self.said["assistant"], self.model, self.said["reason"], " ".join(self.said["why"])))
        return self.model


def talks(case: Case, house: ShippedHouse, key: str) -> list[Talk]:
    """Three conversations; the gateway is killed and started again in the middle of the first and the last."""
    return [_staying(case, house, key), _failing(case, house, key), _tools(case, house, key)]


def shown(found: list[Talk]) -> str:
    """A table for each conversation."""
    head = ("turn", "assistant", "model", "reason", "said")
    return "\n".join(f"**{talk.name}**\n\n{table(head, talk.rows)}" for talk in found)


def _staying(case: Case, house: ShippedHouse, key: str) -> Talk:
    talk = Talk("stays, and leaves with its task", key)
    first = talk.turn(house, "asks for code", CODE)
    short = talk.turn(house, "a short remark", SHORTER)
    house.gateway.kill()
    house.start()
    after = talk.turn(house, "the gateway was killed and started anew; more code", TESTS, mode="balanced")
    stays = talk.said["reason"] == "sticky" and first == short == after
    case.claim(f"a conversation about code stays with {first} over a remark and a restart", stays)
    left = talk.turn(house, "another task: a translation", TRANSLATE)
    moved = talk.said["assistant"] == "text" and any("task changed" in said for said in talk.said["why"])
    case.claim(f"it leaves for {left} when the task clearly changes, and says so", moved)
    again = talk.turn(house, "the caller wants another mode", TRANSLATE, mode="best")
    case.claim(f"it is chosen anew ({again}) when the caller asks for another mode", talk.said["reason"] == "best_score")
    return talk


def _failing(case: Case, house: ShippedHouse, key: str) -> Talk:
    talk = Talk("leaves a model that fails", key)
    first = talk.turn(house, "asks for code", CODE)
    fault = f"{TESTS}\nsimulator-fault: server_error only={house.catalog.models[first].upstream_name}"
    second = talk.turn(house, "its model fails", fault)
    talk.messages[-2]["content"] = TESTS
    third = talk.turn(house, "all is well again", SHORTER)
    case.claim(f"{first} fails, {second} answers, and the conversation stays there", first != second == third)
    return talk


def _tools(case: Case, house: ShippedHouse, key: str) -> Talk:
    talk = Talk("never switches in the middle of a tool exchange", key)
    first = talk.turn(house, "a question for a tool", WEATHER, tools=True, mode="economy")
    called = talk.messages[-1]["tool_calls"][0]["id"]
    house.gateway.kill()
    house.start()
    result = {"role": "tool", "tool_call_id": called, "content": "mild, 14 degrees"}
    second = talk.send(house, "restart; the tool's result, and a dearer mode is asked for", result, tools=True, mode="best")
    case.claim(f"a tool exchange stays with {first} over a restart and another mode", first == second)
    talk.messages = talk.messages[:-2]
    third = talk.send(house, "the same, but its model is ruled out", result, tools=True, avoid=[first])
    case.claim(f"only a veto ends it: {third}, and it is said", third != first and talk.said["reason"] == "switched")
    return talk
