"""Claims about what is recorded: every Ask, Verdict and Decision there can be is the same after JSON and back."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.call import Attempt, Call
from proxy.domain.decision import Decision, Health
from proxy.domain.journey import Ask
from proxy.domain.standing import Standing
from proxy.domain.verdict import Advice, Verdict
from proxy.store.recorded import ADVICE, ASK, DECISION, HEALTH, STANDING, VERDICT, attempts_of
from proxy.store.rows import CALL_COLUMNS, WHOLE_COLUMNS, attempts_json, packed, to_json, unpacked, whole_row
from tests import builders

SIZE_MAX: Final = 2
# What a value of the domain can hold: text without lone surrogates (the border checks), numbers as SQLite and JSON keep them.
PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=4),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    NoneType: st.none(),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Every value that a field of this type can have; a type nobody thought of is a KeyError."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)})
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*map(values_of, inner))
    if origin is tuple:
        return st.lists(values_of(inner[0]), max_size=SIZE_MAX).map(tuple)
    if origin is Mapping:
        return st.dictionaries(*map(values_of, inner), max_size=SIZE_MAX)
    return PLAIN[kind]


def same(kind: Any, value: object) -> bool:
    return bool(kind.validate_json(to_json(value)) == value)


def whole(call: Call) -> dict[str, Any]:
    return dict(zip(WHOLE_COLUMNS, whole_row(call), strict=True))


@given(values_of(Ask))
def test_every_ask_survives_being_recorded(ask: Ask) -> None:
    assert same(ASK, ask)


@given(values_of(Verdict))
def test_every_verdict_survives_being_recorded(verdict: Verdict) -> None:
    assert same(VERDICT, verdict)


@given(values_of(Decision))
def test_every_decision_survives_being_recorded(decision: Decision) -> None:
    assert same(DECISION, decision)


@given(values_of(Standing))
def test_every_standing_survives_being_recorded(standing: Standing) -> None:
    assert same(STANDING, standing)


@given(values_of(Health))
def test_every_health_survives_being_recorded(health: Health) -> None:
    assert same(HEALTH, health)


@given(values_of(Advice))
def test_every_advice_survives_being_recorded(advice: Advice) -> None:
    assert same(ADVICE, advice)


@given(values_of(Call))
def test_every_call_survives_being_packed(call: Call) -> None:
    assert unpacked(packed(call)) == {name: value for name, value in whole(call).items() if name != "attempts"}


@given(values_of(tuple[Attempt, ...]))
def test_every_attempt_survives_being_recorded(attempts: tuple[Attempt, ...]) -> None:
    assert attempts_of(attempts_json(attempts)) == attempts


def test_what_the_first_release_packed_is_read_and_what_a_later_one_will_is_not() -> None:
    row = {name: value for name, value in whole(builders.call()).items() if name in CALL_COLUMNS}
    assert unpacked(to_json(row)) == row
    with pytest.raises(ValueError, match="a call packed as of 2"):
        unpacked("[2]")


def test_every_field_of_a_call_and_an_attempt_has_a_place() -> None:
    usage = {"input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"}
    usage |= {"images", "requests", "usage_source"}
    assert {f.name for f in fields(Call)} - {"usage", "refunded_milli"} == set(WHOLE_COLUMNS) - usage
