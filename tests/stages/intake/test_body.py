"""What intake says to bodies that are no strict JSON object, and that it never raises."""

import time
import timeit
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Chat
from proxy.domain.errors import Refusal
from proxy.stages.intake import IntakeLimits, parse
from proxy.stages.intake.body import read
from tests.stages.intake.requests import body

LIMITS = IntakeLimits()
KEYS = st.text(max_size=5)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(parse(data), Chat | Refusal)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_every_object_that_can_be_written_is_read_unchanged(value: dict[str, Any]) -> None:
    assert read(orjson.dumps(value), LIMITS) == value


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(st.dictionaries(KEYS, VALUES, max_size=6), NUMBERS)
def test_a_body_is_read_alike_however_it_is_spaced(value: dict[str, Any], number: str) -> None:
    # White space before the object is what orjson never writes.
    text = orjson.dumps(value | {"number": 0})[:-2] + number.encode() + b"}"
    assert repr(read(text, LIMITS)) == repr(read(b" " + text, LIMITS))


@given(st.dictionaries(st.sampled_from(["model", "messages", "tools", "stop", "signalbox", "user", "n", "x"]), VALUES))
def test_no_object_raises(value: dict[str, Any]) -> None:
    assert isinstance(parse(orjson.dumps(value)), Chat | Refusal)


@given(VALUES, VALUES, st.lists(st.sampled_from(["list", "object"]), max_size=30), st.text(min_size=1, max_size=5))
def test_a_repeated_key_is_found_at_any_depth(first: Any, second: Any, wrappers: list[str], key: str) -> None:
    name = orjson.dumps(key)
    text = b"{" + name + b":" + orjson.dumps(first) + b', "between": 0, ' + name + b" : " + orjson.dumps(second) + b"}"
    for wrapper in wrappers:
        text = b"[1," + text + b"]" if wrapper == "list" else b'{"inner":' + text + b"}"
    found = read(b'{"outer":' + text + b"}", LIMITS)
    assert isinstance(found, Refusal)
    assert found.code == "invalid_request"
    assert "twice" in found.message


def test_a_repeated_key_is_named() -> None:
    found = parse(b'{"model": "a", "messages": [], "model": "b"}')
    assert isinstance(found, Refusal)
    assert (found.code, found.param) == ("invalid_request", "model")


def test_a_key_repeated_under_an_escape_is_repeated() -> None:
    found = parse(rb'{"model": "a", "mod\u0065l": "b"}')
    assert isinstance(found, Refusal)
    assert found.param == "model"


def test_a_repeated_key_that_cannot_be_printed_is_named_in_plain_characters() -> None:
    found = parse(rb'{"\ud800\r\n": 1, "\ud800\r\n": 2}')
    assert isinstance(found, Refusal)
    assert found.param == r"\ud800??"
    orjson.dumps(found.param)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a": 1} x',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 18446744073709551616}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        rb'{"a": "\ud800"}',
        rb'{"a": {"\udc00": 1}}',
        b'{"a": "\xff"}',
        b'{"a": "\x01"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_strict_json_is_called_so(text: bytes) -> None:
    found = parse(text)
    assert isinstance(found, Refusal)
    assert (found.code, found.status) == ("invalid_json", 400)


@pytest.mark.parametrize("text", [b"[]", b"null", b'"model"', b"1"])
def test_a_body_that_is_no_object_is_refused(text: bytes) -> None:
    found = parse(text)
    assert isinstance(found, Refusal)
    assert found.code == "invalid_request"


def test_a_surrogate_pair_is_one_character() -> None:
    assert read(rb'{"a": "\ud83d\ude00"}', LIMITS) == {"a": "\U0001f600"}


def test_nesting_is_allowed_up_to_the_limit_and_not_beyond() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + b"[" * (levels - 1) + b"1" + b"]" * (levels - 1) + b"}"

    assert isinstance(read(nested(LIMITS.nesting_max), LIMITS), dict)
    assert isinstance(read(nested(LIMITS.nesting_max + 1), LIMITS), Refusal)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900])
def test_bottomless_nesting_is_refused(text: bytes) -> None:
    assert isinstance(parse(text), Refusal)


def test_many_brackets_that_are_not_deep_are_no_nesting() -> None:
    assert isinstance(parse(body(logit_bias={}, stop=["[" * 50, "{" * 50])), Chat)


@pytest.mark.parametrize(
    "unit",
    [b"[", b"[],", b'{"a":', b"1,", b'"x",', b'{"a":1,"b":2},', b'"\\ud83d\\ude00",', b"9" * 4_000 + b",", b"1.5e300,"],
)
def test_reading_a_hostile_body_takes_time_in_proportion_to_its_length(unit: bytes) -> None:
    def seconds(length: int) -> float:
        text = b'{"a":[' + unit * (length // len(unit)) + b"0]}"
        return min(timeit.repeat(lambda: parse(text), timer=time.process_time, number=1, repeat=5))

    # Eight times the bytes: 8 when linear, 64 when quadratic.
    assert seconds(400_000) < 30 * max(seconds(50_000), 20e-6)
