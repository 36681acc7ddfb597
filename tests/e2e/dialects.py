"""A catalog of one simulator under every dialect; the dialect is the id of its provider, so that tests can go through them."""

from typing import Final

from proxy.simulator.surfaces import BASE_PATHS

DIALECTS: Final = ("openai", "openrouter", "anthropic", "gemini")
# How a model is asked to think, where `reasoning_effort` does not pass as it is.
THINKS: Final = {"anthropic": 'thinking = "effort"', "gemini": 'thinking = "effort"'}
_PROVIDER: Final = """
[[provider]]
id = "{id}"
name = "A simulator that speaks {id}"
base_url = "{url}"
dialect = "{id}"
private_network = true
concurrency_max = 4_096
{row}
"""
_MODEL: Final = """
[[model]]
id = "{id}"
family = "every"
upstream_name = "{upstream}"
context_tokens_max = 100_000
output_tokens_max = 4_000
modalities = ["text", "image"]
tools = true
json_schema = true
stops_billing_on_close = true
prices = {{ input = "1", output = "10" }}
{row}
"""
_PLAN: Final = """
[[plan]]
id = "every"
name = "Every dialect"
models = ["*"]
concurrency_max = 4_096
[[plan.allowances]]
window = "month"
credits = 1_000_000
"""


def provider(dialect: str, url: str, row: str = "") -> str:
    """A provider that is a simulator's surface of this dialect."""
    return _PROVIDER.format(id=dialect, url=url + BASE_PATHS[dialect], row=row)  # type: ignore[index]


def model(model_id: str, upstream: str, row: str = "") -> str:
    """A model that can do everything a chat may ask for."""
    return _MODEL.format(id=model_id, upstream=upstream, row=row)


def dialect_catalog(url: str) -> str:
    """All four providers, with a model that answers at once and one that thinks first, and a plan that allows everything."""
    return _PLAN + "".join(
        provider(name, url) + model(f"{name}/small", "sim-small") + model(f"{name}/reason", "sim-reason", THINKS.get(name, ""))
        for name in DIALECTS
    )
