"""Reads a provider's list of models, page by page within bounds; follows no address that an answer names."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

from proxy.domain.catalog import Provider
from proxy.domain.errors import Fault
from proxy.domain.listing import Listed
from proxy.inquiry.asking import Asked, Rooms, ask
from proxy.stages.provider.listings import LISTINGS, PATH, Page

PAGES_MAX: Final = 20
PAGE_BYTES_MAX: Final = 16 * 1024 * 1024
MODELS_MAX: Final = 20_000


class ModelList(NamedTuple):
    """Every model that was listed, and how many rows were left out because no row of the catalog could say them."""

    models: tuple[Listed, ...]
    left_out: int


async def listed(rooms: Rooms, provider: Provider) -> ModelList | Fault:
    """All pages. A list that goes on beyond the bounds, or in circles, is a fault: half of it would name models as gone."""
    models: dict[str, Listed] = {}
    left_out = 0
    query: Mapping[str, str] | None = LISTINGS[provider.dialect].query
    for _ in range(PAGES_MAX):
        page = await _page(rooms, provider, query or {})
        if isinstance(page, Fault):
            return page
        models |= {one.name: one for one in page.models}
        left_out += page.left_out
        if page.next is None:
            return ModelList(tuple(models.values()), left_out)
        if page.next == query or len(models) > MODELS_MAX:
            break
        query = page.next
    return Fault("garbled", status=200)


async def _page(rooms: Rooms, provider: Provider, query: Mapping[str, str]) -> Page | Fault:
    listing = LISTINGS[provider.dialect]
    path = PATH + (f"?{urlencode(query)}" if query else "")
    reply = await ask(rooms, provider, Asked("GET", path, {"accept": "application/json", **listing.headers}), PAGE_BYTES_MAX)
    if isinstance(reply, Fault):
        return reply
    if reply.status != 200:
        return rooms.dialects[provider.dialect].classify(reply.status, reply.headers, reply.body)
    return listing.read(reply.body) or Fault("garbled", status=200)
