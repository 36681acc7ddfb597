"""Proofs of how calls end that nobody lets finish: their caller leaves, or the gateway is told to stop."""

from dataclasses import replace
from statistics import median
from typing import Final

from tests.e2e.departures import DEPARTURES, Departure, departures_catalog, left
from tests.e2e.harness import House, Simulator, chat, eventually, wrong_in_books
from tests.e2e.stopping import CHAT, Heard, Kind, stopped, stream
from tests.proofs.claims import Case
from tests.proofs.site import Site

ROUNDS: Final = 10
NOTICED_MS_MAX: Final = 50.0
DRAIN_MS: Final = 1_000
DRAINED_LATE_MS_MAX: Final = 250.0
GRACE_S: Final = 3
WAITED_S_MAX: Final = 10.0
A_KIND: Final = 8
TOLD: Final = {"whole": "whole", "told": "shutting_down", "left": "left"}
LIVE: Final = (
    Kind("streams that end soon", CHAT, stream("sim/steady"), "whole"),
    Kind("whole answers that end soon", CHAT, chat("sim/steady"), "whole"),
    Kind("streams that would go on", CHAT, stream("sim/long"), "told"),
    Kind("whole answers that would go on", CHAT, chat("sim/long"), "told"),
    Kind("streams before their first word", CHAT, stream("sim/sleepy"), "told"),
    Kind("answers that nobody hears any more", CHAT, chat("sim/resolute"), "left"),
)


def leaving(site: Site, rounds: int = ROUNDS) -> Case:
    """Callers leave, in every dialect and kind of call; closing ends the bill, or is to."""
    case = Case(
        f"the caller leaves: {len(DEPARTURES)} kinds of call, {rounds} times each",
        f"the provider is told within {NOTICED_MS_MAX:g} ms; all settled",
    )
    simulator, house, key = _deserted(site, drain_wait_ms="0")
    ms = {one.name: [left(house, simulator, key, one) for _ in range(rounds)] for one in DEPARTURES}
    for name, found in ms.items():
        case.claim(f"{name}: {median(found):.0f} ms in the median, {max(found):.0f} at most", median(found) <= NOTICED_MS_MAX)
    everything = [one for found in ms.values() for one in found]
    slow = sum(one > NOTICED_MS_MAX for one in everything)
    seen = f"all: {median(everything):.0f} ms in the median, {max(everything):.0f} at most, {slow} of {len(everything)} later"
    case.claim(seen, not slow)
    _claim_settled(case, house, "left", len(everything))
    return case


def drained(site: Site) -> Case:
    """Callers leave whole answers, which closing would not make cheaper."""
    case = Case(
        f"the caller leaves a whole answer, for which its provider is waited for {DRAIN_MS} ms",
        f"closed within {DRAINED_LATE_MS_MAX:g} ms after that bound, and not before it",
    )
    simulator, house, key = _deserted(site, drain_wait_ms=str(DRAIN_MS))
    whole = [one for one in DEPARTURES if not one.body.get("stream")]
    for one in whole:
        late_ms = left(house, simulator, key, one) - DRAIN_MS
        case.claim(f"{one.name}: {late_ms:+.0f} ms", -2.0 <= late_ms <= DRAINED_LATE_MS_MAX)
    _claim_settled(case, house, "left", len(whole))
    return case


def stopping(site: Site) -> Case:
    """SIGTERM with calls of every kind in the gateway."""
    case = Case(
        f"SIGTERM with {len(LIVE) * A_KIND} calls of {len(LIVE)} kinds in the gateway, {GRACE_S} s of grace",
        "not ready, newcomers are told so; what can end within the grace does, the rest hears it; all settled; exit 0",
    )
    house, heard = _stopped(site, GRACE_S)
    _claim_ends(case, heard)
    _claim_stopped(case, house, heard)
    return case


def hurried(site: Site) -> Case:
    """A second SIGTERM when the first newcomer was turned away."""
    case = Case(
        "the same with a grace of 600 s, and a second SIGTERM when the first newcomer was turned away",
        "all calls end at once, each told why; all settled; exit 0",
    )
    house, heard = _stopped(site, 600, hurried=True)
    told = {end for _, end in heard.ends}
    case.claim(f"{len(heard.ends)} callers heard {sorted(told)}", told == {"shutting_down", "left"})
    case.claim(f"it had ended {heard.lasted_s:.1f} s after the first signal", heard.lasted_s < WAITED_S_MAX)
    _claim_stopped(case, house, heard)
    return case


def _deserted(site: Site, **settings: str) -> tuple[Simulator, House, str]:
    simulator = site.yard.simulator()
    house = House(site.yard, site.folder / "house", [simulator], **settings)
    (house.config / "departures.toml").write_text(departures_catalog(simulator.url))
    house.start()
    key = house.key("user", "ann", "every")
    # The first calls of a process pay for what is loaded then.
    for one in DEPARTURES:
        _warm(house, simulator, key, one)
    return simulator, house, key


def _warm(house: House, simulator: Simulator, key: str, departure: Departure) -> None:
    left(house, simulator, key, replace(departure, name="warming up"))


def _stopped(site: Site, grace_s: int, hurried: bool = False) -> tuple[House, Heard]:
    simulator = site.yard.simulator()
    house = House(site.yard, site.folder / "house", [simulator], shutdown_grace_s=str(grace_s))
    (house.config / "plan.toml").write_text(departures_catalog(simulator.url))
    house.start()
    kinds = [kind for kind in LIVE for _ in range(A_KIND)]
    return house, stopped(house, simulator, house.key("user", "ann", "every"), kinds, hurried)


def _claim_ends(case: Case, heard: Heard) -> None:
    for kind in LIVE:
        ends = [end for name, end in heard.ends if name == kind.name]
        case.claim(f"{len(ends)} {kind.name}: {', '.join(sorted(set(ends)))}", set(ends) == {TOLD[kind.ends]})


def _claim_stopped(case: Case, house: House, heard: Heard) -> None:
    case.claim(f"/readyz said {sorted(heard.unready)}", heard.unready == {503})
    case.claim(f"newcomers heard {sorted(heard.late)}", heard.late == {(503, "shutting_down", "1")})
    case.claim(f"exit {heard.code} after {heard.lasted_s:.1f} s", heard.code == 0)
    _claim_settled(case, house, "", len(heard.ends))


def _claim_settled(case: Case, house: House, status: str, calls: int) -> None:
    eventually(lambda: house.rows("SELECT count(*) FROM holds") == [(0,)], "the last settlement")
    query = "SELECT count(*), count(DISTINCT hold_id) FROM entries WHERE kind IN ('settle', 'release')"
    (settled, holds), (held,) = house.rows(query)[0], house.rows("SELECT coalesce(sum(held), 0) FROM counters")[0]
    case.claim(f"{settled} settled, each once, {held} held", settled == holds >= calls and held == 0)
    if status:
        rows = house.rows("SELECT DISTINCT status FROM model_calls")
        case.claim(f"booked as {rows}", rows == [(status,)])
    wrong = wrong_in_books(house.database)[:3]
    case.claim(f"verify finds {wrong}" if wrong else "verify finds nothing", not wrong)
