"""What is wrong with a catalog, in words an operator can act on; never says what to do next to a caller."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from proxy.domain.value import dataclass

ADMIN_LAYER: Final = "admin change"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to mend: in which file (or `admin change`), at which key, what is wrong and what would be right."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.message}"


class CatalogMistakes(ValueError):
    """No catalog can be made; holds every mistake found, not only the first."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def mistakes_of(error: ValidationError, file: str, where: str, known: Iterable[str] = ()) -> list[Mistake]:
    """One Mistake for each thing pydantic found. `where` is the key path of the checked value, `known` its keys."""
    return [
        Mistake(file, key_path(where, found["loc"]), _sentence(found["type"], found["msg"], found.get("ctx", {}), known))
        for found in error.errors(include_url=False)
    ]


def key_path(where: str, parts: Sequence[int | str]) -> str:
    """`model[a/b]` and ("tiers", 0, "input") as `model[a/b].tiers[0].input`."""
    return where + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def _sentence(kind: str, message: str, context: Mapping[str, Any], known: Iterable[str]) -> str:
    if kind == "extra_forbidden":
        return f"is not a known key here; known are {', '.join(known)}" if known else "is not a known key here; remove it"
    words = _SENTENCES.get(kind)
    return words.format(**context) if words is not None else message.removeprefix("Value error, ")


_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is missing; write it",
    "int_type": "must be a whole number without quotes",
    "int_from_float": "must be a whole number without quotes",
    "float_type": "must be a number without quotes",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "list_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "literal_error": "must be one of {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "too_short": "must have at least {min_length} entries",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
}
