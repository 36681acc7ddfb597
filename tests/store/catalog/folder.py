"""A small configuration folder for tests: right as it stands, any file replaced by keyword; no fixture, no real provider."""

from pathlib import Path
from typing import Final

PROVIDERS: Final = """
[[provider]]
id = "p"
name = "P"
base_url = "https://p.example/v1"
key_variable = "P_KEY"
"""
MODELS: Final = """
[[model]]
id = "p/small"
family = "open"
context_tokens_max = 8_000
output_tokens_max = 1_000
prices = { input = "1", output = "4" }
tags = ["cheap"]

[[model]]
id = "p/large"
family = "gpt"
context_tokens_max = 100_000
output_tokens_max = 8_000
prices = { input = "2.50", cached_input = "1.25", output = "10.00" }
"""
ALIASES: Final = '[[alias]]\nid = "gpt"\nmodels = ["p/large", "p/small"]\n'
ASSISTANTS: Final = """
[[assistant]]
id = "general"
name = "General"
family = "general"
preferences = ["p/*"]
"""
PLANS: Final = """
[[plan]]
id = "basic"
name = "Basic"
models = ["tag:cheap"]
allowances = [{ window = "month", credits = "1000.5" }]
"""
POLICY: Final = """
[policy]
credits_per_dollar = 1_000
[policy.modes]
balanced = { quality = 1.0, cost = 1.0, latency = 0.5, health = 1.0 }
"""
PRECHECK: Final = """
category_margin = 0.5
[families]
coding = "code"
[risks]
cyber = "disallowed"
[assistants]
code = "general"
[[rule]]
id = "python"
says = "category"
value = "coding"
pattern = '\\bpython\\b'
weight = 2.0
"""
FILES: Final = {
    "providers": PROVIDERS,
    "models": MODELS,
    "aliases": ALIASES,
    "assistants": ASSISTANTS,
    "plans": PLANS,
    "policy": POLICY,
    "precheck": PRECHECK,
}


def folder(path: Path, **changes: str) -> Path:
    """Writes the files, those named in `changes` with other content, and returns `path`."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in {**FILES, **changes}.items():
        (path / f"{name}.toml").write_text(content, encoding="utf-8")
    return path


def model_row(id: str, more: str = 'prices = { input = "1", output = "4" }') -> str:
    """One more model row, with lines of its own."""
    return f'\n[[model]]\nid = "{id}"\nfamily = "open"\ncontext_tokens_max = 8_000\noutput_tokens_max = 1_000\n{more}\n'
