"""A page of Anthropic's listing in, what it tells of each model out: limits and capabilities, no prices.

https://platform.claude.com/docs/en/api/models/list
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from proxy.domain.dialect import Thinking
from proxy.domain.listing import Listed
from proxy.stages.provider.listings import fields
from proxy.stages.provider.listings.page import Page, page_of
from proxy.stages.provider.reading import read

QUERY: Final = {"limit": "1000"}
# Snapshots end in their date and are called without it too: https://platform.claude.com/docs/en/about-claude/models/overview
_DATED: Final = re.compile(r"(.+)-20[0-9]{6}")


def page(body: bytes) -> Page | None:
    """One page; the next one begins after its last id."""
    value = read(body)
    if not isinstance(value, dict):
        return None
    last = fields.cursor(value.get("last_id")) if value.get("has_more") is True else None
    return page_of(value.get("data"), _listed, None if last is None else {**QUERY, "after_id": last})


def _listed(row: Mapping[str, Any]) -> Listed | None:
    name = fields.name(row.get("id"))
    if name is None:
        return None
    dated = _DATED.fullmatch(name)
    sees = _can(row, "image_input")
    return Listed(
        name=name,
        aliases=(dated[1],) if dated else (),
        title=fields.title(row.get("display_name")),
        kind="chat",
        context_tokens_max=fields.tokens(row.get("max_input_tokens")),
        output_tokens_max=fields.tokens(row.get("max_tokens")),
        modalities=None if sees is None else ("text", "image") if sees else ("text",),
        json_schema=_can(row, "structured_outputs"),
        thinking=_thinking(row),
    )


def _can(row: Mapping[str, Any], *capability: str) -> bool | None:
    return fields.flag(fields.nested(row, "capabilities", *capability, "supported"))


def _thinking(row: Mapping[str, Any]) -> Thinking | None:
    if _can(row, "thinking", "types", "adaptive") and _can(row, "effort"):
        return "effort"
    return "budget" if _can(row, "thinking", "types", "enabled") else None
