"""Finds where in a text a pattern is worth a try: its clues and the text's words in, places out; tries none."""

from collections.abc import Sequence, Set
from typing import Final

from proxy.stages.precheck.clues import Clues, Group
from proxy.stages.precheck.wording import Wording

# Of very many places the first and the last are tried: a text that repeats itself must not be dear.
PLACES_MAX: Final = 24


def places(clues: Clues, wording: Wording, keys: Set[str], short: Set[str]) -> Sequence[int] | None:
    """Where a pattern with these clues could begin in a text that holds these of its keys; None when it could anywhere."""
    match clues.begins:
        case "text":
            return (0,)
        case "group":
            return _some(sorted(_beginnings(clues.groups[0], wording, keys, short)))
        case "number":
            return _some(wording.numbers)
        case _:
            return None


def _beginnings(group: Group, wording: Wording, keys: Set[str], short: Set[str]) -> Set[int]:
    """Every place of the group's leads that these keys call."""
    found: set[int] = set()
    for known, here in ((group.keys, keys), (group.short, short)):
        for key in known.keys() & here:
            for lead in known[key]:
                found.update(wording.places_of(lead))
    return found


def _some(places: Sequence[int]) -> Sequence[int]:
    if len(places) <= PLACES_MAX:
        return places
    return [*places[: PLACES_MAX // 2], *places[-PLACES_MAX // 2 :]]
