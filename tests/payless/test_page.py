"""The page that lists these attempts is true to them: what it names exists, and nothing of this folder is missing from it."""

import ast
import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
PAGE: Final = FOLDER.parents[1] / "docs" / "proofs" / "payless.md"


def _claims() -> set[str]:
    """Every test of this folder, as `file::name`."""
    claims = set()
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                claims.add(f"{path.stem}::{node.name}")
    return claims


def test_the_page_names_every_attempt_and_no_other() -> None:
    named = re.findall(r"`(test_\w+::test_\w+)`", PAGE.read_text())
    assert len(named) == len(set(named))
    assert set(named) == {claim for claim in _claims() if not claim.startswith("test_page::")}


def test_every_row_says_what_happens() -> None:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if "::test_" in line]
    assert rows
    assert all(len(cells) == 5 and all(cell.strip() for cell in cells[1:4]) for cells in rows)
