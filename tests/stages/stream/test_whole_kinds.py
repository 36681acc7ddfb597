"""Claims about the voices of embeddings and images: what of an answer reaches a caller, and that nothing of a stream does."""

from typing import Any

import orjson
import pytest

from proxy.domain.call import Receipt
from proxy.domain.chat import Answer, Delta
from proxy.domain.errors import Refusal
from proxy.domain.usage import Usage
from proxy.stages.stream import Voice
from proxy.stages.stream.embeddings import EmbeddingsVoice
from proxy.stages.stream.images import ImagesVoice

THEIRS: dict[str, Any] = {"model": "theirs", "cost": 0.5, "provider": "secret", "usage": {"cost": 0.5}, "created": 3}


def receipt(tokens: int = 0, images: int = 0) -> Receipt:
    return Receipt("call_1", 1_767_225_600, None, "p/m", "named", 1, 1_500, Usage(tokens, images=images), None)


def test_vectors_are_told_with_our_usage_and_price() -> None:
    answer = Answer({**THEIRS, "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}, None, 0, 0, False, None)
    told = orjson.loads(EmbeddingsVoice().whole(answer, receipt(7)))
    assert told.pop("signalbox")["credits"] == "1.5"
    assert told == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
        "model": "p/m",
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    }


def test_images_are_told_with_our_usage_and_price_and_what_they_are() -> None:
    given = {**THEIRS, "data": [{"b64_json": "AAAA"}], "size": "1024x1024", "quality": 7}
    told = orjson.loads(ImagesVoice().whole(Answer(given, None, 0, 0, False, None, images=1), receipt(5, 1)))
    assert told.pop("signalbox")["credits"] == "1.5"
    assert told.pop("usage") == {
        "input_tokens": 5,
        "output_tokens": 0,
        "total_tokens": 5,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
        "images": 1,
    }
    assert told == {"created": 1_767_225_600, "model": "p/m", "data": [{"b64_json": "AAAA"}], "size": "1024x1024"}


@pytest.mark.parametrize("voice", [EmbeddingsVoice(), ImagesVoice()])
def test_of_a_stream_nothing_is_said(voice: Voice) -> None:
    voice.answering("p/m", None, "named")
    said = (voice.head(), voice.delta(Delta({})), voice.tail(receipt()), voice.error(Refusal("upstream_error", "x")))
    assert said == (b"", b"", b"", b"")
