"""What routing came to, and what was learned of it: parsed words and settings in, a report or a file of lessons out."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from proxy.domain.rollup import DAY_MS
from proxy.learning.written import WrittenLessons, file_text
from proxy.outside import opened_books
from proxy.ports import Teacher
from proxy.settings import Settings
from proxy.stages import routing
from proxy.store.catalog.build import load
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.sheet import LEARNED_FILE
from proxy.store.feedback import SqlFeedback

DAYS_MAX: Final = 400


async def routing_report(given: argparse.Namespace, settings: Settings) -> int:
    """What became of calls, by task family and model, on the last `days` UTC days, today included."""
    async with opened_books(settings) as shelves:
        until_ms = shelves.clock.now_ms() // DAY_MS * DAY_MS + DAY_MS
        from_ms = until_ms - max(1, min(given.days, DAYS_MAX)) * DAY_MS
        tallies = await shelves.register.routed(from_ms, until_ms)
        opinions = await SqlFeedback(shelves.database).opinions(from_ms, until_ms)
        families = {assistant.id: assistant.family for assistant in shelves.catalog.current().assistants.values()}
    report = routing.rows(tallies, opinions, families)
    lines = [json.dumps(routing.as_json(report), indent=2)] if given.json else routing.table(report)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


async def routing_learn(given: argparse.Namespace, settings: Settings) -> int:
    """Puts the lessons of a table into the catalog's folder, in the place of those before; a catalog that they would break
    keeps what it has."""
    file = settings.config_dir / LEARNED_FILE
    before = file.read_bytes() if file.exists() else None
    try:
        teacher: Teacher = WrittenLessons(given.file.read_text(encoding="utf-8"))
        lessons = teacher.lessons()
        file.write_text(file_text(lessons), encoding="utf-8")
        learned = load(settings.config_dir).learned
    except CatalogMistakes as found:
        _put_back(file, before)
        return _failed(str(found))
    except OSError as mistake:
        return _failed(f"{mistake.filename or given.file}: {mistake.strerror}")
    except ValueError as mistake:
        return _failed(f"{given.file}: {mistake}")
    sys.stdout.write(f"{len(lessons)} lessons, revision {learned.revision or 'none'}; a running gateway reads them on SIGHUP\n")
    return 0


def _put_back(file: Path, before: bytes | None) -> None:
    if before is None:
        file.unlink()
    else:
        file.write_bytes(before)


def _failed(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1
