"""House rules that no linter knows, read from the syntax trees and from the list of files; imports nothing of proxy."""

import ast
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.sizes import ROOT, file_size, function_sizes, nodes, shown, source_files

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
# The pipeline reads as a table of contents; the day it does not fit, a condition has moved in that belongs to a stage.
PIPELINE_LINES_MAX = 300

# Names that admit anything, so that in the end everything is in them.
# What a call was judged by is written as JSON, call by call, and the encoder reads an object's own dictionary five times faster
# than its slots: 14 of the 245 microseconds that the books add to a call.
RECORDED = frozenset(
    {
        "Advice",
        "Ask",
        "BucketStanding",
        "Candidate",
        "CapStanding",
        "Counted",
        "Decision",
        "Dropped",
        "Health",
        "Mark",
        "ModelHealth",
        "Reason",
        "Span",
        "Standing",
        "Verdict",
        "WindowStanding",
    }
)
BANNED_NAMES = frozenset({"util", "utils", "helper", "helpers", "common", "core", "manager", "managers"})
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
CLOCK_CALLS = frozenset({"now", "today", "utcnow"})

# Written in halves, for this file is searched as well.
FORBIDDEN_TEXT = re.compile(
    "|".join(
        re.escape(first + rest)
        for first, rest in (
            ("/.", "library"),
            (".library", "/"),
            ("/wo", "rk/"),
            ("/tm", "p/brief"),
            ("pypi", ".org"),
            ("pythonhosted", ".org"),
            ("registry.npmjs", ".org"),
            ("crates", ".io"),
            ("proxy.golang", ".org"),
            ("repo.maven", ".apache.org"),
            ("repo1.maven", ".org"),
            ("deb.debian", ".org"),
        )
    )
)

ALL_FILES = source_files("proxy", "tests")
MIDDLE_FILES = [path for path in source_files("proxy") if shown(path).startswith(("proxy/domain/", "proxy/stages/"))]
VALUE_FILES = [path for path in source_files("proxy") if shown(path).startswith(("proxy/domain/", "proxy/ports/"))]


def test_no_function_is_longer_than_a_screen() -> None:
    sizes = [size for path in ALL_FILES for size in function_sizes(path)]
    assert [size for size in sizes if size.lines > FUNCTION_LINES_MAX] == []


def test_no_file_is_longer_than_its_cap() -> None:
    assert [size for size in map(file_size, ALL_FILES) if size.lines > _file_lines_max(size.where)] == []


def test_every_file_opens_with_a_sentence() -> None:
    bare = [shown(path) for path in ALL_FILES if path.stat().st_size and not _opening(path)]
    empty_rooms = [shown(path) for path in source_files("proxy") if path.stat().st_size == 0]
    assert bare + empty_rooms == []


def test_no_name_admits_anything() -> None:
    assert [shown(path) for path in ALL_FILES if BANNED_NAMES & set(path.relative_to(ROOT).with_suffix("").parts)] == []


def test_no_global_is_rebound() -> None:
    assert _where(ALL_FILES, lambda node: isinstance(node, ast.Global)) == []


def test_only_app_imports_inside_a_function() -> None:
    files = [path for path in ALL_FILES if shown(path) != "proxy/app.py"]
    functions = [(path, node) for path in files for node in nodes(path) if isinstance(node, FUNCTION)]
    assert [_place(path, node) for path, node in functions if any(map(_is_import, ast.walk(node)))] == []


def test_values_are_frozen_and_slotted_but_for_those_that_every_call_records() -> None:
    assert _where(VALUE_FILES, _is_loose_dataclass) == []


def test_the_middle_reads_no_clock_and_opens_no_file() -> None:
    assert _where(MIDDLE_FILES, _touches_the_world) == []


def test_no_fixture_outlives_its_file() -> None:
    """Which files a worker runs, and in which order, is chance; what one leaves behind is there for none of the rest."""
    assert _where(source_files("tests"), _is_for_many_files) == []


@pytest.mark.parametrize("name", ["Makefile", "requirements.lock", "requirements-dev.lock", ".ci/run"])
def test_the_files_searched_are_those_of_the_project(name: str) -> None:
    assert name in _project_files()


def test_no_file_names_a_private_path_or_a_package_index() -> None:
    assert [place for name in _project_files() for place in _forbidden_places(name)] == []


def _file_lines_max(where: str) -> int:
    return PIPELINE_LINES_MAX if where.startswith("proxy/pipeline") else FILE_LINES_MAX


def _where(files: list[Path], is_wrong: Callable[[ast.AST], bool]) -> list[str]:
    return [_place(path, node) for path in files for node in nodes(path) if is_wrong(node)]


def _place(path: Path, node: ast.AST) -> str:
    return f"{shown(path)}:{getattr(node, 'lineno', 0)}"


def _opening(path: Path) -> str | None:
    module = nodes(path)[0]
    return ast.get_docstring(module) if isinstance(module, ast.Module) else None


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_loose_dataclass(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    marked = [text for text in decorators if re.match(r"(dataclasses\.)?dataclass\b", text)]
    return any("frozen=True" not in text or ("slots=True" in text) is (node.name in RECORDED) for text in marked)


def _is_for_many_files(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any(re.search(r"scope=(?!'(module|class|function)')", ast.unparse(one)) for one in node.decorator_list)


def _touches_the_world(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in CLOCK_CALLS
    return isinstance(node.func, ast.Name) and node.func.id in {"open", "input", "print"}


def _project_files() -> list[str]:
    """What is committed or about to be: everything git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())


def _forbidden_places(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines()
    return [f"{name}:{number}" for number, line in enumerate(lines, start=1) if FORBIDDEN_TEXT.search(line)]
