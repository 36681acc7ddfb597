"""The catalog in force: files and stored patches in, one snapshot out; a load that fails leaves the old one standing."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from proxy.domain.catalog import Catalog
from proxy.domain.value import dataclass
from proxy.ports import Clock
from proxy.store.catalog.build import Built, build, rebuild
from proxy.store.catalog.files import Files, read_files
from proxy.store.catalog.layers import merge
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.sheet import KINDS
from proxy.store.catalog.tables import drop_unused_snapshots, read_patches, read_snapshot, save_snapshot
from proxy.store.database import Connection, Database
from proxy.store.trail import last_change

# What is announced when an admin has the files read again, beside the kinds of rows.
FILES_KIND: Final = "catalog"


@dataclass(frozen=True, slots=True)
class _Load:
    """One successful load: the files it read, the change it saw last."""

    files: Files
    seen: int
    built: Built


class SqlCatalog:
    """Implements CatalogSource. `refresh` is the cheap poll by which changes of other processes are seen."""

    def __init__(self, database: Database, clock: Clock, config_dir: Path, base_urls: Mapping[str, str]) -> None:
        """Use `open`."""
        self._database = database
        self._clock = clock
        self._config_dir = config_dir
        self._base_urls = base_urls
        self._one_load_at_a_time = asyncio.Lock()
        self._seen = -1
        self._refused: str | None = None

    @classmethod
    async def open(
        cls, database: Database, clock: Clock, config_dir: Path, base_urls: Mapping[str, str] | None = None
    ) -> "SqlCatalog":
        """Loads the first snapshot. `base_urls` as in `build.load`. Raises CatalogMistakes, StoreUnavailable."""
        source = cls(database, clock, config_dir, base_urls or {})
        await source._swap(await asyncio.to_thread(read_files, config_dir))
        return source

    @property
    def files(self) -> Files:
        """What the files said when they were last read without a mistake."""
        return self._files

    async def files_anew(self) -> Files:
        """What the files say now, in force or not."""
        return await asyncio.to_thread(read_files, self._config_dir)

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Where calls of these providers go instead."""
        return self._base_urls

    def current(self) -> Catalog:
        return self._current

    async def at(self, revision: str) -> Catalog | None:
        current = self._current
        if revision == current.revision:
            return current
        content = await self._database.read(lambda connection: read_snapshot(connection, revision))
        try:
            return None if content is None else rebuild(content, current, self._base_urls)
        except CatalogMistakes:
            # Written by a release whose rows this one no longer reads: as good as gone.
            return None

    async def reload(self) -> str | None:
        async with self._one_load_at_a_time:
            return await self._try_swap(await asyncio.to_thread(read_files, self._config_dir))

    async def refresh(self) -> str | None:
        """Looks whether anybody changed a patch or had the files read again since the last load and, if so, loads anew.

        Returns what `reload` returns, the same reason again until a load succeeds. Raises StoreUnavailable.
        """
        async with self._one_load_at_a_time:
            seen = self._seen
            newest, kinds = await self._database.read(lambda connection: _news(connection, seen))
            if FILES_KIND in kinds:
                await self._try_swap(await self.files_anew())
            elif not kinds.isdisjoint(KINDS):
                await self._try_swap(self._files)
            self._seen = max(newest, self._seen)
            return self._refused

    async def prune(self, before_ms: int) -> int:
        """Drops snapshots saved before a moment that no recorded call names; how many. Raises StoreUnavailable."""
        current = self._current.revision
        return await self._database.write(lambda connection: drop_unused_snapshots(connection, current, before_ms))

    async def _try_swap(self, files: Files) -> str | None:
        try:
            await self._swap(files)
            self._refused = None
        except CatalogMistakes as error:
            self._refused = str(error)
        return self._refused

    async def _swap(self, files: Files) -> None:
        load = await self._database.read(lambda connection: self._load(connection, files))
        catalog, at_ms = load.built.catalog, self._clock.now_ms()
        # Before anybody may call under it: a recorded call must find the revision that it names.
        await self._database.write(lambda c: save_snapshot(c, catalog.revision, load.built.content, at_ms))
        self._current: Catalog = catalog
        self._files: Files = load.files
        self._seen = load.seen

    def _load(self, connection: Connection, files: Files) -> _Load:
        # In the reader's thread: building a large catalog must not stop the streams of the event loop.
        seen = last_change(connection)
        return _Load(files, seen, build(merge(files.sheet, read_patches(connection)), files, self._base_urls))


def _news(connection: Connection, seen: int) -> tuple[int, set[str]]:
    rows = connection.execute("SELECT seq, kind FROM changes WHERE seq > ? ORDER BY seq", (seen,)).fetchall()
    newest = rows[-1][0] if rows else seen
    return newest, {kind for _, kind in rows}
