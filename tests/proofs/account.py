"""The proof of our own trouble at a provider: an account that is empty, a key that is revoked, a place that is not served."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tests.proofs.books import claim_books
from tests.proofs.claims import Case
from tests.proofs.faults.case import CREDIT_MILLI, ask_all, looked_up, prepare
from tests.proofs.faults.cells import Cell, cells
from tests.proofs.faults.seen import Seen
from tests.proofs.site import Site

TROUBLES: Final = ("quota_out", "payment_required", "key_invalid", "key_revoked", "wrong_region", "forbidden")
ALERTS_WAIT_S: Final = 60.0
PAUSE_S: Final = 0.2
# Gemini says of an empty account what it says of a rate limit, OpenRouter of a key that may not use a model what it says of a
# prompt that it will not have: nobody can tell.
_UNTELLABLE: Final = frozenset({("quota_out", "gemini"), ("forbidden", "openrouter")})
_THEIRS: Final = frozenset({401, 402, 403})


def refused(site: Site) -> Case:
    """Each trouble in each dialect, whole and streamed, alone and beside a healthy provider; alerts go to a webhook."""
    asked = [cell for cell in cells(TROUBLES) if (cell.row.name, cell.dialect) not in _UNTELLABLE]
    case = Case(
        f"our key out of credit, unknown, revoked or used from a wrong region ({', '.join(TROUBLES)}), in each dialect",
        "one attempt each, the next candidate answers, an alert for each provider; alone 502 or 503, never 401, 402 or 403",
    )
    with _webhook() as (url, alerts):
        first, second = site.yard.simulator("first"), site.yard.simulator("second")
        house = site.house(first, webhook_url=url, webhook_secret="0f" * 32, webhook_private_network="true")
        prepare(house, asked, first, second)
        with site.running(house, 1):
            answers = asyncio.run(ask_all(house.url, house.key("user", "ann", "wide"), asked))
            untold = _still_untold(asked, alerts)
            claim_books(case, house, "ann", CREDIT_MILLI)
            seen = looked_up(house, asked, answers)
    _claim(case, seen)
    case.claim(f"{len(untold)} providers that nobody was told of {sorted(untold)[:3] or ''}".strip(), not untold)
    told = set(alerts.values())
    case.claim(
        f"{len(alerts)} alerts at the webhook, of {len(asked)} providers: {sorted(told)}", told == {"our_credit", "our_key"}
    )
    return case


def _still_untold(asked: list[Cell], alerts: dict[str, str]) -> set[str]:
    """Whose loss was not told of in good time."""
    until_s = time.monotonic() + ALERTS_WAIT_S
    while untold := {_name(cell) for cell in asked if f"c{cell.number}" not in alerts}:
        if time.monotonic() > until_s:
            break
        time.sleep(PAUSE_S)
    return untold


def _claim(case: Case, seen: list[Seen]) -> None:
    alone = [one for one in seen if one.cell.beside == "nobody"]
    beside = [one for one in seen if one.cell.beside != "nobody"]
    wrong = [f"{_name(one.cell)}: {one.wrong}" for one in seen if one.wrong]
    case.claim(f"{len(wrong)} not as they must be {wrong[:3] or ''}".strip(), not wrong)
    case.claim(f"one attempt each: {all(one.firsts == 1 for one in seen)}", all(one.firsts == 1 for one in seen))
    statuses = {one.heard.status for one in alone}
    case.claim(f"{len(alone)} alone: {sorted(statuses)}", not statuses & _THEIRS)
    whole = sum(one.heard.says() == "all" for one in beside)
    case.claim(f"{whole} of {len(beside)} beside a healthy one answered whole", whole == len(beside))


def _name(cell: Cell) -> str:
    return f"{cell.row.name}, {cell.dialect}, {'stream' if cell.stream else 'whole'}"


@contextmanager
def _webhook() -> Iterator[tuple[str, dict[str, str]]]:
    """Where alerts go, and why each provider was lost, as they come."""
    alerts: dict[str, str] = {}

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if told["type"] == "provider_down":
                alerts[told["data"]["provider"]] = told["data"]["why"]
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", alerts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
