"""Values that the voices' tests share: chunks as a provider writes them, a receipt, and what a caller makes of the bytes."""

from dataclasses import replace
from typing import Any, Final

import orjson

from proxy.domain.call import Receipt
from proxy.domain.usage import Usage
from proxy.stages.provider.completions.chunk import read_chunk

CALL_ID: Final = "call_ours"
CREATED_S: Final = 1_767_225_600
THEIRS: Final = {"id": "chatcmpl-theirs", "object": "chat.completion.chunk", "created": 12, "model": "gpt-theirs"}


def choice(finish_reason: str | None = None, /, index: Any = 0, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def chunk(*choices: Any, **top: Any) -> bytes:
    """A provider's chunk; a top-level field given as None is null, one given as ... is left out."""
    value = {**THEIRS, "choices": list(choices), **top}
    return orjson.dumps({name: part for name, part in value.items() if part is not ...})


def tool(**call: Any) -> dict[str, Any]:
    return choice(tool_calls=[call])


def spoken(voice: Any, *data: bytes) -> bytes:
    """What the voice says of a provider's events, in order."""
    return b"".join(voice.delta(read_chunk(event)) for event in data)


def heard(stream: bytes) -> list[Any]:
    """The events of a stream as a caller reads them: JSON values, or the word itself."""
    events = [event.removeprefix(b"data: ") for event in stream.split(b"\n\n") if event]
    return [event.decode() if event == b"[DONE]" else orjson.loads(event) for event in events]


def receipt(**changes: Any) -> Receipt:
    base = Receipt(
        call_id=CALL_ID,
        created_s=CREATED_S,
        assistant_id="general",
        model_id="p/m",
        reason="best_score",
        attempts=2,
        credits_milli=1_500,
        usage=Usage(input=10, cached_input=5, output=7, reasoning=3),
        finish_reason="stop",
    )
    return replace(base, **changes)
