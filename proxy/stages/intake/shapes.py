"""What single JSON values must look like and how a wrong one is named; knows no field of a request."""

import re
from collections.abc import Callable, Mapping, Set
from typing import Any, Final, NamedTuple

from proxy.domain.errors import Refusal

PARAM_CHARS_MAX: Final = 128
# What a store, a header or a log line may choke on.
_UNCLEAN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Shape(NamedTuple):
    """A test of one JSON value and the words for what it accepts."""

    accepts: Callable[[Any], bool]
    wanted: str


def invalid(param: str, message: str) -> Refusal:
    """A 400 that names the field. `param` may hold a key as the caller wrote it: it is cut and made plain ASCII."""
    plain = param[:PARAM_CHARS_MAX].encode("ascii", "backslashreplace").decode("ascii")
    return Refusal("invalid_request", message, param=_UNCLEAN.sub("?", plain))


def is_clean(value: object, chars_max: int) -> bool:
    """A text of 1 to `chars_max` characters without control characters or lone surrogates."""
    return isinstance(value, str) and 0 < len(value) <= chars_max and _UNCLEAN.search(value) is None


def is_whole(value: object) -> bool:
    """An integer; JSON's `true` is none, though Python's is."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def utf8_bytes(text: str) -> int:
    """The length of `text` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def squeezed(names: Set[str]) -> Mapping[str, str]:
    """Each name by its letters alone, for `lookalike`."""
    return {_squeeze(name): name for name in names}


def lookalike(name: str, known: Mapping[str, str]) -> str | None:
    """The known name that another reader of the same JSON might take `name` for: equal but for case, `_` and `-`."""
    return known.get(_squeeze(name))


def misspelt(where: str, name: str, meant: str) -> Refusal:
    """The answer to a lookalike: two readers of the body could take different fields (contract 7)."""
    return invalid(where + name, f"This field reads like `{meant}`. Write `{meant}`, or leave it out.")


def twin(holder: Mapping[str, Any], where: str, known: Mapping[str, str]) -> Refusal | None:
    """The refusal of the first field that reads like a known one and is none; `where` names the object."""
    for name in holder:
        meant = lookalike(name, known)
        if meant is not None and meant != name:
            return misspelt(f"{where}.", name, meant)
    return None


def _squeeze(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


BOOLEAN: Final = Shape(lambda value: isinstance(value, bool), "true or false")
NUMBER: Final = Shape(is_number, "a number")
WHOLE: Final = Shape(is_whole, "a whole number")
TEXT: Final = Shape(lambda value: isinstance(value, str), "a string")
OBJECT: Final = Shape(lambda value: isinstance(value, dict), "an object")
LIST: Final = Shape(lambda value: isinstance(value, list), "a list")
TEXT_OR_OBJECT: Final = Shape(lambda value: isinstance(value, str | dict), "a string or an object")
TEXT_OR_TEXTS: Final = Shape(
    lambda value: isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value)),
    "a string or a list of strings",
)
