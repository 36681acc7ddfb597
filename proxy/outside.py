"""The way to providers without a gateway around it: settings in, the rows in force, keys and a way out; what the commands need
that ask providers themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from proxy.app import DIALECTS, Shelves, opened_shelves, provider_keys
from proxy.clock import SystemClock
from proxy.domain.call import Attempt
from proxy.domain.ledger import RecordCall
from proxy.ids import RandomIds
from proxy.inquiry.asking import Rooms
from proxy.pipeline import record
from proxy.settings import Settings, SettingsMistake
from proxy.store.catalog.build import build
from proxy.store.catalog.files import read_files
from proxy.store.catalog.layers import merge
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.sheet import Sheet
from proxy.store.ledger import SqlLedger
from proxy.upstream.library import LibraryUpstream


@dataclass(frozen=True, slots=True)
class Outside:
    """What it takes to ask providers. `sheet` are the rows in force. `record` writes down a call that was made for nobody; it
    raises StoreUnavailable or ValueError, and is None where nothing keeps books."""

    rooms: Rooms
    sheet: Sheet
    record: Callable[[Attempt], Awaitable[None]] | None


@asynccontextmanager
async def opened_outside(settings: Settings) -> AsyncIterator[Outside]:
    """Books that are not there are not made for it: then the files alone are in force. Raises SettingsMistake."""
    async with AsyncExitStack() as stack:
        upstream = LibraryUpstream()
        stack.push_async_callback(upstream.close)
        if not _keeps_books(settings):
            files = read_files(settings.config_dir)
            try:
                catalog = build(files.sheet, files, {}).catalog
            except CatalogMistakes as found:
                raise SettingsMistake([str(mistake) for mistake in found.mistakes]) from None
            yield Outside(Rooms(catalog, upstream, SystemClock(), provider_keys(catalog), DIALECTS), files.sheet, None)
            return
        shelves = await stack.enter_async_context(opened_shelves(settings))
        catalog = shelves.catalog.current()
        sheet = merge(shelves.catalog.files.sheet, await shelves.desk.patches())
        rooms = Rooms(catalog, upstream, shelves.clock, provider_keys(catalog), DIALECTS)
        yield Outside(rooms, sheet, partial(_record, shelves))


def _keeps_books(settings: Settings) -> bool:
    path = settings.database_path
    return settings.pepper is not None and (path is None or path.exists())


async def _record(shelves: Shelves, attempt: Attempt) -> None:
    ids = RandomIds(shelves.key_pepper)
    request_id = ids.request_id()
    call = record.probe(ids.call_id(attempt.started_ms), request_id, shelves.catalog.current().revision, attempt)
    for ack in await SqlLedger(shelves.database, shelves.timekeeper, request_id).apply([RecordCall(call)]):
        if isinstance(ack, Exception):
            raise ack
