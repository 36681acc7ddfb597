"""Finds where in a text a pattern is worth a try: its clues and the text's words in, places out; tries none."""

from collections.abc import Sequence, Set
from itertools import chain
from typing import Final

from proxy.stages.precheck.clues import Clues, Group
from proxy.stages.precheck.wording import Wording

# Of very many places the first and the last are tried: a text that repeats itself must not be dear.
PLACES_MAX: Final = 12


def places(clues: Clues, wording: Wording, keys: Set[str], short: Set[str]) -> Sequence[int] | None:
    """Where a pattern with these clues could begin in a text that holds these of its keys; None when it could anywhere."""
    match clues.begins:
        case "text":
            return (0,)
        case "group":
            return _some(_beginnings(clues.groups[0], wording, keys, short))
        case "number":
            return _some(wording.numbers)
        case _:
            return None


def _beginnings(group: Group, wording: Wording, keys: Set[str], short: Set[str]) -> Sequence[int]:
    """Every place of the group's leads that these keys call, in order."""
    leads: list[str] = []
    for key in group.called_by & keys:
        leads += group.keys[key]
    if group.short and short:
        for key in group.short.keys() & short:
            leads += group.short[key]
    if len(leads) == 1:
        return wording.places_of(leads[0])
    return sorted({*chain.from_iterable(map(wording.places_of, leads))})


def _some(places: Sequence[int]) -> Sequence[int]:
    if len(places) <= PLACES_MAX:
        return places
    return [*places[: PLACES_MAX // 2], *places[-PLACES_MAX // 2 :]]
