"""The composition root: settings in, one gateway out, its rooms wired to their ports; the only place that names concrete
parts, and the only one that may import inside a function, so that what is not configured is not loaded."""

import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from proxy import settings as environment
from proxy.api.auth import Gate, GateRules
from proxy.api.entrance import Entrance
from proxy.api.front import ASGIApp, Front
from proxy.api.gateway import build_gateway
from proxy.api.services import Services
from proxy.api.session_files import SessionFiles
from proxy.api.sessions import Sessions
from proxy.clock import SystemClock
from proxy.counting.counter import BoundedCounter, NoCounter
from proxy.crew.errand import verified
from proxy.crew.member import Member
from proxy.domain.catalog import Catalog, Vocabulary
from proxy.domain.plan import Rate
from proxy.domain.value import dataclass
from proxy.ids import RandomIds
from proxy.knobs import api_knobs, command_variables, lease_limits, pipeline_knobs, webhook
from proxy.limits.conduct import MemoryConduct
from proxy.limits.memory import MemoryLimiter
from proxy.limits.shared import SharedLimiter
from proxy.pipeline import Pipeline, Rooms
from proxy.ports import Books, ByHand, CatalogDesk, Clock, Directory, Limiter, Register, StoreUnavailable, Upstream
from proxy.settings import Settings, SettingsMistake
from proxy.store.accounts import SqlAccounts
from proxy.store.alerts import SqlAlerts
from proxy.store.catalog.desk import SqlCatalogDesk
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.source import SqlCatalog
from proxy.store.chronicle import SqlChronicle
from proxy.store.confirmations import SqlConfirmations
from proxy.store.conversations import SqlConversations
from proxy.store.database import BadStatement, Database
from proxy.store.directory import SqlDirectory
from proxy.store.feedback import SqlFeedback
from proxy.store.leases import SqlLeases
from proxy.store.ledger import SqlLedger
from proxy.store.oversight import SqlOversight
from proxy.store.pepper import Pepper, WrongPepper
from proxy.store.recount import Recounted, recount
from proxy.store.register import SqlRegister
from proxy.store.sqlite import SqliteDatabase
from proxy.store.timekeeper import Timekeeper
from proxy.store.writer import GroupWriter, WriterLimits
from proxy.surfaces import DIALECTS, Substitution, base_urls
from proxy.telemetry.breakers import watch_breakers
from proxy.telemetry.log import LogWriter, route_logging
from proxy.telemetry.record import Telemetry
from proxy.telemetry.tally import Tally
from proxy.upstream.health import PassiveHealth
from proxy.upstream.relay import RelayUpstream
from proxy.upstream.transports import Transports
from proxy.workers.caretakers import caretakers
from proxy.workers.herald import Herald
from proxy.workers.outbox import Outbox
from proxy.workers.prober import Prober
from proxy.workers.pulse import WATCH_EVERY_S as WATCH_PULSE_EVERY_S
from proxy.workers.pulse import Pulse
from proxy.workers.supervisor import Job, Supervisor
from proxy.workers.sweepers import sweepers
from proxy.workers.vigil import Vigil
from proxy.workers.warden import Warden
from proxy.workers.watch import Watch

WATCH_EVERY_S: Final = 0.5
CLOCK_EVERY_S: Final = 1.0
FLUSH_EVERY_S: Final = 0.2
HERALD_EVERY_S: Final = 1.0
VIGIL_EVERY_S: Final = 1.0
PROBE_EVERY_S: Final = 1.0
WARDEN_EVERY_S: Final = 0.2
RECONCILE_EVERY_S: Final = 60.0
PROOF_EVERY_S: Final = 60.0
RATE_KEYS_MAX: Final = 200_000
NO_PEPPER: Final = "SIGNALBOX_PEPPER is not set: it keys the hashes of API keys. Make one: openssl rand -hex 32"


@dataclass(frozen=True, slots=True)
class Shelves:
    """The store without a gateway around it: what one-shot commands need. `recount` mends the roll-ups."""

    database: Database
    clock: Clock
    accounts: SqlAccounts
    directory: Directory
    register: Register
    catalog: SqlCatalog
    desk: CatalogDesk
    timekeeper: Timekeeper
    recount: Callable[[], Awaitable[Recounted]]
    given_pepper: Pepper | None

    @property
    def pepper(self) -> Pepper:
        """What hashes keys; who only looks at the books needs none. Raises SettingsMistake where the environment has none."""
        if self.given_pepper is None:
            raise SettingsMistake([NO_PEPPER])
        return self.given_pepper

    @property
    def key_pepper(self) -> bytes:
        return self.pepper.secret

    async def fit_pepper(self) -> None:
        """Raises SettingsMistake where the keys in the books were made with another."""
        try:
            await self.pepper.fit()
        except WrongPepper as error:
            raise SettingsMistake([f"SIGNALBOX_PEPPER: {error}"]) from None


@dataclass(frozen=True, slots=True)
class Own:
    """What one process keeps for itself: its figures, the alerts that it has to tell, and which of several workers it is."""

    boot_id: str
    telemetry: Telemetry
    outbox: Outbox
    member: Member | None


class Readiness:
    """Whether calls can be taken. `server_stops` is set by whoever serves."""

    def __init__(self) -> None:
        self.server_stops: Callable[[], bool] = lambda: False

    def __call__(self) -> bool:
        return not self.server_stops()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway whose workers run: `front` is what a server is given, `reload` reads the catalog's files again, `fit_pepper` is
    for whoever has not made its own."""

    front: Front
    directory: Directory
    clock: Clock
    key_pepper: bytes
    readiness: Readiness
    reload: Callable[[], Awaitable[None]]
    fit_pepper: Callable[[], Awaitable[None]]


@asynccontextmanager
async def opened_shelves(settings: Settings, substitution: Substitution | None = None) -> AsyncIterator[Shelves]:
    """The store, open. Raises SettingsMistake when it cannot be, or the catalog's files are wrong."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await _opened_database(settings)
        stack.push_async_callback(database.close)
        try:
            addresses = base_urls(settings.config_dir, substitution)
            catalog = await SqlCatalog.open(database, clock, settings.config_dir, addresses)
        except CatalogMistakes as found:
            raise SettingsMistake([str(mistake) for mistake in found.mistakes]) from None
        accounts = SqlAccounts(database, clock)
        yield Shelves(
            database=database,
            clock=clock,
            accounts=accounts,
            directory=SqlDirectory(database, clock, accounts.refresh),
            register=SqlRegister(database),
            catalog=catalog,
            desk=SqlCatalogDesk(database, clock, catalog),
            timekeeper=Timekeeper(database, clock),
            recount=partial(recount, database),
            given_pepper=Pepper(database, settings.pepper.get_secret_value().encode()) if settings.pepper else None,
        )


@asynccontextmanager
async def opened(
    settings: Settings, substitution: Substitution | None = None, member: Member | None = None
) -> AsyncIterator[Gateway]:
    """A whole gateway, or one of several: store open, jobs running; closed in the opposite order. Raises SettingsMistake."""
    async with AsyncExitStack() as stack:
        shelves = await stack.enter_async_context(opened_shelves(settings, substitution))
        log = LogWriter(sys.stderr.buffer, {"worker": member.number} if member else None)
        route_logging(log, logging.getLevelName(settings.log_level.upper()))
        telemetry = Telemetry(log, shelves.clock, Tally(member.folder, member.number) if member else None)
        stack.callback(telemetry.flush)
        yield await _wired(stack, settings, shelves, telemetry, member)


def provider_keys(catalog: Catalog) -> dict[str, str]:
    """The keys of providers that the environment holds, by the provider's id. Raises SettingsMistake."""
    return environment.provider_keys({p.id: p.key_variable for p in catalog.providers.values()})


def way_out(settings: Settings) -> Transports:
    """What carries requests to providers."""
    return Transports(RelayUpstream(settings.ca_file), partial(_library, settings.ca_file))


def can_count() -> bool:
    """Whether what counts tokens is installed."""
    return find_spec("rs_bpe") is not None


async def _opened_database(settings: Settings) -> Database:
    path = settings.database_path
    try:
        if path is None:
            from proxy.store.postgres import PostgresDatabase

            return await PostgresDatabase.open(settings.database_url.get_secret_value())
        path.parent.mkdir(parents=True, exist_ok=True)
        return await SqliteDatabase.open(str(path), settings.sqlite_synchronous)
    except (StoreUnavailable, BadStatement) as error:
        raise SettingsMistake([f"SIGNALBOX_DATABASE_URL: {error}"]) from None


async def _wired(
    stack: AsyncExitStack, settings: Settings, shelves: Shelves, telemetry: Telemetry, member: Member | None
) -> Gateway:
    boot_id = RandomIds(shelves.key_pepper).request_id()
    limits = lease_limits(settings)
    leases = SqlLeases(shelves.database, shelves.clock, boot_id, limits)
    await leases.beat()
    await leases.reconcile()
    await shelves.timekeeper.look()
    books = GroupWriter(
        SqlLedger(shelves.database, shelves.timekeeper, boot_id),
        WriterLimits(queue_holds_max=settings.queue_holds_max),
        shelves.accounts.refresh,
    )
    stack.push_async_callback(books.close)
    own = Own(boot_id, telemetry, Outbox(shelves.clock), member)
    rooms = await _rooms(stack, settings, shelves, books, own)
    readiness = Readiness()
    services = _services(settings, shelves, rooms, books, own, readiness)
    watch = Watch(shelves.accounts.refresh, shelves.catalog.refresh, shelves.catalog.reload, telemetry)
    # Two beats before its lease ends a process that cannot beat has ended its calls.
    silent_s_max = (limits.lease_ms - 2 * limits.beat_ms) / 1_000
    pulse = Pulse(leases.beat, services.pipeline.traffic.stop, silent_s_max, telemetry)
    herald = Herald(SqlAlerts(shelves.database, shelves.clock), webhook(settings), rooms.upstream, telemetry, shelves.clock)

    async def flush() -> None:
        telemetry.flush()

    jobs = [
        Job("beat", limits.beat_ms / 1_000, pulse.beat, steady=True),
        Job("pulse", WATCH_PULSE_EVERY_S, pulse.watch, steady=True),
        Job("reconcile", min(RECONCILE_EVERY_S, settings.lease_ms / 1_000), leases.reconcile),
        Job("clock", CLOCK_EVERY_S, shelves.timekeeper.look),
        Job("watch", WATCH_EVERY_S, watch.look),
        Job("flush", FLUSH_EVERY_S, flush),
        Job("herald", HERALD_EVERY_S, herald.tell),
        Job("pepper", PROOF_EVERY_S, partial(shelves.pepper.remember, lambda: services.gate.has_matched)),
        Job("warden", WARDEN_EVERY_S, Warden(rooms.conduct, shelves.directory, telemetry).look),
        *sweepers(
            shelves.database, shelves.clock, lambda: shelves.timekeeper.doubt is not None, settings.conversations_kept_days
        ),
        *_health_jobs(settings, rooms, services.pipeline, own),
        *caretakers(shelves.database, shelves.clock, boot_id, rooms.health, partial(verified, command_variables(settings))),
    ]
    supervisor = Supervisor(jobs, telemetry)
    supervisor.start()
    stack.push_async_callback(supervisor.stop)
    front = build_gateway(services, _offices)
    return Gateway(front, shelves.directory, shelves.clock, shelves.key_pepper, readiness, watch.reload, shelves.fit_pepper)


def _health_jobs(settings: Settings, rooms: Rooms, pipeline: Pipeline, own: Own) -> list[Job]:
    outbox, telemetry, member = own.outbox, own.telemetry, own.member
    vigil = Vigil(rooms.health.report, outbox.note, telemetry, rooms.clock)
    crier = Herald(outbox, webhook(settings), rooms.upstream, telemetry, rooms.clock)
    jobs = [Job("vigil", VIGIL_EVERY_S, vigil.look), Job("crier", HERALD_EVERY_S, crier.tell)]
    silence_ms = settings.probe_after_s * 1_000
    # Probes cost money: of several workers one makes them.
    if silence_ms == 0 or (member is not None and not member.is_first):
        return jobs
    prober = Prober(rooms.health, rooms.catalog, rooms.provider_keys, pipeline.probe, rooms.clock, silence_ms)
    return [*jobs, Job("prober", PROBE_EVERY_S, prober.look)]


async def _rooms(stack: AsyncExitStack, settings: Settings, shelves: Shelves, books: Books, own: Own) -> Rooms:
    clock, ids = shelves.clock, RandomIds(shelves.key_pepper)
    limiter, counter = _limiter(clock, own.member), BoundedCounter(_counting_in) if can_count() else NoCounter()
    stack.callback(counter.close)
    upstream = way_out(settings)
    stack.push_async_callback(upstream.close)
    return Rooms(
        accounts=shelves.accounts,
        books=books,
        upstream=upstream,
        catalog=shelves.catalog,
        threads=shelves.register,
        confirmations=SqlConfirmations(shelves.database, shelves.key_pepper),
        health=PassiveHealth(clock, ids.jitter),
        limiter=limiter,
        conduct=MemoryConduct(
            lambda: shelves.catalog.current().policy.abuse,
            own.outbox.note,
            own.telemetry,
            clock,
            limiter.take_now if isinstance(limiter, SharedLimiter) else None,
        ),
        recorder=own.telemetry,
        counter=counter,
        clock=clock,
        ids=ids,
        dialects=DIALECTS,
        provider_keys=provider_keys(shelves.catalog.current()),
        knobs=pipeline_knobs(settings),
    )


def _limiter(clock: Clock, member: Member | None) -> Limiter:
    return SharedLimiter(clock, member.folder, member.number, member.count) if member else MemoryLimiter(clock, RATE_KEYS_MAX)


def _offices(services: Services, hot: Mapping[str, ASGIApp]) -> ASGIApp:
    from proxy.api.offices import build_offices

    return build_offices(services, hot)


def _library(ca_file: Path | None) -> Upstream:
    # It takes 0.2 s and 5 MB that few gateways need.
    from proxy.upstream.library import LibraryUpstream

    return LibraryUpstream(trust_env=True, ca_file=ca_file)


def _metrics_page(telemetry: Telemetry, include_cost: bool) -> bytes:
    from proxy.telemetry.render import page

    return page(*telemetry.shown(), include_cost)


def _counting_in(vocabulary: Vocabulary) -> Callable[[str], int]:
    # Its tables fill tens of megabytes: they are loaded by the first call that has to be counted.
    from proxy.counting.bpe import counting_in

    return counting_in(vocabulary)


def _services(settings: Settings, shelves: Shelves, rooms: Rooms, by_hand: ByHand, own: Own, readiness: Readiness) -> Services:
    telemetry = own.telemetry
    rules = GateRules(shelves.key_pepper, Rate(settings.auth_failures_per_minute, 60), settings.trusted_proxies)
    pipeline = Pipeline(rooms)
    telemetry.watch("live_calls", "Calls that were decided and run now.", lambda: pipeline.traffic.live)
    telemetry.watch("live_streams", "Streams among the live calls.", lambda: pipeline.traffic.streams)
    telemetry.watch("waiting_calls", "Live calls that wait for credits others hold.", lambda: len(pipeline.traffic.waiting))
    entrance = Entrance(lambda: pipeline.traffic.streams, settings.queue_holds_max)
    telemetry.watch("entering_calls", "Calls that wait for their turn to be opened.", lambda: len(entrance))
    doubted = "1 while nothing is admitted, for the clock jumped and nobody has confirmed it."
    telemetry.watch("clock_doubted", doubted, lambda: shelves.timekeeper.doubt is not None)
    watch_breakers(telemetry, rooms.health)
    return Services(
        gate=Gate(rules, rooms.accounts, rooms.limiter, telemetry, rooms.clock, rooms.conduct.guessed),
        pipeline=pipeline,
        accounts=rooms.accounts,
        books=rooms.books,
        by_hand=by_hand,
        timekeeping=shelves.timekeeper,
        catalog=shelves.catalog,
        desk=shelves.desk,
        directory=shelves.directory,
        register=shelves.register,
        feedback=SqlFeedback(shelves.database),
        conversations=SqlConversations(shelves.database, rooms.clock),
        oversight=SqlOversight(shelves.database, shelves.clock),
        chronicle=SqlChronicle(shelves.database, own.boot_id),
        health=rooms.health,
        limiter=rooms.limiter,
        conduct=rooms.conduct,
        recorder=telemetry,
        clock=rooms.clock,
        ids=rooms.ids,
        knobs=api_knobs(settings, shelves.key_pepper),
        render_metrics=partial(_metrics_page, telemetry),
        glance=telemetry.glance,
        is_ready=readiness,
        entrance=entrance,
        sessions=Sessions(by_hash=SessionFiles(own.member.folder / "sessions")) if own.member else Sessions(),
    )
