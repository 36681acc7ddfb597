"""What README promises of budgets is backed: each row that it names is in a table of proofs and holds, each test exists."""

import re
from typing import Final

import pytest

from tests.architecture.sizes import ROOT

_README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
_SECTION: Final = _README.partition("## Budgets that hold")[2].partition("\n## ")[0]
# Claim, rows, tests.
_CLAIMS: Final = re.findall(r"^\| ([^|]+) \|([^|]*)\|([^|]*)\|$", _SECTION, re.MULTILINE)[1:]
_PAGES: Final = "".join((ROOT / "docs/proofs" / page).read_text() for page in ("budget.md", "failover.md"))
_ROWS: Final = re.findall(r"^\|.*\| (yes|\*\*no\*\*) \| [0-9-]+ \| `([^`/]+)/\w+` \|$", _PAGES, re.MULTILINE)


@pytest.mark.parametrize(("claim", "rows", "tests"), _CLAIMS)
def test_a_claim_of_the_readme_has_rows_that_hold_and_tests_that_exist(claim: str, rows: str, tests: str) -> None:
    seen = {name: {holds for holds, row in _ROWS if row == name} for name in re.findall(r"`([a-z-]+)`", rows)}
    files = re.findall(r"`(tests/[^`]+)`", tests)
    assert seen or files
    assert [name for name, holds in seen.items() if holds != {"yes"}] == [], claim
    assert [path for path in files if not (ROOT / path).is_file()] == [], claim
