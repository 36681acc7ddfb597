"""Single values of a listing in, clean ones out: what is junk, absurd or could trick a terminal is as good as not told."""

import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any, Final

TITLE_CHARS_MAX: Final = 120
TOKENS_MAX: Final = 10**9
PER_MILLION: Final = 10**6
# Shorter than the bound of a catalog's ids, so that the provider's own name still fits before it.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,119}(/[A-Za-z0-9._:@+-]{1,119}){0,3}")
_CURSOR: Final = re.compile(r"[\x21-\x7e]{1,512}")
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
# Wide enough for whatever matches: nothing is rounded before it is rounded on purpose.
_EXACT: Final = Context(prec=160)
_PRICE_STEP: Final = Decimal("0.000000001")
_PRICE_MAX: Final = Decimal(10**9)


def name(value: object) -> str | None:
    """A model's name, if the catalog can hold it."""
    return value if isinstance(value, str) and len(value) <= 160 and _NAME.fullmatch(value) else None


def title(value: object) -> str | None:
    """What people read: printable characters alone, so that no sign moves a cursor or turns the direction of a line."""
    if not isinstance(value, str):
        return None
    kept = "".join(sign for sign in value[: 4 * TITLE_CHARS_MAX] if sign.isprintable())
    return kept.strip()[:TITLE_CHARS_MAX] or None


def tokens(value: object) -> int | None:
    """A bound in tokens."""
    return value if type(value) is int and 0 < value <= TOKENS_MAX else None


def cursor(value: object) -> str | None:
    """What names the next page."""
    return value if isinstance(value, str) and _CURSOR.fullmatch(value) else None


def nested(value: Mapping[str, Any], *path: str) -> Any:
    """What stands at a path of objects; None where there is none."""
    found: Any = value
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def words(value: object) -> list[str] | None:
    """A list of words; None when it is none."""
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else None


def price(value: object, times: int) -> str | None:
    """A decimal string of dollars, `times` as much, as the catalog writes it. A number is none: it has been rounded already.

    What is finer than the catalog's nine decimals is rounded up.
    """
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        return None
    exact = _EXACT.multiply(Decimal(value), Decimal(times))
    if exact >= _PRICE_MAX:
        return None
    return _spelled(exact.quantize(_PRICE_STEP, ROUND_CEILING, _EXACT))


def _spelled(amount: Decimal) -> str:
    # Two decimals at least, and no zeros behind them.
    whole, _, decimals = format(amount, "f").partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"
