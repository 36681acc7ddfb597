"""What answers and bodies of the API are made of: shared field types and the bases all models stand on; money is credits in
decimal strings, moments are milliseconds since 1970 (UTC)."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from proxy.domain.money import credits_text

MILLI: Final = 1_000
CREDITS_MAX: Final = 10**9
# What a store, a header or a log line may choke on never gets that far.
_PLAIN: Final = r"^[^\x00-\x1f\x7f-\x9f]+$"
_WORDS: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"

Credits = Annotated[str, Field(description="Credits, as a decimal string with up to three decimals.", examples=["12.5"])]
CreditsIn = Annotated[
    Decimal,
    Field(gt=0, le=CREDITS_MAX, decimal_places=3, description="Credits, as a decimal string or a number.", examples=["12.5"]),
]
MomentMs = Annotated[int, Field(description="Milliseconds since 1970, UTC.", examples=[1767225600000])]
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=_PLAIN)]
Words = Annotated[str, Field(max_length=2_000, pattern=_WORDS)]


class Given(BaseModel):
    """A body: a field that we do not know is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Queries(BaseModel):
    """The query of an address: names that we do not know are left alone, for clients and proxies add their own."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)


def credits_of(milli: int) -> str:
    """An amount in an answer; what is overdrawn shows as nothing left."""
    return credits_text(max(0, milli))


def milli_of(credits: Decimal) -> int:
    """An amount in a body; its three decimals were checked."""
    return int(credits * MILLI)
