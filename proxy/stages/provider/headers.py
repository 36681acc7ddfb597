"""Headers that are alike in all dialects: what we say of a request, and a provider's wish for a pause and request id, neither
trusted as it came."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

# A provider that wants a longer pause is out for this call in any case.
RETRY_AFTER_MS_MAX: Final = 3_600_000
_HTTP_DATE: Final = "%a, %d %b %Y %H:%M:%S GMT"
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{1,128}")


def accepted(stream: bool) -> dict[str, str]:
    """The headers that say what is sent and which kind of answer is wanted."""
    return {"content-type": "application/json", "accept": "text/event-stream" if stream else "application/json"}


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """The pause a provider asks for, from `retry-after-ms` or `Retry-After` (RFC 9110, section 10.2.3: seconds or a date).

    None for junk and for more than an hour. A date counts from the answer's own `Date`, for we read no clock here.
    """
    for name, unit_ms in (("retry-after-ms", 1), ("retry-after", 1_000)):
        value = headers.get(name, "").strip()
        if _DECIMAL.fullmatch(value):
            return within(int(float(value) * unit_ms))
    until, since = _date(headers.get("retry-after")), _date(headers.get("date"))
    return None if until is None or since is None else within(max(0, int((until - since).total_seconds() * 1_000)))


def within(ms: int) -> int | None:
    """A wish for a pause if it makes sense, else None."""
    return ms if ms <= RETRY_AFTER_MS_MAX else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id of the exchange, for the record; None unless it is a plain word."""
    for name in ("x-request-id", "request-id", "x-generation-id"):
        value = headers.get(name, "")
        if _REQUEST_ID.fullmatch(value):
            return value
    return None


def _date(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.strptime(text.strip(), _HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
