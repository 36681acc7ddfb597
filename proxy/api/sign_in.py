"""`/api/session`: an administrator's or supporter's key in, a session of the console out and ended; the cookie is out of
reach of scripts, and every change needs the token beside it."""

from typing import Final

from starlette.responses import Response

from proxy.api.cookie import ended, kept, session_id
from proxy.api.endpoint import Answer, Endpoint, Visit, json_response
from proxy.api.schemas import MomentMs, Told
from proxy.api.sessions import LIFETIME_MS, Session
from proxy.domain.account import KeyKind
from proxy.domain.errors import Refusal

TAG: Final = "Console"
_KINDS: Final[tuple[KeyKind, ...]] = ("admin", "support")
_NONE: Final = Refusal("not_found", "This request came with a key and belongs to no session.")


class SessionTold(Told):
    """`token` goes into the header `x-signalbox-session` of every change."""

    kind: str
    key_id: str
    name: str
    token: str
    ends_at_ms: MomentMs


async def _open(visit: Visit) -> Answer:
    sessions, now_ms = visit.services.sessions, visit.services.clock.now_ms()
    if "authorization" not in visit.request.headers:
        return Refusal("invalid_api_key", "Sign in with a key: `Authorization: Bearer YOUR_KEY`.")
    _leave(visit)
    found, session = sessions.open(visit.caller.key.id, now_ms)
    response = json_response(_told(visit, session), 201)
    return _unkept(response, kept(found, _is_https(visit), LIFETIME_MS // 1_000))


async def _show(visit: Visit) -> Answer:
    found = session_id(dict(visit.request.headers.raw))
    session = visit.services.sessions.find(found, visit.services.clock.now_ms()) if found else None
    if session is None or session.key_id != visit.caller.key.id:
        return _NONE
    return _unkept(json_response(_told(visit, session)))


async def _end(visit: Visit) -> Answer:
    _leave(visit)
    return _unkept(Response(status_code=204), ended(_is_https(visit)))


def _leave(visit: Visit) -> None:
    """Ends the session that this browser was in."""
    found = session_id(dict(visit.request.headers.raw))
    if found is not None:
        visit.services.sessions.end(found)


def _told(visit: Visit, session: Session) -> SessionTold:
    key = visit.caller.key
    return SessionTold(kind=key.kind, key_id=key.id, name=key.name, token=session.token, ends_at_ms=session.ends_at_ms)


def _unkept(response: Response, cookie: str | None = None) -> Response:
    response.headers["cache-control"] = "no-store"
    if cookie is not None:
        response.headers["set-cookie"] = cookie
    return response


def _is_https(visit: Visit) -> bool:
    # Anybody may claim it: all that comes of it is a cookie that plain HTTP does not carry.
    return "https" in (visit.request.url.scheme, visit.request.headers.get("x-forwarded-proto"))


ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint("POST", "/api/session", _open, _KINDS, "Sign in to the console", TAG, answer=SessionTold, status=201),
    Endpoint("GET", "/api/session", _show, _KINDS, "The session that this browser is in", TAG, answer=SessionTold),
    Endpoint("DELETE", "/api/session", _end, _KINDS, "Sign out", TAG, status=204),
)
