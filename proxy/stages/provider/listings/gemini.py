"""A page of Gemini's listing in, what it tells of each model out: limits and methods, no prices.

https://ai.google.dev/api/models
"""

from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.listing import Listed
from proxy.domain.usage import Kind
from proxy.stages.provider.listings import fields
from proxy.stages.provider.listings.page import Page, page_of
from proxy.stages.provider.reading import read

QUERY: Final = {"pageSize": "1000"}
_PREFIX: Final = "models/"
_THINKS: Final = (
    'It thinks: say how it is told to (thinking = "budget" or "effort"), and whether it bills thoughts that nobody sees.'
)


def page(body: bytes) -> Page | None:
    """One page, and the token of the next."""
    value = read(body)
    if not isinstance(value, dict):
        return None
    token = fields.cursor(value.get("nextPageToken"))
    # An account without any model gets an object without the list.
    rows = value.get("models", [] if not value else None)
    return page_of(rows, _listed, None if token is None else {**QUERY, "pageToken": token})


def _listed(row: Mapping[str, Any]) -> Listed | None:
    given, kind = row.get("name"), _kind(row)
    name = fields.name(given.removeprefix(_PREFIX)) if isinstance(given, str) and given.startswith(_PREFIX) else None
    if name is None or "/" in name or kind is None:
        return None
    return Listed(
        name=name,
        title=fields.title(row.get("displayName")),
        kind=kind,
        context_tokens_max=fields.tokens(row.get("inputTokenLimit")),
        output_tokens_max=fields.tokens(row.get("outputTokenLimit")),
        remarks=(_THINKS,) if row.get("thinking") is True else (),
    )


def _kind(row: Mapping[str, Any]) -> Kind | None:
    """What it makes by the methods we have words for. Others make video, speech or live talk."""
    methods = fields.words(row.get("supportedGenerationMethods")) or []
    if "generateContent" in methods:
        return "chat"
    return "embedding" if "embedContent" in methods else None
