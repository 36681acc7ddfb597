"""What commands need without a gateway around it: settings in; what is wrong with them out, or the books, the rows in force,
keys and a way to ask providers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from proxy.app import Shelves, can_count, opened_shelves, provider_keys, way_out
from proxy.clock import SystemClock
from proxy.domain.call import Attempt
from proxy.domain.ledger import RecordCall
from proxy.domain.value import dataclass
from proxy.domain.verdict import RuleBook
from proxy.ids import RandomIds
from proxy.inquiry.asking import Rooms
from proxy.pipeline import record
from proxy.settings import Settings, SettingsMistake
from proxy.store.catalog.build import build, load
from proxy.store.catalog.files import read_files
from proxy.store.catalog.layers import merge
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.sheet import Sheet
from proxy.store.ledger import SqlLedger
from proxy.surfaces import DIALECTS


@dataclass(frozen=True, slots=True)
class Findings:
    """What `signalbox check` has to say. Any mistake keeps the gateway from starting."""

    mistakes: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outside:
    """What it takes to ask providers. `sheet` are the rows in force. `record` writes down a call that was made for nobody; it
    raises StoreUnavailable or ValueError, and is None where nothing keeps books."""

    rooms: Rooms
    sheet: Sheet
    record: Callable[[Attempt], Awaitable[None]] | None


def checked(settings: Settings) -> Findings:
    """What is wrong with settings and catalog files, and what may surprise."""
    try:
        catalog = load(settings.config_dir)
    except CatalogMistakes as found:
        return Findings(tuple(str(mistake) for mistake in found.mistakes), ())
    pepper_missing = "SIGNALBOX_PEPPER is not set: `signalbox serve` will not start, `signalbox demo` makes its own"
    found_keys = provider_keys(catalog)
    keyless = [
        f"{provider.key_variable} is not set: models of provider {provider.id} will not be called"
        for provider in catalog.providers.values()
        if provider.key_variable is not None and provider.id not in found_keys
    ]
    spoken = sum(model.vocabulary is not None for model in catalog.models.values())
    uncounted = f"rs-bpe is not installed: {spoken} models are held by bytes, not by an exact count of tokens"
    doubts = ((pepper_missing, settings.pepper is None), (uncounted, spoken and not can_count()))
    return Findings((), (*(doubt for doubt, is_so in doubts if is_so), *keyless))


def rules(settings: Settings) -> RuleBook:
    """Precheck's rules and weights as the files say. Raises SettingsMistake."""
    found = read_files(settings.config_dir)
    wrong = [str(mistake) for mistake in found.mistakes]
    if wrong:
        raise SettingsMistake(wrong)
    return found.rules


@asynccontextmanager
async def opened_outside(settings: Settings) -> AsyncIterator[Outside]:
    """Books that are not there are not made for it: then the files alone are in force. Raises SettingsMistake."""
    async with AsyncExitStack() as stack:
        upstream = way_out(settings)
        stack.push_async_callback(upstream.close)
        if not _keeps_books(settings):
            files = read_files(settings.config_dir)
            try:
                catalog = build(files.sheet, files, {}).catalog
            except CatalogMistakes as found:
                raise SettingsMistake([str(mistake) for mistake in found.mistakes]) from None
            rooms = Rooms(catalog, upstream, SystemClock(), provider_keys(catalog), DIALECTS, settings.ca_file)
            yield Outside(rooms, files.sheet, None)
            return
        shelves = await stack.enter_async_context(opened_shelves(settings))
        catalog = shelves.catalog.current()
        sheet = merge(shelves.catalog.files.sheet, await shelves.desk.patches())
        rooms = Rooms(catalog, upstream, shelves.clock, provider_keys(catalog), DIALECTS, settings.ca_file)
        yield Outside(rooms, sheet, partial(_record, shelves))


@asynccontextmanager
async def opened_books(settings: Settings) -> AsyncIterator[Shelves]:
    """The store as it stands: of books begun here, because a path is wrong, anybody would say that all is well. Raises
    SettingsMistake."""
    if not _are_there(settings):
        message = f"SIGNALBOX_DATABASE_URL: there are no books at {settings.database_path}. Name those that are meant."
        raise SettingsMistake([message])
    async with opened_shelves(settings) as shelves:
        yield shelves


def _keeps_books(settings: Settings) -> bool:
    return settings.pepper is not None and _are_there(settings)


def _are_there(settings: Settings) -> bool:
    path = settings.database_path
    return path is None or path.exists()


async def _record(shelves: Shelves, attempt: Attempt) -> None:
    ids = RandomIds(shelves.key_pepper)
    request_id = ids.request_id()
    call = record.ours("probe", ids.call_id(attempt.started_ms), request_id, shelves.catalog.current().revision, attempt)
    for ack in await SqlLedger(shelves.database, shelves.timekeeper, request_id).apply([RecordCall(call)]):
        if isinstance(ack, Exception):
            raise ack
