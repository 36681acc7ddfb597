"""The files' rows and an admin's patches in, the rows in force out, with how each patch stands; stores nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from proxy.domain.desk import CatalogKind, CatalogPatch, PatchState
from proxy.ports import CatalogObject
from proxy.store.catalog.mistakes import ADMIN_LAYER
from proxy.store.catalog.rows import ROWS
from proxy.store.catalog.sheet import KINDS, Json, Sheet, canonical, digest
from proxy.store.catalog.withheld import withheld

# The name of the patch that makes a row (its value is the row) or deletes one (its value is None).
WHOLE: Final = "*"
# Providers may be disabled and limited, not created or redirected (contract 9).
PROVIDER_FIELDS: Final = frozenset({"status", "concurrency_max"})
# What may cost nothing is the operator's word alone (contract 5, ceilings).
OPERATOR_FIELDS: Final = frozenset({"id", "free"})
FILE_KINDS: Final[frozenset[CatalogKind]] = frozenset({"provider", "policy"})


def merge(files: Sheet, patches: Iterable[CatalogPatch]) -> Sheet:
    """The rows in force. A patch of a row that the files no longer have says nothing (it is orphaned)."""
    rows: dict[CatalogKind, dict[str, Json]] = {kind: dict(files.rows[kind]) for kind in KINDS}
    sources = dict(files.sources)
    # Whole rows first: a field patch may stand on none but a file's row, and a tombstone outlives no field.
    for patch in sorted(patches, key=lambda patch: patch.name != WHOLE):
        table, name = rows[patch.kind], patch.object_id
        if patch.name == WHOLE and patch.value is None:
            table.pop(name, None)
            sources.pop((patch.kind, name), None)
            continue
        if patch.name == WHOLE:
            table[name] = dict(patch.value)
        elif name in table:
            table[name] = table[name] | {patch.name: patch.value}
        else:
            continue
        sources[patch.kind, name] = ADMIN_LAYER
    return Sheet(rows, sources, files.learned)


def states(files: Sheet, patches: Iterable[CatalogPatch]) -> list[PatchState]:
    """How each patch stands: `plain` over the value it saw, `shadowed` when the file has changed under it since, so that
    it hides newer work, `orphaned` when what it changes is no longer in the files."""
    return [_state(files, patch) for patch in patches]


def objects(files: Sheet, patches: Sequence[CatalogPatch], kind: CatalogKind) -> list[CatalogObject]:
    """Every row of a kind as the admin sees it; raises pydantic's ValidationError only for what `build` refuses."""
    merged = merge(files, patches)
    return [_object(kind, name, row, files.row(kind, name)) for name, row in merged.rows[kind].items()]


def etag_of(value: Mapping[str, Any]) -> str:
    """One hash per object: changes exactly when a merged value does."""
    return f'"{digest(value)}"'


def patched(files: Sheet, patches: Sequence[CatalogPatch], fields: Sequence[CatalogPatch]) -> list[CatalogPatch]:
    """The patches after one object's fields are set as `fields` say. ValueError for what no admin may set.

    Setting the file's own value takes the patch away. Fields of a row that an admin made change that row.
    """
    kept = list(patches)
    for field in fields:
        _allow_field(field)
        own = _whole(kept, field.kind, field.object_id)
        if own is not None:
            kept = _with(kept, _replaced(own, own.value | {field.name: field.value}, field))
        else:
            kept = _with(kept, field)
    return _without_void(files, kept, fields)


def created(files: Sheet, patches: Sequence[CatalogPatch], row: CatalogPatch) -> list[CatalogPatch]:
    """The patches after a row is made. ValueError for what no admin may make."""
    if row.kind in FILE_KINDS:
        raise ValueError(f"A {row.kind} is made in the operator's files only.")
    if row.value.get("free"):
        raise ValueError("'free' can be set in the operator's files only.")
    return _without_void(files, [*_others(patches, row), row], [row])


def deleted(files: Sheet, patches: Sequence[CatalogPatch], tombstone: CatalogPatch) -> list[CatalogPatch]:
    """The patches after a row is deleted: a tombstone over a file's row, nothing left of one that an admin made."""
    if tombstone.kind in FILE_KINDS:
        raise ValueError(f"A {tombstone.kind} is removed in the operator's files only; it can be changed here.")
    return _without_void(files, [*_others(patches, tombstone), tombstone], [tombstone])


def restored(patches: Sequence[CatalogPatch], kind: CatalogKind, object_id: str) -> list[CatalogPatch]:
    """The patches after a row of the files that an admin deleted is there again. ValueError when none deleted it."""
    left = [patch for patch in patches if (patch.kind, patch.object_id, patch.name) != (kind, object_id, WHOLE)]
    if len(left) == len(patches) or _whole(patches, kind, object_id) is not None:
        raise ValueError(f"No admin deleted {kind} {object_id!r}.")
    return left


def file_value(files: Sheet, kind: CatalogKind, object_id: str, name: str) -> Any:
    """What the files say of one field, defaults filled in (the whole row for `*`); None when they say nothing."""
    row = _canonical_or_raw(kind, files.row(kind, object_id))
    if row is None or name == WHOLE:
        return row
    return row.get(name)


def _object(kind: CatalogKind, name: str, row: Json, in_file: Json | None) -> CatalogObject:
    value, file = canonical(kind, row), _canonical_or_raw(kind, in_file)
    etag = etag_of(value)
    if kind == "provider":
        value, file = withheld(value), file and withheld(file)
    return CatalogObject(kind, name, value, file, etag)


def _state(files: Sheet, patch: CatalogPatch) -> PatchState:
    today = file_value(files, patch.kind, patch.object_id, patch.name)
    # A row that an admin made stands on nothing, so only the rest can lose its footing.
    makes_row = patch.name == WHOLE and patch.value is not None
    if files.row(patch.kind, patch.object_id) is None and not makes_row:
        return PatchState(patch, "orphaned", None)
    return PatchState(patch, "plain" if today == patch.base else "shadowed", today)


def _allow_field(field: CatalogPatch) -> None:
    if field.name in OPERATOR_FIELDS:
        raise ValueError(f"{field.name!r} can be set in the operator's files only.")
    if field.kind == "provider" and field.name not in PROVIDER_FIELDS:
        raise ValueError(f"Of a provider only {' and '.join(sorted(PROVIDER_FIELDS))} can be changed here.")
    if field.name not in ROWS[field.kind].model_fields:
        raise ValueError(f"{field.kind.capitalize()} has no field {field.name!r}.")


def _whole(patches: Sequence[CatalogPatch], kind: CatalogKind, object_id: str) -> CatalogPatch | None:
    found = (p for p in patches if (p.kind, p.object_id, p.name) == (kind, object_id, WHOLE) and p.value is not None)
    return next(found, None)


def _replaced(own: CatalogPatch, value: Json, by: CatalogPatch) -> CatalogPatch:
    return CatalogPatch(own.kind, own.object_id, WHOLE, own.base, value, by.author, by.reason, by.at_ms)


def _with(patches: Sequence[CatalogPatch], new: CatalogPatch) -> list[CatalogPatch]:
    place = (new.kind, new.object_id, new.name)
    return [*(p for p in patches if (p.kind, p.object_id, p.name) != place), new]


def _others(patches: Iterable[CatalogPatch], row: CatalogPatch) -> list[CatalogPatch]:
    return [patch for patch in patches if (patch.kind, patch.object_id) != (row.kind, row.object_id)]


def _without_void(files: Sheet, patches: Iterable[CatalogPatch], touched: Iterable[CatalogPatch]) -> list[CatalogPatch]:
    # Only the object at hand is tidied: what stands orphaned elsewhere is for `diff` to show, not for us to drop.
    objects_touched = {(patch.kind, patch.object_id) for patch in touched}
    return [
        patch for patch in patches if (patch.kind, patch.object_id) not in objects_touched or not _says_nothing(files, patch)
    ]


def _says_nothing(files: Sheet, patch: CatalogPatch) -> bool:
    in_file = files.row(patch.kind, patch.object_id)
    if patch.name == WHOLE and patch.value is None:
        return in_file is None
    if in_file is None:
        return False
    if patch.name == WHOLE:
        return _canonical_or_raw(patch.kind, patch.value) == _canonical_or_raw(patch.kind, in_file)
    return _canonical_or_raw(patch.kind, in_file | {patch.name: patch.value}) == _canonical_or_raw(patch.kind, in_file)


def _canonical_or_raw(kind: CatalogKind, row: Json | None) -> Json | None:
    if row is None:
        return None
    try:
        return canonical(kind, row)
    except ValidationError:
        # A row that is wrong is `build`'s to refuse, in words; here it only has to equal itself.
        return row
