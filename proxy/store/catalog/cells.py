"""The typed cells that catalog rows are made of, and what every row keeps to; knows no row."""

import re
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

NAME_CHARS_MAX: Final = 200
# Far beyond what anybody sells; together with what `check` says of prices they keep each bill within 64 bits.
MULTIPLIER_MAX: Final = 1_000
CREDITS_PER_DOLLAR_MAX: Final = 1_000_000
TOKENS_MAX: Final = 100_000_000
CHOICES_MAX: Final = 128
IMAGE_TOKENS_MAX: Final = 100_000

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


def _at_most(most: int) -> Any:
    def check(value: str) -> str:
        if Decimal(value) > most:
            raise ValueError(f"must be at most {most:,}")
        return value

    return AfterValidator(check)


PriceText = Annotated[str, _decimal(9, "2.50")]
MultiplierText = Annotated[str, _decimal(6, "1.25"), _at_most(MULTIPLIER_MAX)]
CreditsText = Annotated[str, BeforeValidator(_credits)]
WorthText = Annotated[str, BeforeValidator(_credits), _at_most(CREDITS_PER_DOLLAR_MAX)]
PlainId = Annotated[str, matching(_PLAIN_ID, "must be a name of letters, digits and . _ : @ + - that contains no slash")]
ModelId = Annotated[str, matching(_MODEL_ID, "must be provider/model: a model's id always contains a slash")]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Positive = Annotated[int, Field(ge=1, le=2**53)]
Tokens = Annotated[int, Field(ge=1, le=TOKENS_MAX)]
Natural = Annotated[int, Field(ge=0, le=2**53)]
Factor = Annotated[float, Field(ge=0, le=1_000)]


class Row(BaseModel):
    """Nothing is guessed: unknown keys and other types than the stated ones are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def scaled(text: str, factor: int) -> int:
    """A decimal string times a power of ten that makes it whole."""
    return int(Decimal(text) * factor)
