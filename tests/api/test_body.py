"""Claims about reading bodies: whole and within the bound, or refused as early as that can be known."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api.body import read_body
from proxy.api.reply import Message, Receive
from proxy.domain.errors import Refusal

GONE: Message = {"type": "http.disconnect"}


def arriving(*pieces: bytes | None) -> Receive:
    """Pieces as they arrive; None is the caller leaving."""
    messages: list[Message] = [
        GONE if piece is None else {"type": "http.request", "body": piece, "more_body": place < len(pieces) - 1}
        for place, piece in enumerate(pieces)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return receive


def refused(answer: object) -> str:
    assert isinstance(answer, Refusal)
    return answer.code


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.integers(0, 100))
async def test_any_split_of_a_body_reads_the_same(pieces: list[bytes], bytes_max: int) -> None:
    answer = await read_body(arriving(*pieces), {}, bytes_max)
    whole = b"".join(pieces)
    assert answer == whole if len(whole) <= bytes_max else refused(answer) == "body_too_large"


async def test_a_caller_who_leaves_before_its_end_sent_no_body() -> None:
    assert await read_body(arriving(None), {}, 10) is None
    assert await read_body(arriving(b"a", None), {}, 10) is None


@pytest.mark.parametrize("length", [b"11", b"9" * 5_000])
async def test_an_announced_size_over_the_bound_is_refused_before_a_byte_is_read(length: bytes) -> None:
    answer = await read_body(arriving(), {b"content-length": length}, 10)
    assert refused(answer) == "body_too_large"
    assert isinstance(answer, Refusal)
    assert "10 bytes" in answer.message


@pytest.mark.parametrize("length", [b"-1", b"abc", b""])
async def test_a_size_that_is_none_is_left_to_the_bytes(length: bytes) -> None:
    assert await read_body(arriving(b"x"), {b"content-length": length}, 10) == b"x"


def headers(**given: str) -> dict[bytes, bytes]:
    return {name.replace("_", "-").encode(): value.encode() for name, value in given.items()}


ACCEPTED: Iterable[dict[str, Any]] = [
    {},
    {"content_type": "application/json"},
    {"content_type": "Application/JSON; charset=utf-8"},
    {"content_type": "application/vnd.api+json"},
    {"content_type": "text/plain", "content_length": "0"},
    {"content_encoding": "identity"},
]


@pytest.mark.parametrize("given", ACCEPTED)
async def test_json_is_taken_under_its_names(given: dict[str, str]) -> None:
    assert await read_body(arriving(b"{}"), headers(**given), 10) == b"{}"


@pytest.mark.parametrize(
    "given", [{"content_type": "text/plain"}, {"content_type": "multipart/form-data; boundary=x"}, {"content_encoding": "gzip"}]
)
async def test_other_media_are_refused_before_a_byte_is_read(given: dict[str, str]) -> None:
    assert refused(await read_body(arriving(), headers(**given), 10)) == "unsupported_media_type"
