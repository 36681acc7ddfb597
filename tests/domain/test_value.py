"""A swift value is the frozen dataclass it was: equal, hashed, refused a change; only made and copied faster."""

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field

import pytest

from proxy.domain.value import replace, swift


@swift
@dataclass(frozen=True, slots=True)
class Slotted:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


@swift
@dataclass(frozen=True)
class Open:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


KINDS = pytest.mark.parametrize("kind", [Slotted, Open])


@KINDS
def test_a_swift_value_has_what_it_was_given_and_its_defaults(kind: type[Slotted]) -> None:
    value = kind("a")
    assert (value.name, value.size, value.facts) == ("a", 3, {})
    assert kind(name="a", size=4, facts={"b": 1}) == dataclasses.replace(value, size=4, facts={"b": 1})
    assert kind("a").facts is not value.facts
    assert type(value) is kind


@KINDS
def test_a_swift_value_wants_what_it_has_no_default_for_and_nothing_else(kind: type[Slotted]) -> None:
    with pytest.raises(TypeError, match="name"):
        kind()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        kind("a", colour="red")  # type: ignore[call-arg]


@KINDS
def test_a_swift_value_and_its_copies_are_frozen(kind: type[Slotted]) -> None:
    for value in (kind("a"), replace(kind("b"), name="a"), copy.copy(kind("a")), pickle.loads(pickle.dumps(kind("a")))):  # noqa: S301
        with pytest.raises(FrozenInstanceError):
            value.name = "b"  # type: ignore[misc]
        assert value == kind("a")


@KINDS
def test_replace_changes_what_it_is_told_and_leaves_the_value_as_it_was(kind: type[Slotted]) -> None:
    value = kind("a", 1, {"b": 2})
    assert replace(value, size=2) == kind("a", 2, {"b": 2})
    assert value == kind("a", 1, {"b": 2})


def test_what_does_more_than_keep_its_fields_is_no_swift_value() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        name: str

        def __post_init__(self) -> None:
            raise ValueError

    class Derived(Slotted):
        pass

    for kind in (Checked, Derived):
        with pytest.raises(TypeError, match="more than keep"):
            swift(kind)


def test_replace_serves_any_other_dataclass_as_well() -> None:
    @dataclass(frozen=True, slots=True)
    class Plain:
        size: int

    assert replace(Plain(1), size=2) == Plain(2)
