"""Laws of the dialects: any split gives the same answer, nothing is raised, and what goes there and back is the same."""

from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Answer, Terms
from proxy.domain.dialect import Dialect as Spoken
from proxy.domain.dialect import Thinking, lacks
from proxy.domain.errors import Fault
from proxy.stages.intake.features import features
from proxy.stages.policy.eligible import parameter_unsupported
from proxy.stages.provider.adapter import Dialect
from proxy.stages.provider.anthropic import Anthropic
from proxy.stages.provider.gemini import Gemini
from proxy.stages.provider.openai import OpenAI
from proxy.stages.provider.openrouter import OpenRouter
from proxy.stages.provider.sse import Decoder
from proxy.stages.stream.openai import OpenAIVoice
from tests import builders as some
from tests.properties import tiny
from tests.stages.intake.requests import chat as parsed
from tests.stages.policy.cases import case
from tests.stages.stream.speech import CALL_ID, CREATED_S, receipt

DIALECTS: Final[dict[str, Dialect]] = {
    "openai": OpenAI(),
    "openrouter": OpenRouter(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}
FOREIGN: Final = {"anthropic": tiny.ANTHROPIC, "gemini": tiny.GEMINI}
each = pytest.mark.parametrize("name", DIALECTS)
each_foreign = pytest.mark.parametrize("name", FOREIGN)

# --- what was said ----------------------------------------------------------------------------------------------------

WORDS = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
IDS = st.from_regex("[A-Za-z0-9_-]{1,8}", fullmatch=True)
OBJECTS = st.dictionaries(WORDS, st.one_of(st.integers(-5, 5), WORDS, st.none(), st.booleans()), max_size=3)
CALLS = st.lists(st.tuples(IDS, IDS, OBJECTS), max_size=3, unique_by=lambda call: call[0])


@st.composite
def answers(draw: st.DrawFn) -> dict[str, Any]:
    """What a model says in one answer: pieces of reasoning, pieces of text, calls."""
    return {
        "reasoning": draw(st.lists(WORDS, max_size=3)),
        "content": draw(st.lists(WORDS, max_size=4)),
        "calls": [{"id": i, "name": name, "arguments": given} for i, name, given in draw(CALLS)],
    }


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """User and assistant by turns, every call answered, a word for the model at the end."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": draw(WORDS)}]
    for _ in range(draw(st.integers(0, 3))):
        content = draw(st.none() | WORDS)
        calls = [
            {"id": i, "type": "function", "function": {"name": name, "arguments": orjson.dumps(value).decode()}}
            for i, name, value in draw(CALLS)
        ]
        if content or calls:
            messages.append({"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})})
            messages += [{"role": "tool", "tool_call_id": call["id"], "content": draw(WORDS)} for call in calls]
            messages.append({"role": "user", "content": draw(WORDS)})
    return messages


@each_foreign
@given(conversations(), st.none() | WORDS)
def test_a_conversation_arrives_as_it_was(name: str, messages: list[dict[str, Any]], prompt: str | None) -> None:
    terms = Terms("m", 100, stream=False, system_prompt=prompt)
    body = orjson.loads(DIALECTS[name].encode(some.chat(messages=tuple(messages)), terms).body)
    assert FOREIGN[name].understood(body) == tiny.told(messages, prompt)


@each_foreign
@given(answers(), st.data())
def test_an_answer_arrives_as_it_was_however_it_is_cut(name: str, said: dict[str, Any], data: st.DataObject) -> None:
    wire = FOREIGN[name].streamed(said)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert tiny.heard(_spoken(name, pieces)) == tiny.expected(said)
    assert tiny.heard(_spoken(name, [wire])) == tiny.expected(said)


@each_foreign
@given(answers())
def test_a_whole_answer_says_what_its_stream_says(name: str, said: dict[str, Any]) -> None:
    answer = DIALECTS[name].answer(FOREIGN[name].whole(said))
    assert isinstance(answer, Answer)
    (choice,) = orjson.loads(_voice().whole(answer, receipt()))["choices"]
    assert tiny.as_heard(choice["message"]) == tiny.expected(said)
    assert choice["finish_reason"] == ("tool_calls" if said["calls"] else "stop")


# --- nothing raised ---------------------------------------------------------------------------------------------------

NAMES: Final = (
    *("type", "index", "delta", "text", "thinking", "signature", "partial_json", "content_block", "message", "usage"),
    *("input_tokens", "output_tokens", "stop_reason", "error", "content", "id", "name", "input", "data", "role"),
    *("candidates", "parts", "functionCall", "args", "finishReason", "usageMetadata", "promptTokenCount", "thought"),
    *("promptFeedback", "blockReason", "logprobsResult", "chosenCandidates", "topCandidates", "token", "logProbability"),
    *("code", "status", "details", "metadata", "reason", "retryDelay", "raw", "responseId", "thoughtSignature"),
)
WORDS_OF_THEIRS: Final = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "error"),
    *("tool_use", "thinking", "redacted_thinking", "text_delta", "input_json_delta", "signature_delta", "STOP", "OTHER"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.text(max_size=4),
    st.sampled_from(WORDS_OF_THEIRS),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


@each
@given(st.lists(ANYTHING, max_size=6))
def test_no_stream_of_json_makes_it_raise_or_say_what_is_no_json(name: str, events: list[Any]) -> None:
    reader, voice = DIALECTS[name].reader(), _voice()
    for event in events:
        delta = reader.delta(_json(event))
        if delta.error is None:
            assert all(orjson.loads(line.partition(b"data: ")[2]) for line in voice.delta(delta).split(b"\n\n") if line)


@each
@given(ANYTHING)
def test_no_body_of_json_makes_it_raise(name: str, value: Any) -> None:
    answer = DIALECTS[name].answer(_json(value))
    if isinstance(answer, Answer):
        assert orjson.loads(_voice().whole(answer, receipt()))
    assert isinstance(DIALECTS[name].classify(400, {}, _json({"error": value})), Fault)


@each
@given(st.binary(), st.integers(200, 599))
def test_bytes_that_are_no_json_are_a_fault(name: str, body: bytes, status: int) -> None:
    dialect = DIALECTS[name]
    assert dialect.classify(status, {}, body).status == status
    found, delta = dialect.answer(b"<" + body), dialect.reader().delta(b"<" + body)
    assert (found, delta.error) == (Fault("garbled", status=200), Fault("garbled", status=200))


# --- nothing dropped unheard ------------------------------------------------------------------------------------------

MEASURED: Final = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 9),
        "temperature": st.sampled_from([0, 0.5, 1, 1.5]),
        "top_p": st.sampled_from([0.5, 1]),
        "presence_penalty": st.sampled_from([0, 1]),
        "frequency_penalty": st.sampled_from([0, 1]),
        "logprobs": st.booleans(),
        "stop": st.sampled_from(["x", [], ["a", "b"], "\n"]),
        "reasoning_effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "odd"]),
        "verbosity": st.sampled_from(["low", "medium"]),
        "logit_bias": st.sampled_from([{}, {"1": 1}]),
        "parallel_tool_calls": st.booleans(),
        "tool_choice": st.sampled_from(["auto", "none", "required", {"type": "function", "function": {"name": "f"}}]),
        "n": st.integers(1, 2),
    },
)
# Each field's place in a body, by what becomes of it; None where having no effect leaves nothing to say.
SAID: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "anthropic": {
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "stop": ("stop_sequences",),
        "reasoning_effort": ("thinking",),
        "tool_choice": ("tool_choice",),
    },
    "gemini": {
        "seed": ("generationConfig", "seed"),
        "temperature": ("generationConfig", "temperature"),
        "top_p": ("generationConfig", "topP"),
        "presence_penalty": ("generationConfig", "presencePenalty"),
        "frequency_penalty": ("generationConfig", "frequencyPenalty"),
        "logprobs": ("generationConfig", "responseLogprobs"),
        "stop": ("generationConfig", "stopSequences"),
        "reasoning_effort": ("generationConfig", "thinkingConfig"),
        "tool_choice": ("toolConfig",),
        "n": ("generationConfig", "candidateCount"),
    },
}
HARMLESS: Final[dict[str, Any]] = {
    **{"presence_penalty": 0, "frequency_penalty": 0, "logprobs": False, "verbosity": "medium", "logit_bias": {}},
    **{"parallel_tool_calls": True, "stop": [], "n": 1},
}


@each_foreign
@pytest.mark.parametrize("thinking", ["budget", "effort"])
@given(MEASURED)
def test_every_wish_is_said_or_a_reason(name: str, thinking: Thinking, asked: dict[str, Any]) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    request = parsed(tools=[tool], **asked)
    missing = lacks(DIALECT_OF[name], thinking, prefill=True, json_schema=True)
    wanted = features(request)
    if parameter_unsupported(case(some.model(lacks=missing), some.ask(features=wanted))) is not None:
        assert set(missing) & set(wanted)
        return
    terms = Terms("m", 4_000, stream=False, thinking=thinking)
    body = orjson.loads(DIALECTS[name].encode(request, terms).body)
    for field, value in asked.items():
        if value != HARMLESS.get(field, ...) and not (field == "parallel_tool_calls" and name == "anthropic"):
            assert _at(body, SAID[name][field]) is not None, field


DIALECT_OF: Final[dict[str, Spoken]] = {"anthropic": "anthropic", "gemini": "gemini"}


def _at(body: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        body = body.get(step) if isinstance(body, dict) else None
    return body


def _spoken(name: str, pieces: list[bytes]) -> bytes:
    """What a caller hears of a stream that arrives in these pieces."""
    decoder, reader, voice = Decoder(), DIALECTS[name].reader(), _voice()
    events = [event for piece in pieces for event in decoder.feed(piece)] + decoder.end()
    deltas = [reader.delta(event) for event in events]
    assert all(delta.error is None for delta in deltas)
    return b"".join((voice.head(), *map(voice.delta, deltas)))


def _voice() -> OpenAIVoice:
    voice = OpenAIVoice(CALL_ID, CREATED_S, False)
    voice.answering("p/m", None, "named")
    return voice


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
