"""Measures source files and functions in lines; prints the longest of each when run. Judges nothing: test_tidy does."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Size:
    """How many lines one file or function has, blank lines and docstring included; `where` is what to click on."""

    lines: int
    where: str


def source_files(*packages: str) -> list[Path]:
    """Every Python file of the named packages, in a stable order."""
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """The nodes of one file's syntax tree, the module first; read once, for every rule looks at them."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))))


def shown(path: Path) -> str:
    """The path as a reader types it: relative to the root of the project."""
    return path.relative_to(ROOT).as_posix()


def file_size(path: Path) -> Size:
    """The lines of one file."""
    return Size(len(path.read_text(encoding="utf-8").splitlines()), shown(path))


def function_sizes(path: Path) -> Iterator[Size]:
    """The lines of every function of one file, methods and nested ones too, from `def` to the last line of the body."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Size((node.end_lineno or node.lineno) - node.lineno + 1, f"{shown(path)}:{node.lineno} {node.name}")


def main() -> None:
    """Prints the five longest functions and the five longest files of the program."""
    files = source_files("proxy")
    _report("longest functions", [size for path in files for size in function_sizes(path)])
    _report("longest files", [file_size(path) for path in files])


def _report(title: str, sizes: list[Size]) -> None:
    print(f"{title}:")
    for size in sorted(sizes, key=lambda size: -size.lines)[:5]:
        print(f"  {size.lines:4} lines  {size.where}")


if __name__ == "__main__":
    main()
