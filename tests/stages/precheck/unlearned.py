"""Prompts that precheck never learns from in, out of `unlearned.txt`: what each is, and its text; judges none of them."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

SAFE: Final = "safe"
_FILE: Final = Path(__file__).parent / "unlearned.txt"


@lru_cache
def rows() -> Sequence[tuple[str, str]]:
    """A hazard, or `safe` where it only sounds like one, and the prompt."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" | ", 1) for line in lines if not line.startswith("# "))
    return [(kind, text.replace("\\n", "\n")) for kind, text in pairs]
