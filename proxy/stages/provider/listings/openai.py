"""OpenAI's listing in, what it tells of each model out: hardly more than names, for it has neither prices nor limits.

https://platform.openai.com/docs/api-reference/models/list; limits as others who speak this dialect write them:
https://console.groq.com/docs/api-reference#models-list (`context_window`, `max_completion_tokens`),
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (`max_model_len`)
"""

from collections.abc import Mapping
from typing import Any

from proxy.domain.listing import Listed
from proxy.stages.provider.listings import fields
from proxy.stages.provider.listings.page import Page, page_of
from proxy.stages.provider.reading import read


def page(body: bytes) -> Page | None:
    """The whole listing: it has one page."""
    value = read(body)
    return page_of(value.get("data"), _listed, None) if isinstance(value, dict) else None


def _listed(row: Mapping[str, Any]) -> Listed | None:
    name = fields.name(row.get("id"))
    if name is None:
        return None
    return Listed(
        name=name,
        context_tokens_max=fields.tokens(row.get("context_window")) or fields.tokens(row.get("max_model_len")),
        output_tokens_max=fields.tokens(row.get("max_completion_tokens")),
    )
