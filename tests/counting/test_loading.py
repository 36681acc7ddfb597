"""Claims about what is loaded when: a gateway without a call to count carries no vocabulary, and one without the library
says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proxy import app, outside
from proxy.settings import Settings

ROOT = Path(__file__).parents[2]
LOADED = "import sys, proxy.app; sys.exit('rs_bpe' in sys.modules)"


def test_the_gateway_starts_without_its_vocabularies() -> None:
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("is_here", [True, False])
def test_a_missing_library_is_said_by_the_check(monkeypatch: pytest.MonkeyPatch, is_here: bool) -> None:
    monkeypatch.setattr(app, "find_spec", lambda name: object() if is_here else None)
    findings = outside.checked(Settings(config_dir=ROOT / "config"))
    assert findings.mistakes == ()
    assert any("rs-bpe is not installed: " in warning for warning in findings.warnings) is not is_here
