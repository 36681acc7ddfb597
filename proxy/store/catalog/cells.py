"""The typed cells that catalog rows are made of, and what every row keeps to; knows no row."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

NAME_CHARS_MAX: Final = 200

_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]*")
_MODEL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._:@+-]+)+")


def _decimal(digits_after_point: int, example: str) -> Any:
    shape = re.compile(rf"[0-9]{{1,9}}(\.[0-9]{{1,{digits_after_point}}})?")

    def check(value: object) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f'must be a decimal string: put it in quotes, as in "{value}"')
        if not isinstance(value, str) or shape.fullmatch(value) is None:
            raise ValueError(f'must be a decimal string such as "{example}", with at most {digits_after_point} decimals')
        return value

    return BeforeValidator(check)


def _credits(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,3})?", value):
        return value
    raise ValueError('must be credits: a whole number, or a decimal string such as "2.5" with at most 3 decimals')


def matching(pattern: re.Pattern[str], words: str) -> Any:
    def check(value: str) -> str:
        if len(value) > NAME_CHARS_MAX or pattern.fullmatch(value) is None:
            raise ValueError(words)
        return value

    return AfterValidator(check)


PriceText = Annotated[str, _decimal(9, "2.50")]
MultiplierText = Annotated[str, _decimal(6, "1.25")]
CreditsText = Annotated[str, BeforeValidator(_credits)]
PlainId = Annotated[str, matching(_PLAIN_ID, "must be a name of letters, digits and . _ : @ + - that contains no slash")]
ModelId = Annotated[str, matching(_MODEL_ID, "must be provider/model: a model's id always contains a slash")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Positive = Annotated[int, Field(ge=1, le=2**53)]
Natural = Annotated[int, Field(ge=0, le=2**53)]
Factor = Annotated[float, Field(ge=0, le=1_000)]


class Row(BaseModel):
    """Nothing is guessed: unknown keys and other types than the stated ones are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def scaled(text: str, factor: int) -> int:
    """A decimal string times a power of ten that makes it whole."""
    return int(Decimal(text) * factor)
