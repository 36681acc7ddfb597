"""Runs the import contracts of pyproject.toml as a test, so that pytest alone shows a broken ring."""

import subprocess
import sys

from tests.architecture.sizes import ROOT

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def test_every_import_contract_is_kept() -> None:
    # In a process of its own, for the linter sets up logging anew and would silence the loggers of later tests.
    done = subprocess.run([sys.executable, "-c", LINT, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
