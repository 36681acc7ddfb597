"""The console's session cookie as headers: how it is read, set and taken away; knows no session."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final

COOKIE: Final = "signalbox_session"
TOKEN_HEADER: Final = b"x-signalbox-session"
_COOKIES_CHARS_MAX: Final = 4_096
# Sent by this site's own pages alone, to the API alone, and out of reach of any script.
_TERMS: Final = "Path=/api; HttpOnly; SameSite=Strict"


def session_id(headers: Mapping[bytes, bytes]) -> str | None:
    """The id that the request's cookie holds."""
    given = headers.get(b"cookie", b"").decode("latin-1")
    if COOKIE not in given or len(given) > _COOKIES_CHARS_MAX:
        return None
    try:
        found = SimpleCookie(given).get(COOKIE)
    except CookieError:
        return None
    return found.value if found is not None else None


def kept(value: str, is_https: bool, age_s: int) -> str:
    """A `Set-Cookie` for a session."""
    return f"{COOKIE}={value}; {_TERMS}; Max-Age={age_s}{'; Secure' if is_https else ''}"


def ended(is_https: bool) -> str:
    """A `Set-Cookie` that takes it away."""
    return kept("", is_https, 0)
