"""The text-free part of a request: complete, and free of text."""

import dataclasses

import orjson

from proxy.domain.plan import Override
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
    found = ask(request, caller, "chat", 1_000, sticky_model_id="p/m", confirmed=True)
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
        sticky_model_id="p/m",
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
