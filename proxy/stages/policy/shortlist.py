"""Who is asked: names of a call in, the model names to judge with their order and weights out; judges nobody."""

from collections.abc import Iterable
from itertools import islice
from typing import Final, Literal

from proxy.domain.assistant import AUTO, Assistant
from proxy.domain.catalog import Catalog
from proxy.domain.value import dataclass
from proxy.domain.verdict import Advice

CANDIDATES_MAX: Final = 16

Order = Literal["named", "ordered", "score"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One name to judge: a model's id, or whatever else the caller wrote. `weight` is a factor of its score."""

    name: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The entries in the order they were asked for, each name once, `CANDIDATES_MAX` at most.

    `order` says whether that order stands (`named`, `ordered`) or a score decides; `by_us` that we chose the models and
    may put cheaper ones first; `family` is the task family whose quality counts.
    """

    entries: tuple[Entry, ...]
    order: Order
    by_us: bool
    family: str


def shortlist(asked: tuple[str, ...], advice: Advice, family: str, catalog: Catalog, plan_id: str = "") -> Shortlist:
    """The candidates of a call (contract 2 and 4). `family` is the verdict's; an assistant asked by name knows better.

    A name that nothing stands behind stays in the list, so that it is answered for.
    """
    name = asked[0] if len(asked) == 1 else None
    assistant = catalog.assistants.get(advice.assistant_id) if advice.assistant_id is not None else None
    if name == AUTO and assistant is not None:
        return Shortlist(_preferred(assistant), "score", True, family)
    if name is not None and name in catalog.assistants:
        return _of_assistant(catalog.assistants[name], plan_id)
    if name is not None and name not in catalog.aliases:
        return Shortlist((Entry(name),), "named", False, family)
    order: Order = "ordered" if name in catalog.aliases else "named"
    return Shortlist(_bounded(_spelt_out(asked, catalog)), order, False, family)


def _of_assistant(assistant: Assistant, plan_id: str) -> Shortlist:
    if not assistant.is_open_on(plan_id):
        return Shortlist((Entry(assistant.id),), "named", True, assistant.family)
    return Shortlist(_preferred(assistant), "ordered" if assistant.ordered else "score", True, assistant.family)


def _preferred(assistant: Assistant) -> tuple[Entry, ...]:
    return _bounded(Entry(p.model_id, p.weight) for p in assistant.preferences)


def _spelt_out(asked: tuple[str, ...], catalog: Catalog) -> Iterable[Entry]:
    for name in asked:
        alias = catalog.aliases.get(name)
        yield from map(Entry, alias.models if alias is not None else (name,))


def _bounded(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    first_of_name: dict[str, Entry] = {}
    for entry in entries:
        first_of_name.setdefault(entry.name, entry)
    return tuple(islice(first_of_name.values(), CANDIDATES_MAX))
