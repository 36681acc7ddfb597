"""Rows and precheck rules in, one immutable Catalog out, or every mistake at once; reads no file and stores nothing."""

from collections.abc import Mapping
from pathlib import Path

from proxy.domain.catalog import Catalog
from proxy.domain.value import dataclass
from proxy.store.catalog.check import check, check_rules
from proxy.store.catalog.convert import catalog_of, ceiling_of
from proxy.store.catalog.files import Files, read_files
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.parse import parse
from proxy.store.catalog.sheet import KINDS, LEARNED, Json, Sheet, digest


@dataclass(frozen=True, slots=True)
class Built:
    """A catalog and the content its revision is the hash of: every row with its defaults, as JSON."""

    catalog: Catalog
    content: Json


def load(config_dir: Path, base_urls: Mapping[str, str] | None = None) -> Catalog:
    """The catalog of the files alone, without an admin's changes; raises CatalogMistakes.

    `base_urls` sends a provider's calls elsewhere (the demo's simulator): without the provider's key, and without a new
    revision, for nothing is decided by it.
    """
    files = read_files(config_dir)
    return build(files.sheet, files, base_urls or {}).catalog


def build(sheet: Sheet, files: Files, base_urls: Mapping[str, str]) -> Built:
    """The catalog of `sheet` (the files' rows, patched or not); raises CatalogMistakes with those of `files` included."""
    parsed, found = parse(sheet)
    mistakes = [*files.mistakes, *found, *check(parsed), *check_rules(files.rules, parsed)]
    if mistakes:
        raise CatalogMistakes(mistakes)
    content = parsed.content()
    ceilings = tuple(ceiling_of(row) for row in files.ceilings)
    return Built(catalog_of(parsed, digest(content), base_urls, files.rules, ceilings), content)


def rebuild(content: Json, current: Catalog, base_urls: Mapping[str, str]) -> Catalog:
    """The catalog of a stored snapshot's content, with today's rules and ceilings, which are no part of a revision."""
    parsed, mistakes = parse(sheet_of(content))
    if mistakes:
        raise CatalogMistakes(mistakes)
    return catalog_of(parsed, digest(content), base_urls, current.rules, current.ceilings)


def try_out(sheet: Sheet, current: Catalog, base_urls: Mapping[str, str]) -> Catalog:
    """The catalog of a stored snapshot's rows after some of them were changed, likewise; raises CatalogMistakes."""
    parsed, found = parse(sheet)
    mistakes = [*found, *check(parsed)]
    if mistakes:
        raise CatalogMistakes(mistakes)
    return catalog_of(parsed, digest(parsed.content()), base_urls, current.rules, current.ceilings)


def sheet_of(content: Json) -> Sheet:
    """The rows of a stored snapshot's content."""
    return Sheet({kind: {row["id"]: row for row in content.get(kind, [])} for kind in KINDS}, {}, content.get(LEARNED, ()))
