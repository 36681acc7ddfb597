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
    if begins == "group":
        found = _led(leads[0], wording) if len(leads) == 1 else _united(leads, wording)
    elif begins == "number":
        found = wording.numbers
    else:
        return _START if begins == "text" else None
    if len(found) <= PLACES_MAX:
        return found
    return [*found[: PLACES_MAX // 2], *found[-PLACES_MAX // 2 :]]


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
