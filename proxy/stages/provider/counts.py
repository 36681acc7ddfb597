"""What a provider says are numbers of tokens in, those that can be true out."""

from collections.abc import Mapping
from typing import Any, Final

TOKENS_MAX: Final = 10**9


def count(value: object) -> int | None:
    """A number of tokens; None for what is none (text, fractions, negative, absurd)."""
    return value if type(value) is int and 0 <= value <= TOKENS_MAX else None


def nested(value: Mapping[str, Any], group: str, name: str) -> int:
    """A detail of a usage object; 0 when it is missing or no count."""
    details = value.get(group)
    return (count(details.get(name)) or 0) if isinstance(details, dict) else 0
