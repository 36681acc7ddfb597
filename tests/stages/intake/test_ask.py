"""The text-free part of a request: complete, and free of text."""

import dataclasses
from dataclasses import replace
from typing import Any

import orjson

from proxy.domain.plan import Override
from proxy.domain.policy import Veto, Wishes
from proxy.stages.intake import ask
from tests import builders
from tests.stages.intake.requests import chat

MARKER = "zanzibar-marker"


def test_an_ask_holds_what_policy_may_know() -> None:
    overrides = (Override("o1", "trial"),)
    caller = builders.caller(
        key=builders.key(model_scope=("p/*",)),
        entitlement=builders.entitlement(plan_id="gold", overrides=overrides),
    )
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    sound = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
    request = chat(
        model="coder",
        messages=[{"role": "user", "content": [image, sound, {"type": "text", "text": "four"}]}],
        stream=True,
        max_tokens=9,
        n=2,
        signalbox={"mode": "fast", "avoid": ["a"], "only": ["b"], "max_credits": 1, "allow_downgrade": False},
    )
    found = ask(request, caller, "chat", 1_000, confirmed=True)
    assert found == builders.ask(
        "coder",
        at_ms=1_000,
        text_bytes=4,
        message_count=1,
        image_count=1,
        modalities=("text", "image", "audio"),
        stream=True,
        output_tokens_max=9,
        n=2,
        plan_id="gold",
        overrides=overrides,
        model_scope=("p/*",),
        mode="fast",
        avoid=("a",),
        only=("b",),
        max_credits_milli=1_000,
        allow_downgrade=False,
        confirmed=True,
        features=("n", "audio"),
    )


def test_an_ask_holds_no_text_of_the_request() -> None:
    tool = {"type": "function", "function": {"name": MARKER}}
    request = chat(messages=[{"role": "user", "content": MARKER, "name": MARKER}], tools=[tool], user=MARKER, stop=MARKER)
    found = ask(request, builders.caller(), "precheck", 1_000)
    assert MARKER not in orjson.dumps(dataclasses.asdict(found)).decode()
    assert found.kind == "precheck"
    assert found.modalities == ("text",)


def test_the_mode_is_the_requests_else_the_keys_else_its_ancestors_else_the_users() -> None:
    user = builders.user(wishes=Wishes("economy"))
    key = builders.key(wishes=Wishes("best"), lineage_wishes=(Wishes("fast"),))
    plain = replace(key, wishes=Wishes())

    def mode(**changes: Any) -> str | None:
        signalbox = changes.pop("signalbox", None)
        return ask(chat(signalbox=signalbox), builders.caller(**changes), "chat", 1).mode

    assert mode(key=key, user=user, signalbox={"mode": "balanced"}) == "balanced"
    assert mode(key=key, user=user) == "best"
    assert mode(key=plain, user=user) == "fast"
    assert mode(user=user) == "economy"
    assert mode() is None


def test_an_ask_says_what_key_and_user_rule_out_and_whose_list_it_is() -> None:
    key = builders.key(wishes=Wishes(avoid=("p/a",)), lineage_wishes=(Wishes("best"), Wishes(only=("p/*",))))
    caller = builders.caller(key=key, user=builders.user(wishes=Wishes(only=("tag:eu",))))
    assert ask(chat(), caller, "chat", 1).vetoes == (
        Veto("key", avoid=("p/a",)),
        Veto("key", only=("p/*",)),
        Veto("user", only=("tag:eu",)),
    )


def test_who_waits_for_what_tools_found_is_in_an_exchange_until_somebody_speaks() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "y"},
    ]
    assert ask(chat(messages=history), builders.caller(), "chat", 1).in_exchange
    assert not ask(chat(messages=[*history, {"role": "user", "content": "z"}]), builders.caller(), "chat", 1).in_exchange
