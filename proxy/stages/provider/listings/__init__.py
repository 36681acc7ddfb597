"""What each provider says of its models: bytes of a listing in, rows in the catalog's units out; asks nobody itself."""

from collections.abc import Mapping
from typing import Final

from proxy.domain.dialect import Dialect
from proxy.stages.provider.anthropic import VERSION
from proxy.stages.provider.listings import anthropic, gemini, openai, openrouter
from proxy.stages.provider.listings.page import PATH, Listing, Page

__all__ = ["LISTINGS", "PATH", "Listing", "Page"]

LISTINGS: Final[Mapping[Dialect, Listing]] = {
    "openai": Listing(openai.page),
    "openrouter": Listing(openrouter.page),
    "anthropic": Listing(anthropic.page, anthropic.QUERY, {"anthropic-version": VERSION}),
    "gemini": Listing(gemini.page, gemini.QUERY),
}
