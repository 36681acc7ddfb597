"""Which dialects there are, where the simulator speaks each, and the addresses that stand for providers' own in a demo; asks
nobody."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from proxy.domain.dialect import Dialect
from proxy.domain.value import dataclass
from proxy.stages.provider.adapter import Dialect as Speech
from proxy.stages.provider.anthropic import Anthropic
from proxy.stages.provider.gemini import Gemini
from proxy.stages.provider.openai import OpenAI
from proxy.stages.provider.openrouter import OpenRouter
from proxy.store.catalog.build import load

DIALECTS: Final[Mapping[str, Speech]] = {
    "openai": OpenAI(),
    "openrouter": OpenRouter(),
    "anthropic": Anthropic(),
    "gemini": Gemini(),
}
_SURFACES: Final[Mapping[Dialect, str]] = {"openai": "/v1", "openrouter": "/api/v1", "anthropic": "/v1", "gemini": "/v1beta"}


@dataclass(frozen=True, slots=True)
class Substitution:
    """Where the calls of every provider go instead: a demo's simulator, by the address it listens on."""

    address: str


def base_urls(config_dir: Path, substitution: Substitution | None) -> dict[str, str]:
    """The address of each provider that another stands for, by its id. Raises CatalogMistakes."""
    if substitution is None:
        return {}
    return {p.id: substitution.address + _SURFACES[p.dialect] for p in load(config_dir).providers.values()}
