"""What each page of the console asks the gateway for, first page and a deep one of every list; and a gateway over one book that
is asked so."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import httpx2

from proxy.api.gateway import build_gateway
from proxy.api.offices import build_offices
from proxy.clock import SystemClock
from proxy.domain.desk import PlanRequest
from proxy.store.catalog.desk import SqlCatalogDesk
from proxy.store.catalog.source import SqlCatalog
from proxy.store.database import Database
from tests.api.house import House, bearing, open_house

Who = Literal["user", "admin"]

_CATALOG: Final = Path(__file__).parents[3] / "config"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a page. In braces stand ids: `own_call`, `own_kept` and `own_request` (an open one) of the caller, `call`,
    `user`, `key`, `request` and `line` from the middle of the book. Where there is a `body`, which changes nothing, it is sent.
    One that `tells_users` looks at calls for who made them: with few users it would soon have seen them all."""

    page: str
    who: Who
    path: str
    body: Mapping[str, Any] = field(default_factory=dict, compare=False)
    tells_users: bool = False


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
    *_of("chat", "user", "/api/me", "/api/ai/models", "/api/calls/{own_call}"),
    Asked(
        "chat", "user", "/api/ai/precheck", {"model": "auto", "messages": [{"role": "user", "content": "What does it cost?"}]}
    ),
    *_of("chat", "user", "/api/conversations?limit=30", "/api/conversations?limit=2&before={kept_before}"),
    *_of("chat", "user", "/api/conversations/{own_kept}", "/api/conversations/{own_kept}?format=markdown"),
    *_of("usage", "user", "/api/usage", *(f"/api/usage?{_SINCE}&group={by}" for by in ("day", "assistant", "family", "model"))),
    *_of("usage", "user", "/api/calls?kind=model&limit=50", "/api/calls?kind=model&limit=50&before={call}"),
    *_of("usage", "user", "/api/calls?kind=model&status=failed&limit=50", "/api/calls?kind=model&model=p/m-1&limit=50"),
    *_of("usage", "user", f"/api/calls?kind=model&{_SINCE}&limit=50", "/api/calls?kind=model&limit=200&before={call}"),
    *_of("usage", "user", "/api/plan-requests?limit=50", "/api/keys?limit=50"),
    *_of("support", "admin", f"{_CALLS}/{{call}}", f"{_CALLS}?request=nobody-knows&limit=1"),
    *_of("support", "admin", "/api/admin/users/{user}", "/api/admin/users/{user}/standing"),
    *_of("support", "admin", "/api/admin/keys/{key}", f"{_CALLS}?key={{key}}&kind=model&limit=50"),
    *_of("support", "admin", f"{_CALLS}?user={{user}}&kind=model&limit=50", f"{_CALLS}?kind=model&limit=50"),
    *_of("support", "admin", f"{_CALLS}?kind=model&limit=50&before={{call}}"),
    *_of("overview", "admin", *(f"/api/admin/analytics?{_SINCE}&group={by}&limit=50" for by in ("model", "provider", "user"))),
    Asked("overview", "admin", f"/api/admin/analytics?{_SINCE}&group=user&limit=50&after={{user}}", tells_users=True),
    *_of("calls", "admin", f"{_CALLS}?limit=50", f"{_CALLS}?limit=50&before={{call}}", f"{_CALLS}?status=failed&limit=50"),
    *_of("calls", "admin", f"{_CALLS}?model=p/m-1&status=failed&limit=50", f"{_CALLS}?kind=image&limit=50"),
    *_of("calls", "admin", f"{_CALLS}?user={{user}}&status=failed&limit=50", f"{_CALLS}?key={{key}}&model=p/m-1&limit=50"),
    *_of(
        "requests", "admin", "/api/admin/plan-requests?status=open&limit=50", "/api/admin/plan-requests?status=denied&limit=50"
    ),
    *_of("requests", "admin", "/api/admin/plan-requests?status=denied&limit=50&before={request}"),
    *_of("requests", "admin", "/api/admin/plan-requests/{request}", "/api/admin/plan-requests/{own_request}"),
    *_of("users", "admin", "/api/admin/users?limit=50", "/api/admin/users?limit=50&after={user}"),
    *_of("users", "admin", "/api/admin/users?limit=50&begins={user}", "/api/admin/users?limit=50&suspended=true"),
    *_of("users", "admin", "/api/admin/users?limit=50&named=u", "/api/admin/users?limit=50&named=u&after={user}"),
    *_of("users", "admin", "/api/admin/users?limit=50&named=u&suspended=true", "/api/admin/users?limit=50&named=u&app=nobody"),
    *_of("keys", "admin", "/api/admin/keys?limit=50", "/api/admin/keys?limit=50&before={key}"),
    *_of("keys", "admin", "/api/admin/keys?limit=50&user={user}", "/api/admin/apps?limit=50"),
    *_of("keys", "admin", "/api/admin/keys?limit=50&kind=user", "/api/admin/keys?limit=50&live=true&before={key}"),
    *_of("user", "admin", "/api/admin/users/{user}/entitlement", "/api/admin/keys?user={user}&live=true&limit=50"),
    Asked("catalog", "admin", "/api/admin/model-use", tells_users=True),
    Asked("catalog", "admin", "/api/admin/model-use?model=p/m-1", tells_users=True),
    *_of("catalog", "admin", *(f"/api/admin/{kind}" for kind in ("models", "providers", "assistants", "plans", "catalog"))),
    *_of("catalog", "admin", "/api/admin/aliases", "/api/admin/policy"),
    *_of("catalog", "admin", "/api/admin/models/openai%2Fgpt-4o", "/api/admin/catalog/files"),
    Asked(
        "catalog", "admin", "/api/admin/catalog/proposal", {"toml": '[[alias]]\nid = "fast"\nmodels = ["openai/gpt-4o-mini"]\n'}
    ),
    # A preview replays 2,000 calls, which are read a hundred at a time.
    Asked(
        "catalog", "admin", "/api/admin/simulate", {"from": "{from}", "until": "{until}", "catalog": "current", "limit": 100}
    ),
    *_of("overview", "admin", "/api/admin/overview"),
    *_of("health", "admin", "/api/admin/health", "/api/admin/health/history?limit=50"),
    *_of("budget", "admin", "/api/admin/budget", "/api/admin/clock", "/api/admin/alerts?limit=50"),
    *_of("abuse", "admin", "/api/admin/abuse?limit=50"),
    *_of("audit", "admin", "/api/admin/audit?limit=50", "/api/admin/audit?limit=50&before={line}"),
    *_of("audit", "admin", "/api/admin/audit?limit=50&subject=user:{user}", "/api/admin/audit?limit=50&from={old}"),
)
PAGES: Final = tuple(dict.fromkeys(asked.page for asked in ASKED))


class Hall:
    """A gateway over one book, with an administrator and some of its users."""

    def __init__(self, client: httpx2.AsyncClient, admin: str, seats: Mapping[str, Seat]) -> None:
        self._client = client
        self._admin = admin
        self._seats = seats

    async def ask(self, asked: Asked, user_id: str) -> None:
        """Raises AssertionError unless it is answered well."""
        seat = self._seats[user_id]
        key = self._admin if asked.who == "admin" else seat.key
        path = asked.path.format(**seat.ids)
        body = {name: value.format(**seat.ids) if isinstance(value, str) else value for name, value in asked.body.items()}
        sent = (
            self._client.post(path, json=body, headers=bearing(key)) if body else self._client.get(path, headers=bearing(key))
        )
        answer = await sent
        assert answer.status_code == 200, f"{asked.path}: {answer.text[:200]}"


@asynccontextmanager
async def open_hall(
    folder: Path, database: Database, user_ids: Sequence[str], middle: Mapping[str, str]
) -> AsyncIterator[Hall]:
    """`middle` are the ids of the middle of the book and the days between which reports are asked for. The catalog that is
    shown and compared is the one that comes with the gateway."""
    async with open_house(folder, database=database, conversations_kept_days=30) as house:
        admin = await house.key("admin")
        seats = {user_id: await _seat(house, user_id, middle) for user_id in user_ids}
        clock = SystemClock()
        desk = SqlCatalogDesk(database, clock, await SqlCatalog.open(database, clock, _CATALOG))
        transport = httpx2.ASGITransport(app=build_gateway(replace(house.parts, desk=desk), build_offices))
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            yield Hall(client, admin, seats)


async def _seat(house: House, user_id: str, middle: Mapping[str, str]) -> Seat:
    key = await house.key("user", user_id=user_id, manage_keys=True)
    calls = (await house.get("/api/calls?limit=1", key)).json()["data"]
    own = calls[0]["id"] if calls else middle["call"]
    kept = (await house.get("/api/conversations?limit=2", key)).json()
    request_id = f"open-{key.split('_')[2]}"
    asked = PlanRequest(request_id, user_id, "family", request_id, "more, please", "open", time.time_ns() // 1_000_000)
    await house.parts.directory.file_plan_request(asked)
    own_kept = {"own_kept": kept["data"][0]["id"], "kept_before": kept["next_before"] or "0-none"}
    return Seat(key, {**middle, "own_call": own, "own_request": request_id, **own_kept})
