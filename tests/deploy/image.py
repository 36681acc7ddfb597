"""Reads Dockerfile and compose file into plain values; builds nothing and starts nothing."""

import json
import re
from typing import Any

import yaml

from tests.architecture.sizes import ROOT


def instructions(name: str) -> list[str]:
    """The arguments of every Dockerfile instruction of that name, in order, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [line.partition(" ")[2].strip() for line in joined.splitlines() if line.partition(" ")[0] == name]


def command(arguments: str) -> list[str]:
    """The words of a command in exec form, wherever in the arguments it begins."""
    words: list[str] = json.loads(arguments[arguments.index("[") :])
    return words


def environment() -> dict[str, str]:
    """What the image sets for the gateway."""
    return dict(pair.split("=", 1) for line in instructions("ENV") for pair in line.split())


def service() -> dict[str, Any]:
    """The only service of the compose file."""
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
    (only,) = compose["services"].values()
    return dict(only)
