"""docs/failover.md is true to the code: its tables are those of the code, and the tests that it points to exist."""

import ast
import re
from typing import get_args

from proxy.domain.errors import FaultKind
from proxy.stages.failover import TABLE
from tests.stages.failover_page import PAGE, SAYS, written

ROOT = PAGE.parents[1]


def test_its_tables_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "python -m tests.stages.failover_page writes them anew"
    assert [kind for kind in TABLE if f"| `{kind}` |" not in page] == []


def test_every_fault_is_said_in_words() -> None:
    assert set(get_args(FaultKind)) <= set(SAYS)


def test_every_drawing_points_to_tests_that_exist() -> None:
    page = PAGE.read_text()
    drawings = page.split("\n### ")[1:]
    assert len(drawings) >= 8
    for drawing in drawings:
        named = re.findall(r"`tests/([\w/]+\.py)::(test_\w+)`", drawing)
        assert named, drawing.splitlines()[0]
        for path, name in named:
            tree = ast.parse((ROOT / "tests" / path).read_text())
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE.read_text())
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
