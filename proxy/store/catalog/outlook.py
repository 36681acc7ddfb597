"""Files that are not in force in, what they would change or what is wrong with them out; puts nothing into force."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from proxy.domain.desk import CatalogKind, CatalogMistake, CatalogOutlook, CatalogPatch, RowDifference
from proxy.store.catalog.build import build
from proxy.store.catalog.files import Files, reading_of
from proxy.store.catalog.layers import merge
from proxy.store.catalog.mistakes import CatalogMistakes, Mistake
from proxy.store.catalog.sheet import KINDS, Json, Sheet, canonical
from proxy.store.catalog.withheld import withheld

# Where a proposed row stands, as mistakes name it.
PROPOSAL: Final = "proposal"


def outlook(files: Files, in_force: Files, patches: Sequence[CatalogPatch], base_urls: Mapping[str, str]) -> CatalogOutlook:
    """What would change if `files` came into the place of those in force, under the same admin changes."""
    try:
        built = build(merge(files.sheet, patches), files, base_urls)
    except CatalogMistakes as error:
        told = tuple(CatalogMistake(one.file, one.key, one.message) for one in error.mistakes)
        return CatalogOutlook(None, (), told, False, False)
    return CatalogOutlook(
        revision=built.catalog.revision,
        differences=tuple(_differences(merge(in_force.sheet, patches), merge(files.sheet, patches))),
        mistakes=(),
        rules_differ=files.rules.revision != in_force.rules.revision,
        ceilings_differ=files.ceilings != in_force.ceilings,
    )


def laid_over(files: Files, text: str) -> Files:
    """The files with the rows of a text in TOML in the place of those of the same names; what is wrong with it as mistakes."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _with(files, (Mistake(PROPOSAL, "text", f"is no TOML: {error}"),))
    found = reading_of(PROPOSAL, content)
    strangers = [Mistake(PROPOSAL, "ceiling", "is the operator's word alone; write it into a file")] if found.ceilings else []
    rows: dict[CatalogKind, dict[str, Json]] = {kind: {**files.sheet.rows[kind], **found.rows[kind]} for kind in KINDS}
    sheet = Sheet(rows, {**files.sheet.sources, **found.sources})
    return _with(Files(sheet, files.ceilings, files.rules, files.mistakes), (*found.mistakes, *strangers))


def _with(files: Files, mistakes: tuple[Mistake, ...]) -> Files:
    return Files(files.sheet, files.ceilings, files.rules, (*files.mistakes, *mistakes))


def _differences(before: Sheet, after: Sheet) -> list[RowDifference]:
    names = [(kind, name) for kind in KINDS for name in dict.fromkeys((*before.rows[kind], *after.rows[kind]))]
    found = [_difference(kind, name, before.row(kind, name), after.row(kind, name)) for kind, name in names]
    return [difference for difference in found if difference is not None]


def _difference(kind: CatalogKind, name: str, before: Json | None, after: Json | None) -> RowDifference | None:
    was, would = _shown(kind, before), _shown(kind, after)
    if was == would:
        return None
    if was is None or would is None:
        return RowDifference(kind, name, was, would)
    differing = [field for field in would if was.get(field) != would[field]]
    return RowDifference(kind, name, {field: was.get(field) for field in differing}, {f: would[f] for f in differing})


def _shown(kind: CatalogKind, row: Json | None) -> dict[str, Any] | None:
    if row is None:
        return None
    value = canonical(kind, row)
    return withheld(value) if kind == "provider" else value
