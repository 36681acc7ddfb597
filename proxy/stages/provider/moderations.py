"""OpenAI's moderations format: texts in, the body out; a whole answer in, whether any of them was flagged and for what out.
Never keeps a text."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson

from proxy.domain.errors import Fault
from proxy.domain.usage import Usage
from proxy.stages.provider.completions.failure import failure_inside
from proxy.stages.provider.counts import count
from proxy.stages.provider.reading import read

# https://platform.openai.com/docs/api-reference/moderations
PATH: Final = "/moderations"
CATEGORIES_MAX: Final = 64
NAME_CHARS_MAX: Final = 64
_GARBLED: Final = Fault("garbled", status=200)


class Opinion(NamedTuple):
    """Whether any text was flagged, and for which categories of the provider's. `usage` None: it reported none."""

    flagged: bool
    categories: tuple[str, ...]
    usage: Usage | None


def body_of(upstream_name: str, texts: Sequence[str]) -> bytes:
    """The request for these texts."""
    return orjson.dumps({"model": upstream_name, "input": list(texts)})


def read_opinion(texts: int, body: bytes) -> Opinion | Fault:
    """An answer with status 200 about so many texts; never raises."""
    value = read(body)
    if not isinstance(value, dict):
        return _GARBLED
    failure = failure_inside(value)
    if failure is not None:
        return failure
    results = value.get("results")
    if not isinstance(results, list) or len(results) != texts:
        return _GARBLED
    if not all(isinstance(result, dict) and isinstance(result.get("flagged"), bool) for result in results):
        return _GARBLED
    named = {name for result in results for name in _flagged(result.get("categories"))}
    return Opinion(
        any(result["flagged"] for result in results), tuple(sorted(named))[:CATEGORIES_MAX], _usage(value.get("usage"))
    )


def _flagged(categories: object) -> list[str]:
    if not isinstance(categories, dict):
        return []
    return [name[:NAME_CHARS_MAX] for name, is_so in categories.items() if is_so is True]


def _usage(value: object) -> Usage | None:
    given = value if isinstance(value, dict) else {}
    tokens = count(given.get("prompt_tokens")) or count(given.get("input_tokens"))
    return Usage(input=tokens) if tokens else None
