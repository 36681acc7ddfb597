"""A sheet of raw rows in, typed rows out, each checked by itself; rows are looked at together in `check`."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from proxy.domain.desk import CatalogKind
from proxy.domain.value import dataclass, replace
from proxy.store.catalog.learned_rows import LearnedRow
from proxy.store.catalog.mistakes import ADMIN_LAYER, Mistake, mistakes_of
from proxy.store.catalog.policy_rows import PolicyRow
from proxy.store.catalog.rows import (
    ROWS,
    AliasRow,
    AnyRow,
    AssistantRow,
    ModelRow,
    PlanRow,
    ProviderRow,
)
from proxy.store.catalog.sheet import KINDS, LEARNED, LEARNED_FILE, Json, Sheet
from proxy.store.catalog.withheld import withheld

R = TypeVar("R", ProviderRow, ModelRow, AliasRow, AssistantRow, PlanRow, PolicyRow)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rows of one catalog. `broken` are names whose rows have mistakes of their own, so that nobody calls them
    missing as well."""

    providers: dict[str, ProviderRow]
    models: dict[str, ModelRow]
    aliases: dict[str, AliasRow]
    assistants: dict[str, AssistantRow]
    plans: dict[str, PlanRow]
    policies: dict[str, PolicyRow]
    sources: dict[tuple[CatalogKind, str], str]
    broken: frozenset[tuple[CatalogKind, str]]
    learned: tuple[LearnedRow, ...] = ()

    def knows(self, kind: CatalogKind, object_id: str) -> bool:
        return (kind, object_id) in self.sources

    def mistake(self, kind: CatalogKind, object_id: str, key: str, message: str) -> Mistake:
        """A Mistake at a key of a row, naming the file the row stands in."""
        return Mistake(self.sources.get((kind, object_id), ADMIN_LAYER), f"{kind}[{object_id}].{key}", message)

    def content(self) -> Json:
        """Every row with its defaults, as JSON: what a revision is the hash of and what a snapshot stores. Providers without
        their addresses and headers, for nothing is decided by them."""
        tables: Mapping[CatalogKind, Mapping[str, AnyRow]] = {
            "provider": self.providers,
            "model": self.models,
            "alias": self.aliases,
            "assistant": self.assistants,
            "plan": self.plans,
            "policy": self.policies,
        }
        content: Json = {kind: [row.model_dump(mode="json") for row in table.values()] for kind, table in tables.items()}
        content["provider"] = [withheld(row) for row in content["provider"]]
        # Where nothing was learned a snapshot says nothing of it, and has the revision that it always had.
        return content | ({LEARNED: [row.model_dump(mode="json") for row in self.learned]} if self.learned else {})


def parse(sheet: Sheet) -> tuple[Parsed, list[Mistake]]:
    """The rows that are right by themselves, and what is wrong with the others."""
    mistakes: list[Mistake] = []
    broken: set[tuple[CatalogKind, str]] = set()
    rows: list[AnyRow] = []
    for kind in KINDS:
        for object_id, raw in sheet.rows[kind].items():
            try:
                rows.append(ROWS[kind].model_validate(raw))
            except ValidationError as error:
                file = sheet.sources.get((kind, object_id), ADMIN_LAYER)
                mistakes.extend(mistakes_of(error, file, f"{kind}[{object_id}]", ROWS[kind].model_fields))
                broken.add((kind, object_id))
    learned = _lessons(sheet, mistakes)
    return replace(_sorted_out(rows, sheet, frozenset(broken)), learned=learned), mistakes


def _lessons(sheet: Sheet, mistakes: list[Mistake]) -> tuple[LearnedRow, ...]:
    learned: list[LearnedRow] = []
    for number, raw in enumerate(sheet.learned):
        try:
            learned.append(LearnedRow.model_validate(raw))
        except ValidationError as error:
            mistakes.extend(mistakes_of(error, LEARNED_FILE, f"{LEARNED}[{number}]", LearnedRow.model_fields))
    return tuple(learned)


def _sorted_out(rows: list[AnyRow], sheet: Sheet, broken: frozenset[tuple[CatalogKind, str]]) -> Parsed:
    return Parsed(
        providers=_of(rows, ProviderRow),
        models=_of(rows, ModelRow),
        aliases=_of(rows, AliasRow),
        assistants=_of(rows, AssistantRow),
        plans=_of(rows, PlanRow),
        policies=_of(rows, PolicyRow),
        sources={(kind, name): sheet.sources.get((kind, name), ADMIN_LAYER) for kind in KINDS for name in sheet.rows[kind]},
        broken=broken,
    )


def _of(rows: list[AnyRow], kind: type[R]) -> dict[str, R]:
    return {row.id: row for row in rows if isinstance(row, kind)}
