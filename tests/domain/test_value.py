"""A value is the frozen dataclass it would be anyway: equal, hashed, shown, refused a change; only made at a lower price."""

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, field
from typing import Any

import pytest

from proxy.domain.value import dataclass, maker, replace


@dataclass(frozen=True, slots=True)
class Slotted:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Open:
    name: str
    size: int = 3
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Other:
    name: str
    secret: str = field(default="", compare=False, repr=False)


# More fields than dictionaries of one class share keys for.
_MORE = {f"more_{number}": number for number in range(40)}
_NAMES = {"name": str, "size": int, "facts": Mapping[str, int], **dict.fromkeys(_MORE, int)}
_DEFAULTS = {"size": 3, "facts": field(default_factory=dict), **_MORE}
Wide: Any = dataclass(frozen=True)(type("Wide", (), {"__annotations__": _NAMES, "__module__": __name__, **_DEFAULTS}))

KINDS = pytest.mark.parametrize("kind", [Slotted, Open, Wide])


@KINDS
def test_a_value_has_what_it_was_given_and_its_defaults(kind: type[Slotted]) -> None:
    value = kind("a")
    assert (value.name, value.size, value.facts) == ("a", 3, {})
    assert kind(name="a", size=4, facts={"b": 1}) == dataclasses.replace(value, size=4, facts={"b": 1})
    assert kind("a").facts is not value.facts
    assert type(value) is kind


@KINDS
def test_a_value_wants_what_it_has_no_default_for_and_nothing_else(kind: type[Slotted]) -> None:
    with pytest.raises(TypeError, match="name"):
        kind()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        kind("a", colour="red")  # type: ignore[call-arg]


@KINDS
def test_a_value_and_its_copies_are_frozen(kind: type[Slotted]) -> None:
    for value in (kind("a"), replace(kind("b"), name="a"), copy.copy(kind("a")), pickle.loads(pickle.dumps(kind("a")))):  # noqa: S301
        with pytest.raises(FrozenInstanceError):
            value.name = "b"  # type: ignore[misc]
        assert value == kind("a")


@KINDS
def test_replace_changes_what_it_is_told_and_leaves_the_value_as_it_was(kind: type[Slotted]) -> None:
    value = kind("a", 1, {"b": 2})
    assert replace(value, size=2) == kind("a", 2, {"b": 2})
    assert value == kind("a", 1, {"b": 2})


@KINDS
def test_a_value_is_equal_hashed_and_shown_as_the_standard_one(kind: type[Slotted]) -> None:
    shown = {each.name: getattr(kind("a"), each.name) for each in dataclasses.fields(kind)}
    standard = dataclasses.make_dataclass("Slotted", shown, frozen=True)
    assert repr(kind("a")).partition("(")[2] == repr(standard(**shown)).partition("(")[2]
    assert kind("a") == kind("a")
    assert kind("a") != kind("b")
    others: tuple[object, ...] = (("a", 3, {}), Other("a"))
    assert kind("a") not in others
    assert hash(Other("a")) == hash(Other("a"))
    assert {Other("a"): 1}[Other("a")] == 1


def test_what_is_not_compared_or_shown_is_left_out_as_usual() -> None:
    assert Other("a", secret="b") == Other("a", secret="c")
    assert hash(Other("a", secret="b")) == hash(Other("a", secret="c"))
    assert "secret" not in repr(Other("a", secret="b"))


def test_methods_that_a_class_has_of_its_own_stay() -> None:
    @dataclass(frozen=True, slots=True)
    class Quiet:
        name: str

        def __repr__(self) -> str:
            return "quiet"

    assert repr(Quiet("a")) == "quiet"


def test_what_does_more_than_keep_its_fields_is_an_ordinary_dataclass() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        name: str

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

    @dataclass(frozen=True, slots=True)
    class Derived(Slotted):
        colour: str = "red"

    @dataclass(frozen=True, slots=True)
    class Numbered:
        name: str
        number: int = field(default=1, init=False)

    @dataclass(slots=True)
    class Mutable:
        name: str

    with pytest.raises(ValueError, match="no name"):
        Checked("")
    assert replace(Derived("a"), size=4) == Derived("a", 4)
    with pytest.raises(FrozenInstanceError):
        Derived("a").colour = "blue"  # type: ignore[misc]
    assert Numbered("a").number == 1
    with pytest.raises(TypeError):
        Numbered("a", 2)  # type: ignore[call-arg]
    changed = Mutable("a")
    changed.name = "b"
    assert changed == Mutable("b")


def test_replace_serves_any_other_dataclass_as_well() -> None:
    @dataclasses.dataclass(frozen=True, slots=True)
    class Plain:
        size: int

    assert replace(Plain(1), size=2) == Plain(2)


@KINDS
def test_the_constructor_as_a_function_makes_the_same_value(kind: type[Slotted]) -> None:
    new = maker(kind)
    assert new("a") == kind("a")
    assert new(name="a", size=4, facts={"b": 1}) == kind("a", 4, {"b": 1})
    assert new("a").facts is not new("a").facts
    assert type(new("a")) is kind
    with pytest.raises(TypeError, match="name"):
        new()
    with pytest.raises(FrozenInstanceError):
        new("a").name = "b"  # type: ignore[misc]


def test_but_only_of_a_class_that_does_no_more_than_keep_its_fields() -> None:
    @dataclass(frozen=True)
    class Checked:
        size: int

        def __post_init__(self) -> None:
            assert self.size

    with pytest.raises(TypeError, match="Checked"):
        maker(Checked)
