"""What each page of the console asks the gateway for, first page and a deep one of every list; and a gateway over one book that
is asked so."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from proxy.store.database import Database
from tests.api.house import House, open_house

Who = Literal["user", "admin"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a page. In braces stand ids: `own_call` of the caller, `call`, `user`, `key`, `request` and `line` from
    the middle of the book. It may cost `ratio_max` times as much, and no more for a reason that is said."""

    page: str
    who: Who
    path: str
    ratio_max: float = 1.3
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """One of a book's users before the console: a key, and what the braces of paths stand for."""

    key: str
    ids: Mapping[str, str]


def _of(page: str, who: Who, *paths: str) -> list[Asked]:
    return [Asked(page, who, path) for path in paths]


_CALLS: Final = "/api/admin/model-calls"
# All of a day, as pages ask for it.
_SINCE: Final = "from={from}"

ASKED: Final[Sequence[Asked]] = (
    *_of("chat", "user", "/api/me", "/api/ai/models", "/api/calls/{own_call}", "/api/conversations?limit=30"),
    *_of("usage", "user", "/api/usage", *(f"/api/usage?{_SINCE}&group={by}" for by in ("day", "assistant", "family", "model"))),
    *_of("usage", "user", "/api/calls?kind=model&limit=50", "/api/calls?kind=model&limit=50&before={call}"),
    *_of("usage", "user", "/api/calls?kind=model&status=failed&limit=50", "/api/calls?kind=model&model=p/m-1&limit=50"),
    *_of("usage", "user", f"/api/calls?kind=model&{_SINCE}&limit=50"),
    *_of("usage", "user", "/api/plan-requests?limit=50", "/api/keys?limit=50"),
    *_of("support", "admin", f"{_CALLS}/{{call}}", f"{_CALLS}?request=nobody-knows&limit=1"),
    *_of("support", "admin", "/api/admin/users/{user}", "/api/admin/users/{user}/standing", f"{_CALLS}?user={{user}}&limit=20"),
    *_of("support", "admin", "/api/admin/keys/{key}", f"{_CALLS}?key={{key}}&limit=20"),
    *_of("overview", "admin", *(f"/api/admin/analytics?{_SINCE}&group={by}&limit=50" for by in ("model", "provider", "user"))),
    *_of("calls", "admin", f"{_CALLS}?limit=50", f"{_CALLS}?limit=50&before={{call}}", f"{_CALLS}?status=failed&limit=50"),
    *_of("calls", "admin", f"{_CALLS}?model=p/m-1&status=failed&limit=50", f"{_CALLS}?kind=image&limit=50"),
    Asked("calls", "admin", f"{_CALLS}?user={{user}}&status=failed&limit=50", 2.0, "planned anew each time on PostgreSQL"),
    Asked("calls", "admin", f"{_CALLS}?key={{key}}&model=p/m-1&limit=50", 2.0, "looks at 50 calls, each on a page of its own"),
    *_of(
        "requests", "admin", "/api/admin/plan-requests?status=open&limit=50", "/api/admin/plan-requests?status=denied&limit=50"
    ),
    *_of("requests", "admin", "/api/admin/plan-requests?status=denied&limit=50&before={request}"),
    *_of("requests", "admin", "/api/admin/plan-requests/{request}"),
    *_of("users", "admin", "/api/admin/users?limit=50", "/api/admin/users?limit=50&after={user}"),
    *_of("users", "admin", "/api/admin/users?limit=50&begins={user}", "/api/admin/users?limit=50&suspended=true"),
    *_of("keys", "admin", "/api/admin/keys?limit=50", "/api/admin/keys?limit=50&before={key}"),
    *_of("keys", "admin", "/api/admin/keys?limit=50&user={user}", "/api/admin/apps?limit=50"),
    *_of("keys", "admin", "/api/admin/keys?limit=50&kind=user", "/api/admin/keys?limit=50&live=true&before={key}"),
    *_of("user", "admin", "/api/admin/users/{user}/entitlement", "/api/admin/keys?user={user}&live=true&limit=50"),
    *_of("catalog", "admin", "/api/admin/model-use"),
    *_of("overview", "admin", "/api/admin/overview"),
    *_of("health", "admin", "/api/admin/health", "/api/admin/health/history?limit=50"),
    *_of("budget", "admin", "/api/admin/budget", "/api/admin/alerts?limit=50"),
    *_of("abuse", "admin", "/api/admin/abuse?limit=50"),
    *_of("audit", "admin", "/api/admin/audit?limit=50", "/api/admin/audit?limit=50&before={line}"),
    *_of("audit", "admin", "/api/admin/audit?limit=50&subject=user:{user}", "/api/admin/audit?limit=50&from={old}"),
)
PAGES: Final = tuple(dict.fromkeys(asked.page for asked in ASKED))


class Hall:
    """A gateway over one book, with an administrator and some of its users."""

    def __init__(self, house: House, admin: str, seats: Mapping[str, Seat]) -> None:
        self._house = house
        self._admin = admin
        self._seats = seats

    async def ask(self, asked: Asked, user_id: str) -> None:
        """Raises AssertionError unless it is answered well."""
        seat = self._seats[user_id]
        key = self._admin if asked.who == "admin" else seat.key
        answer = await self._house.get(asked.path.format(**seat.ids), key)
        assert answer.status_code == 200, f"{asked.path}: {answer.text[:200]}"


@asynccontextmanager
async def open_hall(
    folder: Path, database: Database, user_ids: Sequence[str], middle: Mapping[str, str]
) -> AsyncIterator[Hall]:
    """`middle` are the ids of the middle of the book and the day from which reports are asked for."""
    async with open_house(folder, database=database, conversations_kept_days=30) as house:
        admin = await house.key("admin")
        seats = {user_id: await _seat(house, user_id, middle) for user_id in user_ids}
        yield Hall(house, admin, seats)


async def _seat(house: House, user_id: str, middle: Mapping[str, str]) -> Seat:
    key = await house.key("user", user_id=user_id, manage_keys=True)
    calls = (await house.get("/api/calls?limit=1", key)).json()["data"]
    own = calls[0]["id"] if calls else middle["call"]
    return Seat(key, {**middle, "own_call": own})
