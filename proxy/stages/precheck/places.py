"""Finds where in a text a pattern is worth a try: how it begins and the text's words in, places out; tries none."""

from collections.abc import Sequence
from typing import Final

from proxy.stages.precheck.clues import Beginning, Lead
from proxy.stages.precheck.wording import Wording

# Of very many places the first and the last are tried: a text that repeats itself must not be dear.
PLACES_MAX: Final = 12
_START: Final = (0,)


def places(begins: Beginning, leads: Sequence[Lead], wording: Wording) -> Sequence[int] | None:
    """Where a pattern that begins so could begin in a text that calls these leads of its first group; None when it could
    anywhere."""
    if begins == "text":
        return _START
    if begins == "group":
        return _some(_led(leads[0], wording) if len(leads) == 1 else _united(leads, wording))
    return _some(wording.numbers) if begins == "number" else None


def _united(leads: Sequence[Lead], wording: Wording) -> Sequence[int]:
    return sorted({place for lead in leads for place in _led(lead, wording)})


def _led(lead: Lead, wording: Wording) -> Sequence[int]:
    """Where a text goes on in one of a lead's ways."""
    root, ways = lead
    found = wording.places_of(root)
    if not ways or not found:
        return found
    goes_on = wording.text.startswith
    return [place for place in found if goes_on(ways, place)]


def _some(places: Sequence[int]) -> Sequence[int]:
    if len(places) <= PLACES_MAX:
        return places
    return [*places[: PLACES_MAX // 2], *places[-PLACES_MAX // 2 :]]
