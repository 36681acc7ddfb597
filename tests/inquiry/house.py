"""The rooms of an inquiry with a simulator behind each dialect, and catalogs that name its faults; asserts nothing."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from proxy.clock import SystemClock
from proxy.domain.catalog import Catalog, Provider
from proxy.domain.dialect import Dialect
from proxy.inquiry.asking import Rooms
from proxy.surfaces import DIALECTS
from proxy.upstream.relay import RelayUpstream
from tests.builders import catalog, model, provider

SPOKEN: Final[tuple[Dialect, ...]] = ("openai", "openrouter", "anthropic", "gemini")
BASE_PATHS: Final[Mapping[Dialect, str]] = {"openai": "/v1", "openrouter": "/api/v1", "anthropic": "/v1", "gemini": "/v1beta"}


def provider_at(url: str, dialect: Dialect = "openai", **changes: Any) -> Provider:
    """A provider `p` whose simulator listens at `url`."""
    base_url = url + BASE_PATHS[dialect]
    return provider("p", base_url=base_url, dialect=dialect, private_network=True, **changes)


def catalog_at(url: str, dialect: Dialect = "openai", upstream_name: str = "sim-small", **changes: Any) -> Catalog:
    """One provider `p` with one model `p/m`."""
    return catalog(provider_at(url, dialect, **changes), model("p/m", upstream_name=upstream_name))


@asynccontextmanager
async def rooms_of(rows: Catalog, **keys: str) -> AsyncIterator[Rooms]:
    upstream = RelayUpstream()
    yield Rooms(rows, upstream, SystemClock(), keys, DIALECTS)
    await upstream.close()
