"""Runs the import contracts of pyproject.toml as a test, so that pytest alone shows a broken ring."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.sizes import ROOT


def test_every_import_contract_is_kept() -> None:
    # What the linter prints says which import broke which rule; pytest shows it when this fails.
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_logo=True) == EXIT_STATUS_SUCCESS
