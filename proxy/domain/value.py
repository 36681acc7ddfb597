"""A frozen dataclass in, the same class out, made and copied at the price of a plain one; changes nothing else about it.

A frozen dataclass sets each field through `object.__setattr__`, which costs six times a plain assignment, and
`dataclasses.replace` looks up each field first. A call makes about fifty such values, some with thirty fields.
"""

import dataclasses
from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

__all__ = ["replace", "swift"]

T = TypeVar("T")

# While it is made, a value with slots has the class of its twin, which has the same slots and lets them be assigned.
_SLOTTED: Final = """
def __init__(self, {parameters}):
    _set_class(self, _twin)
    {assigned}
    self.__class__ = _frozen

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
    _own = self.__dict__
    {assigned}

def _with(self, changes):
    other = _new(_frozen)
    other.__dict__.update(self.__dict__)
    other.__dict__.update(changes)
    return other
"""
_SET_CLASS: Final = object.__dict__["__class__"].__set__


def swift(cls: type[T]) -> type[T]:
    """The same frozen dataclass with a faster constructor, known to `replace`. Raises TypeError for one that has a base, or
    does more than set its fields."""
    known = fields(cls)  # type: ignore[arg-type]
    if cls.__bases__ != (object,) or hasattr(cls, "__post_init__") or not all(field.init for field in known):
        raise TypeError(f"{cls.__name__} does more than keep its fields")
    slots = cls.__dict__.get("__slots__")
    template, place = (_OPEN, "_own['{}']") if slots is None else (_SLOTTED, "self.{}")
    source = template.format(
        parameters=", ".join(map(_parameter, known)),
        assigned="\n    ".join(f"{place.format(field.name)} = {_given(field)}" for field in known),
        copied="\n    ".join(f"other.{field.name} = self.{field.name}" for field in known),
    )
    names: dict[str, Any] = {"_frozen": cls, "_unset": MISSING, "_new": object.__new__, "_set_class": _SET_CLASS}
    names["_twin"] = None if slots is None else type(cls.__name__, (), {"__slots__": slots})
    names |= {f"_default_{field.name}": field.default for field in known}
    names |= {f"_make_{field.name}": field.default_factory for field in known}
    # As dataclasses itself does: only a constructor that names its fields is a fast one.
    exec(source, names)  # noqa: S102
    setattr(cls, "__init__", names["__init__"])  # noqa: B010 - a type checker cannot follow what is made here
    setattr(cls, "__swift_replace__", names["_with"])  # noqa: B010
    return cls


if TYPE_CHECKING:
    # The type checker knows its meaning by its name.
    from dataclasses import replace
else:

    def replace(value: T, /, **changes: object) -> T:
        """A value with some of its fields changed, as `dataclasses.replace` makes it, which serves those that are not swift."""
        swiftly = getattr(value, "__swift_replace__", None)
        return dataclasses.replace(value, **changes) if swiftly is None else swiftly(changes)


def _parameter(field: Field[Any]) -> str:
    if field.default_factory is not MISSING:
        return f"{field.name}=_unset"
    return field.name if field.default is MISSING else f"{field.name}=_default_{field.name}"


def _given(field: Field[Any]) -> str:
    if field.default_factory is MISSING:
        return field.name
    return f"_make_{field.name}() if {field.name} is _unset else {field.name}"
