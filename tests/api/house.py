"""A whole gateway in this process: the real store in a file, the real pipeline, a provider that answers from a script."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson

from proxy.api import keys
from proxy.api.auth import Gate, GateRules
from proxy.api.entrance import Entrance
from proxy.api.front import Front
from proxy.api.gateway import build_gateway
from proxy.api.offices import build_offices
from proxy.api.services import ApiKnobs, Services
from proxy.clock import SystemClock
from proxy.counting.counter import NoCounter
from proxy.domain.account import App, Key, KeyKind, User
from proxy.domain.alert import Alert
from proxy.domain.catalog import Catalog
from proxy.domain.desk import Change
from proxy.domain.errors import Fault
from proxy.domain.plan import Entitlement
from proxy.domain.standing import Cap
from proxy.ids import RandomIds
from proxy.limits.conduct import MemoryConduct
from proxy.limits.memory import MemoryLimiter
from proxy.pipeline import DrainLimits, Knobs, Pipeline, Rooms
from proxy.ports import Exchange, TokenCounter, UpstreamError, UpstreamRequest
from proxy.stages.provider.openai import OpenAI
from proxy.store.accounts import SqlAccounts
from proxy.store.catalog.desk import SqlCatalogDesk
from proxy.store.catalog.source import SqlCatalog
from proxy.store.chronicle import SqlChronicle
from proxy.store.confirmations import SqlConfirmations
from proxy.store.conversations import SqlConversations
from proxy.store.database import Database
from proxy.store.directory import SqlDirectory
from proxy.store.feedback import SqlFeedback
from proxy.store.leases import LeaseLimits, SqlLeases
from proxy.store.ledger import SqlLedger
from proxy.store.oversight import SqlOversight
from proxy.store.register import SqlRegister
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from proxy.store.writer import GroupWriter, WriterLimits
from proxy.telemetry.log import LogWriter
from proxy.telemetry.record import Telemetry
from proxy.telemetry.render import page
from proxy.upstream.health import PassiveHealth
from tests import builders as b

PEPPER: Final = b"a pepper for tests that is long enough"
BY_TEST: Final = Change("cli", "a test")
METRICS_TOKEN: Final = "metrics-token-of-the-test"
PROVIDER_KEY: Final = "provider-key-that-nobody-sees"
SAID: Final = "hello"

Json = dict[str, Any]


def shop() -> Catalog:
    """`basic` has p/cheap; `pro` p/strong and p/long too; q/asleep and q/unpriced are for nobody."""
    long_tiers = (*b.tiers(), replace(b.tiers(input=2 * 10**9)[0], input_tokens_min=50_000))
    return b.catalog(
        b.model("p/cheap", tags=("cheap",), stops_billing_on_close=True),
        b.model("p/strong", family="frontier", context_tokens_max=200_000, modalities=("text", "image"), tools=True),
        b.model("p/long", tiers=long_tiers),
        b.model("q/asleep", active=False),
        b.model("q/unpriced", tiers=()),
        b.alias("gpt", "p/strong", "p/cheap"),
        b.alias("top", "p/strong"),
        b.assistant("general", "p/cheap", "p/strong", system_prompt="SECRET PROMPT"),
        b.assistant("scribe", "p/strong"),
        b.assistant("retired", "p/cheap", enabled=False),
        b.plan("basic", models=("p/cheap", "q/asleep", "q/unpriced"), multiplier_ppm=1_370_000),
        b.plan("pro", models=("p/cheap", "p/strong", "p/long"), rank=1, multiplier_ppm=1_110_000),
    )


class ShownCatalog:
    """Implements CatalogSource over one snapshot that a test may replace."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def current(self) -> Catalog:
        return self.catalog

    async def at(self, revision: str) -> Catalog | None:
        return self.catalog if self.catalog.revision == revision else None

    async def reload(self) -> str | None:
        return None


@dataclass
class Script:
    """One provider answer; a fault is raised in its place; one that `hangs` says nothing after its pieces until closed. What
    follows its first piece waits for the `gate`, if there is one."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    fault: Fault | None = None
    hangs: bool = False
    gate: asyncio.Event | None = None


class ScriptedExchange:
    def __init__(self, script: Script) -> None:
        self.status = script.status
        self.headers: Mapping[str, str] = {"x-request-id": "prov-request-1"}
        self._pieces = list(script.pieces)
        self._hangs = script.hangs
        self._gate = script.gate
        self._has_spoken = False
        self._closed = asyncio.Event()

    async def next_bytes(self) -> bytes:
        if self._has_spoken and self._gate is not None:
            await self._gate.wait()
        self._has_spoken = True
        if self._pieces or not self._hangs:
            return self._pieces.pop(0) if self._pieces else b""
        await self._closed.wait()
        raise UpstreamError(Fault("reset"))

    def pass_on(self, passes: Callable[[bytes], bool]) -> None:
        """All of it is read."""

    def finish(self) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        self._closed.set()


@dataclass
class ScriptedUpstream:
    """Answers as scripted, then as `whole` or `stream`, as it is asked."""

    scripts: list[Script] = field(default_factory=list)
    requests: list[UpstreamRequest] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, request: UpstreamRequest) -> Exchange:
        self.requests.append(request)
        self.asked.set()
        script = self.scripts.pop(0) if self.scripts else self._otherwise(request)
        if script.fault is not None:
            raise UpstreamError(script.fault)
        return ScriptedExchange(script)

    async def close(self) -> None:
        return

    def body(self, number: int = -1) -> Json:
        body: Json = orjson.loads(self.requests[number].body)
        return body

    def _otherwise(self, request: UpstreamRequest) -> Script:
        return stream() if orjson.loads(request.body).get("stream") else whole()


def whole(text: str = SAID) -> Script:
    message = {"role": "assistant", "content": text}
    return Script([orjson.dumps(_answer([{"index": 0, "message": message, "finish_reason": "stop"}]))])


def stream(text: str = SAID) -> Script:
    ended = _chunk({}, "stop") | {"usage": _answer([])["usage"]}
    chunks = [_chunk({"role": "assistant", "content": ""}), _chunk({"content": text}), ended]
    return Script([*(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks), b"data: [DONE]\n\n"])


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    """Status and error code of a refusal, whose shape is checked on the way."""
    error = answer.json()["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    return answer.status_code, error["code"]


def bearing(key: str | None) -> dict[str, str]:
    return {} if key is None else {"authorization": f"Bearer {key}"}


def events_of(answer: httpx2.Response) -> list[tuple[str, Json]]:
    """Our own typed events: name and data."""
    events = [event.split("\n") for event in answer.text.strip().split("\n\n") if not event.startswith(":")]
    return [(name.removeprefix("event: "), orjson.loads(data.removeprefix("data: "))) for name, data in events]


async def _own_database(stack: AsyncExitStack, folder: Path) -> Database:
    database = await SqliteDatabase.open(str(folder / "books.db"))
    stack.push_async_callback(database.close)
    return database


def _shelves(folder: Path, database: Database, accounts: SqlAccounts) -> dict[str, Any]:
    """What Services has of the store, by name."""
    clock = SystemClock()
    return {
        "desk": SqlCatalogDesk(database, clock, SqlCatalog(database, clock, folder, {})),
        "directory": SqlDirectory(database, clock, accounts.refresh),
        "register": SqlRegister(database),
        "feedback": SqlFeedback(database),
        "conversations": SqlConversations(database, clock),
        "oversight": SqlOversight(database, clock),
        "chronicle": SqlChronicle(database, "boot-1"),
    }


def _calls(pipeline: Pipeline) -> dict[str, Any]:
    """What Services has of calls, by name."""
    return {"pipeline": pipeline, "entrance": Entrance(lambda: pipeline.traffic.streams, 10_000)}


def _client(front: Front) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=front), base_url="http://gateway")


def _unheard(alert: Alert) -> None:
    """Nobody listens for alerts here."""


def _answer(choices: list[Json]) -> Json:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.123456789}
    return {"id": "theirs", "object": "chat.completion", "created": 1, "model": "m", "choices": choices, "usage": usage}


def _chunk(delta: Json, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "theirs", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


@dataclass(frozen=True)
class House:
    """`client` speaks to the gateway; `parts` are its services."""

    front: Front
    client: httpx2.AsyncClient
    parts: Services
    upstream: ScriptedUpstream
    shown: ShownCatalog
    telemetry: Telemetry
    log: io.BytesIO

    def logged(self) -> str:
        """Every log line so far."""
        self.telemetry.flush()
        return self.log.getvalue().decode()

    async def user(self, user_id: str = "u1", plan_id: str = "basic", **changes: Any) -> User:
        made = replace(User(user_id, user_id, b.NOW_MS), **changes)
        await self.parts.directory.put_user(made, None, BY_TEST)
        await self.parts.directory.put_entitlement(Entitlement(f"ent_{user_id}", user_id, plan_id), None, BY_TEST)
        return made

    async def user_key(self, user_id: str = "u1", plan_id: str = "basic", **changes: Any) -> str:
        """The key of a user, who is made where there is none."""
        if await self.parts.directory.user(user_id) is None:
            await self.user(user_id, plan_id)
        return await self.key("user", user_id=user_id, **changes)

    async def app_key(self, app_id: str = "a1", **changes: Any) -> str:
        own = f"{app_id}-own"
        await self.user(own, "pro")
        cap = Cap(f"app:{app_id}", "month", 50_000_000)
        app = replace(App(app_id, app_id, own, "basic", caps=(cap,)), **changes)
        await self.parts.directory.put_app(app, None, BY_TEST)
        return await self.key("app", user_id=own, app_id=app_id)

    async def key(self, kind: KeyKind, **changes: Any) -> str:
        text = keys.mint(kind)
        base = Key(text.id, kind, keys.secret_hash(PEPPER, text.text), None, None, f"a {kind} key", (text.id,), b.NOW_MS)
        await self.parts.directory.add_key(replace(base, **changes), BY_TEST)
        return text.text

    async def get(self, path: str, key: str | None = None, **headers: str) -> httpx2.Response:
        return await self.client.get(path, headers=bearing(key) | headers)

    async def post(self, path: str, key: str | None, body: Any = None, **headers: str) -> httpx2.Response:
        return await self.client.post(path, json={} if body is None else body, headers=bearing(key) | headers)

    async def chat(self, key: str, model: str = "p/cheap", **fields: Any) -> httpx2.Response:
        body = {"model": model, "messages": [{"role": "user", "content": "Hi."}], **fields}
        return await self.post("/v1/chat/completions", key, body)


@asynccontextmanager
async def open_house(
    folder: Path,
    catalog: Catalog | None = None,
    counter: TokenCounter | None = None,
    database: Database | None = None,
    **knobs: Any,
) -> AsyncIterator[House]:
    """Without `counter` nothing is counted. `database` stays open when the house is closed; without it there is a file in the
    folder. `knobs` replace fields of ApiKnobs."""
    async with AsyncExitStack() as stack:
        clock, ids, log = SystemClock(), RandomIds(PEPPER), io.BytesIO()
        database = database or await _own_database(stack, folder)
        timekeeper, accounts = Timekeeper(database, clock), SqlAccounts(database, clock)
        books = GroupWriter(SqlLedger(database, timekeeper, "boot-1"), WriterLimits(), accounts.refresh)
        stack.push_async_callback(books.close)
        await SqlLeases(database, clock, "boot-1", LeaseLimits()).beat()
        shown, upstream, health = ShownCatalog(catalog or shop()), ScriptedUpstream(), PassiveHealth(clock, ids.jitter)
        recorder, limiter = Telemetry(LogWriter(log), clock), MemoryLimiter(clock, 10_000)
        conduct = MemoryConduct(lambda: shown.current().policy.abuse, _unheard, recorder, clock)
        rooms = Rooms(
            accounts=accounts,
            books=books,
            upstream=upstream,
            catalog=shown,
            threads=SqlRegister(database),
            confirmations=SqlConfirmations(database, PEPPER),
            health=health,
            limiter=limiter,
            conduct=conduct,
            recorder=recorder,
            counter=counter or NoCounter(),
            clock=clock,
            ids=ids,
            dialects={"openai": OpenAI()},
            provider_keys=dict.fromkeys(shown.catalog.providers, PROVIDER_KEY),
            knobs=Knobs(drain=DrainLimits(wait_ms=0)),
        )
        services = Services(
            gate=Gate(GateRules(PEPPER), accounts, limiter, recorder, clock, conduct.guessed),
            **_calls(Pipeline(rooms)),
            accounts=accounts,
            books=books,
            by_hand=books,
            timekeeping=timekeeper,
            catalog=shown,
            **_shelves(folder, database, accounts),
            health=health,
            limiter=limiter,
            conduct=conduct,
            recorder=recorder,
            clock=clock,
            ids=ids,
            knobs=replace(ApiKnobs(PEPPER, metrics_token=METRICS_TOKEN), **knobs),
            render_metrics=lambda include_cost: page(*recorder.shown(), include_cost),
            glance=recorder.glance,
            is_ready=lambda: True,
        )
        front = build_gateway(services, build_offices)
        client = await stack.enter_async_context(_client(front))
        yield House(front, client, services, upstream, shown, recorder, log)
