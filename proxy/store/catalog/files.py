"""The operator's TOML files in, raw rows, ceilings and precheck rules out, with every mistake found; never writes one."""

import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from proxy.domain.desk import CatalogKind, CeilingPlace
from proxy.domain.value import dataclass
from proxy.domain.verdict import RuleBook
from proxy.store.catalog.mistakes import Mistake, mistakes_of
from proxy.store.catalog.policy_rows import POLICY_ID
from proxy.store.catalog.rows import CeilingRow
from proxy.store.catalog.rules import RULES_FILE, read_rules
from proxy.store.catalog.sheet import KINDS, LEARNED, Json, Sheet

CEILING: Final = "ceiling"
FILE_BYTES_MAX: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Files:
    """What the files say. With `mistakes` nothing of it may go into force."""

    sheet: Sheet
    ceilings: tuple[CeilingRow, ...]
    rules: RuleBook
    mistakes: tuple[Mistake, ...]
    places: tuple[CeilingPlace, ...] = ()


@dataclass(slots=True)
class Reading:
    """What has been read so far; lives as long as one reading."""

    rows: dict[CatalogKind, dict[str, Json]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    sources: dict[tuple[CatalogKind, str], str] = field(default_factory=dict)
    ceilings: list[CeilingRow] = field(default_factory=list)
    places: list[CeilingPlace] = field(default_factory=list)
    learned: list[Json] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def file(self, name: str, content: Mapping[str, Any]) -> None:
        for key, value in content.items():
            if key == "policy":
                self._policy(name, value)
            elif key in (CEILING, LEARNED) or key in KINDS:
                self._table(name, key, value)
            else:
                known = ", ".join([f"[[{kind}]]" for kind in KINDS if kind != "policy"])
                self.mistakes.append(
                    Mistake(name, key, f"is not a known table; known are {known}, [policy], [[ceiling]], [[learned]]")
                )

    def _policy(self, name: str, value: Any) -> None:
        if not isinstance(value, dict):
            self.mistakes.append(Mistake(name, "policy", "must be a table: write [policy]"))
            return
        self._add(name, "policy", POLICY_ID, {"id": POLICY_ID, **value})

    def _table(self, name: str, key: str, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.mistakes.append(Mistake(name, key, f"must be a list of tables: write [[{key}]]"))
            return
        for number, row in enumerate(value):
            if key == CEILING:
                self._ceiling(name, f"{key}[{number}]", row)
            elif key == LEARNED:
                self.learned.append(row)
            else:
                self._row(name, _kind(key), number, row)

    def _row(self, name: str, kind: CatalogKind, number: int, row: Json) -> None:
        object_id = row.get("id")
        if not isinstance(object_id, str):
            self.mistakes.append(Mistake(name, f"{kind}[{number}].id", "is missing; give the row a name in quotes"))
            return
        self._add(name, kind, object_id, row)

    def _add(self, name: str, kind: CatalogKind, object_id: str, row: Json) -> None:
        first = self.sources.setdefault((kind, object_id), name)
        if object_id in self.rows[kind]:
            self.mistakes.append(Mistake(name, f"{kind}[{object_id}]", f"exists already in {first}; remove one"))
            return
        self.rows[kind][object_id] = row

    def _ceiling(self, name: str, where: str, row: Json) -> None:
        try:
            ceiling = CeilingRow.model_validate(row)
        except ValidationError as error:
            self.mistakes.extend(mistakes_of(error, name, where, CeilingRow.model_fields))
            return
        self.ceilings.append(ceiling)
        self.places.append(CeilingPlace(ceiling.scope, ceiling.dollars_per_day, name))


def read_files(config_dir: Path) -> Files:
    """Reads every `*.toml` of the folder; raises nothing, for what cannot be read is a mistake like any other.

    Which file a row stands in does not matter. `precheck.toml` holds the precheck rules.
    """
    reading = Reading()
    names = sorted(path.name for path in config_dir.glob("*.toml") if path.name != RULES_FILE)
    if not names:
        reading.mistakes.append(Mistake(str(config_dir), "*.toml", "no catalog file is here; name the right folder"))
    for name in names:
        content = _parsed(config_dir / name, reading.mistakes)
        if content is not None:
            reading.file(name, content)
    content = _parsed(config_dir / RULES_FILE, reading.mistakes)
    rules, rule_mistakes = read_rules(content or {}, config_dir)
    mistakes = (*reading.mistakes, *(rule_mistakes if content is not None else ()))
    sheet = Sheet(reading.rows, reading.sources, reading.learned)
    return Files(sheet, tuple(reading.ceilings), rules, mistakes, tuple(reading.places))


def reading_of(name: str, content: Json) -> Reading:
    """What one file's tables say, or would say."""
    reading = Reading()
    reading.file(name, content)
    return reading


def _parsed(path: Path, mistakes: list[Mistake]) -> Json | None:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            mistakes.append(Mistake(path.name, "file", f"is larger than {FILE_BYTES_MAX} bytes; split it"))
            return None
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        mistakes.append(Mistake(path.name, "file", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError:
        mistakes.append(Mistake(path.name, "file", "is not UTF-8 text; save it as UTF-8"))
    except tomllib.TOMLDecodeError as error:
        mistakes.append(Mistake(path.name, "file", f"is no TOML: {error}"))
    return None


def _kind(key: str) -> CatalogKind:
    return next(kind for kind in KINDS if kind == key)
