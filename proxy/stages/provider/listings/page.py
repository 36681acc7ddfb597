"""What a dialect says of its listing: how to ask for a page, and the function that reads one; reads none itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Final, NamedTuple

from proxy.domain.listing import Listed
from proxy.domain.value import dataclass

# Where every provider lists its models, below its base URL.
PATH: Final = "/models"


class Page(NamedTuple):
    """One page. `left_out` counts rows that could not be read, or make what no row of the catalog can say. `next` is the query
    of the next page; None on the last one."""

    models: tuple[Listed, ...]
    left_out: int = 0
    next: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """How a page is asked for and read. `query` is that of the first page; `read` gives None for what is no listing."""

    read: Callable[[bytes], Page | None]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def page_of(rows: object, read: Callable[[Mapping[str, Any]], Listed | None], after: Mapping[str, str] | None) -> Page | None:
    """The page of a list of objects; None when it is no list."""
    if not isinstance(rows, list):
        return None
    found = [read(row) if isinstance(row, dict) else None for row in rows]
    models = tuple(_kept(found))
    return Page(models, len(found) - len(models), after)


def _kept(found: Iterable[Listed | None]) -> Iterable[Listed]:
    return (listed for listed in found if listed is not None)
