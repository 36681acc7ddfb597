"""Laws of the way through dialect and voice: right bytes stay, what is a provider's own never leaves, nothing is raised."""

import json
from typing import Any, Final

import orjson
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Answer
from proxy.domain.errors import Fault
from proxy.stages.provider.completions.chunk import read_chunk
from proxy.stages.provider.openai import OpenAI
from proxy.stages.stream.native import NativeVoice
from proxy.stages.stream.openai import OpenAIVoice
from tests.stages.stream.speech import CALL_ID, CREATED_S, receipt

MARKER: Final = "planted-cost-0.0421"
NAMES: Final = (
    *("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "provider", "cost", "error"),
    *("index", "delta", "message", "finish_reason", "logprobs", "role", "content", "refusal", "reasoning", "text"),
    *("tool_calls", "function_call", "function", "name", "arguments", "type", "code", "param", "status", "detail"),
    *("prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "completion_tokens_details"),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.integers(), st.floats(allow_nan=True), st.text(max_size=5), st.just("stop")
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)

# --- same dialect in and out ------------------------------------------------------------------------------------------

DELTAS = st.dictionaries(st.sampled_from(["content", "refusal", "reasoning_content"]), st.text(min_size=1), min_size=1)
RIGHT_CHOICES = st.builds(
    lambda delta, extra: {"index": 0, "delta": {**delta, **extra}, "logprobs": None, "finish_reason": None},
    DELTAS,
    st.dictionaries(st.sampled_from(["annotations", "audio", "id", "model", "usage"]), ANYTHING, max_size=2),
)
STYLES = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")])
IDENTITIES = st.fixed_dictionaries({"id": st.text(), "model": st.text(), "created": st.integers(0, 10**10)})
ORDERS = st.permutations(["id", "object", "created", "model", "system_fingerprint", "choices"])


@given(RIGHT_CHOICES, STYLES, st.booleans(), ORDERS, IDENTITIES)
def test_a_right_event_leaves_byte_identical_outside_the_patched_spans(
    choice: dict[str, Any], style: tuple[str, str], ascii_only: bool, order: list[str], theirs: dict[str, Any]
) -> None:
    def written(identity: dict[str, Any]) -> bytes:
        value = {**identity, "object": "chat.completion.chunk", "system_fingerprint": "fp", "choices": [_plain(choice)]}
        ordered = {name: value[name] for name in order}
        return json.dumps(ordered, separators=style, ensure_ascii=ascii_only).encode()

    ours = {"id": CALL_ID, "model": "p/m", "created": CREATED_S}
    assert _openai().delta(read_chunk(written(theirs))) == b"data: " + written(ours) + b"\n\n"


# --- nothing of a provider's own --------------------------------------------------------------------------------------

PLANTED = st.sampled_from([MARKER, {"cost": MARKER}, [MARKER], {MARKER: 1}])
PLACES = st.dictionaries(
    st.sampled_from(["cost", "provider", "x_provider", "cost_details", "id", "model", "created", "object", "usage"]), PLANTED
)
FINGERPRINTS = st.sampled_from([{}, {"system_fingerprint": {"cost": MARKER}}, {"service_tier": [MARKER]}])
PLACES = st.builds(lambda top, fingerprint: {**top, **fingerprint}, PLACES, FINGERPRINTS)


@given(PLACES, st.dictionaries(st.sampled_from(["cost", "native_finish_reason", "provider", "x"]), PLANTED), st.booleans())
def test_a_planted_cost_or_name_never_leaves_a_stream(top: dict[str, Any], beside: dict[str, Any], ask: bool) -> None:
    choice = {"index": 0, "delta": {"content": "x"}, "logprobs": None, "finish_reason": None, **beside}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "cost": MARKER, "cost_details": {"x": MARKER}}
    chunks = [{**_frame(), "choices": [choice], **top}, {**_frame(), **top, "choices": [choice], "usage": usage}]
    for voice in (_openai(ask), _native()):
        said = b"".join(voice.delta(read_chunk(orjson.dumps(value))) for value in chunks)
        assert MARKER.encode() not in said + voice.tail(receipt())
        assert said.count(b"data: ") == 2


@given(PLACES, st.dictionaries(st.sampled_from(["cost", "native_finish_reason", "provider", "x"]), PLANTED))
def test_a_planted_cost_or_name_never_leaves_a_whole_answer(top: dict[str, Any], beside: dict[str, Any]) -> None:
    choice = {"index": 0, "message": {"content": "x"}, "finish_reason": "stop", **beside}
    answer = OpenAI().answer(orjson.dumps({**_frame(), **top, "choices": [choice]}))
    assert isinstance(answer, Answer)
    for voice in (_openai(), _native()):
        assert MARKER.encode() not in voice.whole(answer, receipt())


# --- nothing raised ---------------------------------------------------------------------------------------------------

CHUNKS = st.lists(
    ANYTHING | st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"delta": ANYTHING}) | ANYTHING, max_size=3)}),
    max_size=6,
)


@given(CHUNKS, st.booleans())
def test_no_stream_of_json_makes_it_raise_or_say_what_is_no_json(chunks: list[Any], include_usage: bool) -> None:
    for voice in (_openai(include_usage), _native()):
        for value in chunks:
            delta = read_chunk(json.dumps(value).encode())
            if delta.error is None:
                events = voice.delta(delta).split(b"\n\n")
                assert all(isinstance(orjson.loads(e.partition(b"data: ")[2]), dict) for e in events if e)


@given(ANYTHING | st.fixed_dictionaries({"choices": st.lists(st.fixed_dictionaries({"message": ANYTHING}) | ANYTHING)}))
def test_no_body_of_json_makes_it_raise(value: Any) -> None:
    body = json.dumps(value).encode()
    answer = OpenAI().answer(body)
    if isinstance(answer, Answer):
        assert all(orjson.loads(voice.whole(answer, receipt())) for voice in (_openai(), _native()))
    assert isinstance(OpenAI().classify(400, {}, body), Fault)


@given(st.binary(), st.integers(200, 599), st.text(max_size=12))
def test_no_bytes_make_it_raise(body: bytes, status: int, header: str) -> None:
    read_chunk(body)
    OpenAI().answer(body)
    headers = {"retry-after": header, "date": header, "x-request-id": header}
    assert OpenAI().classify(status, headers, body).status == status


def _openai(include_usage: bool = False) -> OpenAIVoice:
    voice = OpenAIVoice(CALL_ID, CREATED_S, include_usage)
    voice.answering("p/m", None, "named")
    return voice


def _native() -> NativeVoice:
    voice = NativeVoice(CALL_ID, CREATED_S, None)
    voice.answering("p/m", None, "named")
    return voice


def _frame() -> dict[str, Any]:
    return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def _plain(value: Any) -> Any:
    """The same without what strict JSON does not hold."""
    return json.loads(json.dumps(value), parse_constant=lambda _: None)
