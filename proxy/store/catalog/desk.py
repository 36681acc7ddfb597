"""The admin's layer over the operator's files: changes in, patches with audit lines out; checks each by building it first."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from proxy.domain.catalog import Catalog
from proxy.domain.desk import CatalogKind, CatalogOutlook, CatalogPatch, CeilingPlace, Change, PatchState, RowChange
from proxy.domain.value import dataclass
from proxy.ports import CatalogObject, Clock, VersionConflict
from proxy.store.catalog.build import build, sheet_of, try_out
from proxy.store.catalog.holders import check_unheld
from proxy.store.catalog.layers import WHOLE, created, deleted, file_value, merge, objects, patched, restored, states
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.outlook import laid_over, outlook
from proxy.store.catalog.sheet import Sheet
from proxy.store.catalog.source import FILES_KIND, SqlCatalog
from proxy.store.catalog.tables import read_patches, read_snapshot, replace_patches, save_snapshot
from proxy.store.database import Connection, Database
from proxy.store.trail import Writing

Patches = Sequence[CatalogPatch]
# The author of what is tried and never kept.
_NOBODY: Final = "trial"
_FILES: Final = f"{FILES_KIND}:files"


@dataclass(frozen=True, slots=True)
class _Edit:
    """One change of one object, seen from inside its transaction: the files' rows and the patches before it."""

    kind: CatalogKind
    object_id: str
    change: Change
    at_ms: int
    sheet: Sheet
    patches: Patches

    def found(self) -> CatalogObject | None:
        return _find(objects(self.sheet, self.patches, self.kind), self.object_id)

    def expect(self, etag: str) -> None:
        found = self.found()
        if found is None or found.etag != etag:
            raise VersionConflict(f"{self.kind} {self.object_id} is not what it was; read it again")

    def new(self, name: str, value: Any) -> CatalogPatch:
        base = file_value(self.sheet, self.kind, self.object_id, name)
        author, reason = self.change.actor, self.change.reason
        return CatalogPatch(self.kind, self.object_id, name, base, value, author, reason, self.at_ms)


Step = Callable[[Connection, _Edit], Patches]


class SqlCatalogDesk:
    """Implements CatalogDesk over the files that `source` last read. A change is in force here when the call returns."""

    def __init__(self, database: Database, clock: Clock, source: SqlCatalog) -> None:
        self._database = database
        self._clock = clock
        self._source = source

    async def objects(self, kind: CatalogKind) -> list[CatalogObject]:
        return objects(self._source.files.sheet, await self.patches(), kind)

    async def object(self, kind: CatalogKind, object_id: str) -> CatalogObject | None:
        return _find(await self.objects(kind), object_id)

    async def patch(
        self, kind: CatalogKind, object_id: str, fields: Mapping[str, Any], etag: str, change: Change
    ) -> CatalogObject:
        def step(_: Connection, edit: _Edit) -> Patches:
            edit.expect(etag)
            return patched(edit.sheet, edit.patches, [edit.new(name, value) for name, value in fields.items()])

        return _present(await self._write("patch", (kind, object_id), change, step))

    async def create(self, kind: CatalogKind, object_id: str, value: Mapping[str, Any], change: Change) -> CatalogObject:
        def step(_: Connection, edit: _Edit) -> Patches:
            if edit.found() is not None:
                raise VersionConflict(f"{kind} {object_id} exists already")
            return created(edit.sheet, edit.patches, edit.new(WHOLE, {**value, "id": object_id}))

        return _present(await self._write("create", (kind, object_id), change, step))

    async def delete(self, kind: CatalogKind, object_id: str, etag: str, change: Change) -> None:
        def step(connection: Connection, edit: _Edit) -> Patches:
            edit.expect(etag)
            if kind == "plan":
                check_unheld(connection, object_id)
            return deleted(edit.sheet, edit.patches, edit.new(WHOLE, None))

        await self._write("delete", (kind, object_id), change, step)

    async def restore(self, kind: CatalogKind, object_id: str, change: Change) -> None:
        def step(_: Connection, edit: _Edit) -> Patches:
            return restored(edit.patches, kind, object_id)

        await self._write("restore", (kind, object_id), change, step)

    async def reload(self, change: Change) -> str | None:
        before = {"revision": self._source.current().revision}
        why = await self._source.reload()
        if why is None:
            after, at_ms = {"revision": self._source.current().revision}, self._clock.now_ms()
            await self._database.write(lambda c: Writing(c, change, at_ms).note("catalog.reload", _FILES, before, after))
        return why

    async def diff(self) -> list[PatchState]:
        return states(self._source.files.sheet, await self.patches())

    async def patches(self) -> list[CatalogPatch]:
        return await self._database.read(read_patches)

    def ceilings(self) -> tuple[CeilingPlace, ...]:
        return self._source.files.places

    async def trial(self, changes: Sequence[RowChange], revision: str | None = None) -> Catalog | None:
        files, current, base_urls = self._source.files, self._source.current(), self._source.base_urls

        def work(connection: Connection) -> Catalog | None:
            if revision is None:
                before = read_patches(connection)
                for change in changes:
                    if change.goes and change.kind == "plan":
                        check_unheld(connection, change.object_id)
                return build(merge(files.sheet, _tried(files.sheet, before, changes)), files, base_urls).catalog
            content = read_snapshot(connection, revision)
            if content is None:
                return None
            try:
                return _tried_then(sheet_of(content), changes, lambda sheet: try_out(sheet, current, base_urls))
            except CatalogMistakes:
                # What is not needed any more may have been needed then.
                if any(change.goes for change in changes):
                    return None
                raise

        return await self._database.survey(work)

    async def outlook(self, proposal: str | None = None) -> CatalogOutlook:
        in_force, base_urls = self._source.files, self._source.base_urls
        files = await self._source.files_anew() if proposal is None else in_force
        patches = await self.patches()

        def look() -> CatalogOutlook:
            return outlook(files if proposal is None else laid_over(files, proposal), in_force, patches, base_urls)

        # Beside the event loop: building a large catalog must not stop its streams.
        return await asyncio.to_thread(look)

    async def _write(self, verb: str, place: tuple[CatalogKind, str], change: Change, step: Step) -> CatalogObject | None:
        """Builds the whole snapshot with the change before anything is written; how the object looks afterwards."""
        kind, object_id = place
        files, at_ms = self._source.files, self._clock.now_ms()

        def work(connection: Connection) -> CatalogObject | None:
            edit = _Edit(kind, object_id, change, at_ms, files.sheet, read_patches(connection))
            after = step(connection, edit)
            built = build(merge(files.sheet, after), files, self._source.base_urls)
            replace_patches(connection, kind, object_id, after)
            save_snapshot(connection, built.catalog.revision, built.content, at_ms)
            was, now = edit.found(), _find(objects(files.sheet, after, kind), object_id)
            Writing(connection, change, at_ms).note(f"{kind}.{verb}", f"{kind}:{object_id}", _value(was), _value(now))
            return now

        now = await self._database.write(work)
        await self._source.refresh()
        return now


def _tried_then(sheet: Sheet, changes: Sequence[RowChange], built: Callable[[Sheet], Catalog]) -> Catalog:
    """The catalog of another time with these changes, without new rows where they name what there was not yet."""
    there = [change for change in changes if not change.makes and sheet.row(change.kind, change.object_id) is not None]
    new = [change for change in changes if change.makes]
    if new:
        with suppress(CatalogMistakes):
            return built(merge(sheet, _tried(sheet, [], [*there, *new])))
    return built(merge(sheet, _tried(sheet, [], there)))


def _tried(sheet: Sheet, patches: Patches, changes: Sequence[RowChange]) -> Patches:
    rows = merge(sheet, patches)
    for change in changes:
        if change.makes:
            row = {**change.fields, "id": change.object_id}
            whole = CatalogPatch(change.kind, change.object_id, WHOLE, None, row, _NOBODY, None, 0)
            patches = created(sheet, patches, whole)
            continue
        if rows.row(change.kind, change.object_id) is None:
            raise ValueError(f"There is no {change.kind} {change.object_id!r}.")
        if change.goes:
            tombstone = CatalogPatch(change.kind, change.object_id, WHOLE, None, None, _NOBODY, None, 0)
            patches = deleted(sheet, patches, tombstone)
            continue
        fields = [
            CatalogPatch(change.kind, change.object_id, name, None, value, _NOBODY, None, 0)
            for name, value in change.fields.items()
        ]
        patches = patched(sheet, patches, fields)
    return patches


def _find(rows: Sequence[CatalogObject], object_id: str) -> CatalogObject | None:
    return next((row for row in rows if row.id == object_id), None)


def _value(found: CatalogObject | None) -> Mapping[str, Any] | None:
    return None if found is None else found.value


def _present(found: CatalogObject | None) -> CatalogObject:
    if found is None:
        raise AssertionError("a row that was just built is there")
    return found
