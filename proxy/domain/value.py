"""A class with annotated fields in, a dataclass out; a frozen one is declared, made and copied at a fraction of the usual
price, and differs in nothing else.

`dataclasses` writes and compiles five methods for a frozen class when it is declared (a millisecond; there are three
hundred), and its constructor sets each field through `object.__setattr__`, which costs six times a plain assignment. Here all
classes share their methods but the constructor and the copying, and these are compiled for the first who calls them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

__all__ = ["dataclass", "maker", "replace"]

T = TypeVar("T")
P = ParamSpec("P")

# While it is made, a value with slots has the class of its twin, which has the same slots and lets them be assigned.
_SLOTTED: Final = """
def __init__(self, {parameters}):
    _set_class(self, _twin)
    {assigned}
    self.__class__ = _frozen
"""
_SLOTTED_COPY: Final = """
def _with(self, changes):
    other = _new(_twin)
    {copied}
    for name, value in changes.items():
        setattr(other, name, value)
    other.__class__ = _frozen
    return other
"""
_OPEN: Final = """
def __init__(self, {parameters}):
    {assigned}
"""
_OPEN_COPY: Final = """
def _with(self, changes):
    other = _new(_frozen)
    other.__dict__.update(self.__dict__)
    other.__dict__.update(changes)
    return other
"""
_SLOTTED_MAKER: Final = """
def make({parameters}):
    self = _new(_twin)
    {assigned}
    self.__class__ = _frozen
    return self
"""
_OPEN_MAKER: Final = """
def make({parameters}):
    self = _new(_frozen)
    {assigned}
    return self
"""
# Dictionaries of one class share their keys up to so many; another one grows by threes, and is left with twice the room.
_SHARED_FIELDS_MAX: Final = 29
_SET_CLASS: Final = object.__dict__["__class__"].__set__


if TYPE_CHECKING:
    # The type checker knows their meaning by their names.
    from dataclasses import dataclass, replace
else:

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Callable[[type[T]], type[T]]:
        """What `dataclasses.dataclass` makes; it serves what is not frozen, has a base or does more than set its fields."""

        def declare(cls: type[T]) -> type[T]:
            if not frozen or _does_more(cls):
                made = dataclasses.dataclass(frozen=frozen, slots=slots)(cls)
                made.__with__ = None  # a base's would make one of the base
                return made
            return _value(cls, slots)

        return declare

    def replace(value: T, /, **changes: object) -> T:
        """A value with some of its fields changed, as `dataclasses.replace` makes it; it serves what was not made here."""
        changed = getattr(value, "__with__", None)
        return dataclasses.replace(value, **changes) if changed is None else changed(changes)


def maker(cls: Callable[P, T]) -> Callable[P, T]:
    """The constructor of a frozen class as a plain function. What a class is called with by name is put into a dictionary
    first, and taken out again: half of what a value of thirty fields costs. Raises TypeError for one that was not made here."""
    if getattr(cls, "__with__", None) is None:
        raise TypeError(f"{cls} does more than keep its fields")
    make: Callable[P, T] = _compiled(cls, _SLOTTED_MAKER, _OPEN_MAKER)["make"]
    return make


def _does_more(cls: type[Any]) -> bool:
    has_own_way = any(isinstance(value, Field) and not value.init for value in vars(cls).values())
    return cls.__bases__ != (object,) or hasattr(cls, "__post_init__") or has_own_way


def _value(cls: type[T], slots: bool) -> type[T]:
    # What says nothing about itself is otherwise given its signature as its documentation, which takes longer than all else.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    # A dataclass that derives from it looks there whether it may be frozen; typeshed does not know the place.
    made.__dataclass_params__.frozen = True  # type: ignore[attr-defined]
    for name, method in _methods(made).items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _methods(cls: type[Any]) -> dict[str, Callable[..., Any]]:
    known = fields(cls)
    compared = [field.name for field in known if field.compare]
    content = attrgetter(*compared) if compared else type
    shown = [field.name for field in known if field.repr]

    def written(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def equal(self: Any, other: object) -> bool:
        if self is other:
            return True
        return content(self) == content(other) if type(other) is type(self) else NotImplemented

    def hashed(self: Any) -> int:
        return hash(content(self))

    def construct(self: Any, *given: Any, **named: Any) -> None:
        cls.__init__ = _compiled(cls, _SLOTTED, _OPEN)["__init__"]
        cls.__init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__(self, *given, **named)

    def copied(self: Any, changes: dict[str, Any]) -> Any:
        cls.__with__ = _compiled(cls, _SLOTTED_COPY, _OPEN_COPY)["_with"]
        return self.__with__(changes)

    return {
        "__init__": construct,
        "__with__": copied,
        "__repr__": written,
        "__eq__": equal,
        "__hash__": hashed,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
        "__reduce__": _taken_apart,
    }


def _refuse(self: Any, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"{type(self).__name__}.{name} is frozen")


def _taken_apart(self: Any) -> tuple[type[Any], tuple[Any, ...]]:
    return type(self), tuple(getattr(self, field.name) for field in fields(self))


def _compiled(cls: Any, slotted: str, unslotted: str) -> dict[str, Any]:
    known = fields(cls)
    slots = cls.__dict__.get("__slots__")
    template, assigned = (unslotted, _in_dictionary(known)) if slots is None else (slotted, _in_slots(known))
    source = template.format(
        parameters=", ".join(map(_parameter, known)),
        assigned="\n    ".join(assigned),
        copied="\n    ".join(f"other.{field.name} = self.{field.name}" for field in known),
    )
    names: dict[str, Any] = {"_frozen": cls, "_unset": MISSING, "_new": object.__new__, "_set_class": _SET_CLASS}
    names["_set_dict"] = cls.__dict__["__dict__"].__set__ if slots is None else None
    names["_twin"] = None if slots is None else _twin(cls)
    names |= {f"_default_{field.name}": field.default for field in known}
    names |= {f"_make_{field.name}": field.default_factory for field in known}
    # As dataclasses itself does: only a constructor that names its fields is a fast one.
    exec(source, names)  # noqa: S102
    return names


def _twin(cls: Any) -> type[Any]:
    """The class of a value while it is made, one for all that is compiled of its own."""
    if "__twin__" not in cls.__dict__:
        cls.__twin__ = type(cls.__name__, (), {"__slots__": cls.__slots__})
    twin: type[Any] = cls.__twin__
    return twin


def _in_slots(known: Sequence[Field[Any]]) -> list[str]:
    return [f"self.{field.name} = {_given(field)}" for field in known]


def _in_dictionary(known: Sequence[Field[Any]]) -> list[str]:
    if len(known) > _SHARED_FIELDS_MAX:
        return [f"_set_dict(self, {{{', '.join(f'{field.name!r}: {_given(field)}' for field in known)}}})"]
    return ["_own = self.__dict__", *(f"_own['{field.name}'] = {_given(field)}" for field in known)]


def _parameter(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f"{field.name}=_unset"
    return field.name if field.default is MISSING else f"{field.name}=_default_{field.name}"


def _given(field: Field[Any]) -> str:
    if field.default_factory is MISSING:
        return field.name
    return f"_make_{field.name}() if {field.name} is _unset else {field.name}"
