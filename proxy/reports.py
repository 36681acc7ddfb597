"""Reports on the command line: parsed words and settings in, a table or JSON on standard output out; changes nothing."""

import argparse
import json
import sys
from typing import Final

from proxy.app import opened_shelves
from proxy.domain.rollup import DAY_MS
from proxy.settings import Settings
from proxy.stages import routing
from proxy.store.feedback import SqlFeedback

DAYS_MAX: Final = 400


async def routing_report(given: argparse.Namespace, settings: Settings) -> int:
    """What became of calls, by task family and model, on the last `days` UTC days, today included."""
    async with opened_shelves(settings) as shelves:
        until_ms = shelves.clock.now_ms() // DAY_MS * DAY_MS + DAY_MS
        from_ms = until_ms - max(1, min(given.days, DAYS_MAX)) * DAY_MS
        tallies = await shelves.register.routed(from_ms, until_ms)
        opinions = await SqlFeedback(shelves.database).opinions(from_ms, until_ms)
        families = {assistant.id: assistant.family for assistant in shelves.catalog.current().assistants.values()}
    report = routing.rows(tallies, opinions, families)
    lines = [json.dumps(routing.as_json(report), indent=2)] if given.json else routing.table(report)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0
