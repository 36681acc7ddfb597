"""A catalog of one simulator under every dialect; the dialect is the id of its provider, so that tests can go through them."""

from typing import Final

from proxy.simulator.dialects.dialect import DialectName
from proxy.simulator.surfaces import BASE_PATHS

DIALECTS: Final[tuple[DialectName, ...]] = ("openai", "openrouter", "anthropic", "gemini")
# How a model is asked to think, where `reasoning_effort` does not pass as it is.
THINKS: Final = {"anthropic": 'thinking = "effort"', "gemini": 'thinking = "effort"'}
# Anthropic's usage does not say how much of its output was thought.
UNTOLD: Final = {"anthropic": ("reasoning_tokens",)}
_PROVIDER: Final = """
[[provider]]
id = "{id}"
name = "{id}, speaking {dialect}"
base_url = "{url}"
dialect = "{dialect}"
private_network = true
concurrency_max = 4_096
{row}
"""
_MODEL: Final = """
[[model]]
id = "{id}"
family = "every"
upstream_name = "{upstream}"
context_tokens_max = 20_000_000
output_tokens_max = {output_tokens_max}
modalities = ["text", "image"]
tools = true
json_schema = true
stops_billing_on_close = true
prices = {{ input = "1", output = "10" }}
{row}
"""
PLAN: Final = """
[[plan]]
id = "every"
name = "Every dialect"
models = ["*"]
context_tokens_max = 20_000_000
concurrency_max = 4_096
[[plan.allowances]]
window = "month"
credits = 1_000_000_000
"""


def provider(name: str, url: str, dialect: str, row: str = "") -> str:
    """A provider at an address of its own."""
    return _PROVIDER.format(id=name, url=url, dialect=dialect, row=row)


def simulated(dialect: DialectName, url: str) -> str:
    """A provider that is a simulator's surface of this dialect, and is called so."""
    return provider(dialect, url + BASE_PATHS[dialect], dialect)


def model(model_id: str, upstream: str, row: str = "", output_tokens_max: int = 4_000) -> str:
    """A model that can do everything a chat may ask for."""
    return _MODEL.format(id=model_id, upstream=upstream, row=row, output_tokens_max=output_tokens_max)


def dialect_catalog(url: str) -> str:
    """All four providers, with a model that answers at once and one that thinks first, and a plan that allows everything."""
    return PLAN + "".join(
        simulated(name, url) + model(f"{name}/small", "sim-small") + model(f"{name}/reason", "sim-reason", THINKS.get(name, ""))
        for name in DIALECTS
    )
