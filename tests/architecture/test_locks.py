"""Holds pyproject.toml and the two lock files together; resolves nothing and asks no network."""

import re
import tomllib
from itertools import pairwise

import pytest

from tests.architecture.sizes import ROOT

PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_both_environments_run_the_same_versions_of_what_the_gateway_needs() -> None:
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


def test_every_dependency_is_locked() -> None:
    assert _names(PROJECT["project"]["dependencies"]) <= _pins("requirements.lock").keys()
    assert _names(PROJECT["dependency-groups"]["dev"]) <= _pins("requirements-dev.lock").keys()


def test_every_dependency_says_which_versions_it_takes() -> None:
    requirements = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    assert [line for line in requirements if not re.search(r">=.+,<", line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_carries_a_hash(lock: str) -> None:
    starts = [match.start() for match in PIN.finditer(_text(lock))]
    entries = [_text(lock)[start:end] for start, end in pairwise([*starts, len(_text(lock))])]
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_nothing_about_where_packages_come_from(lock: str) -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|file:", _text(lock)) == []


def _text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def _pins(lock: str) -> dict[str, str]:
    return {match["name"]: match["version"] for match in PIN.finditer(_text(lock))}


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[><=~!\[]", line)[0].strip() for line in requirements}
