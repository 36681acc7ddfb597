"""Claims about settings: what the environment says is taken whole or refused by name; README's table is the truth."""

import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from proxy import settings
from proxy.settings import PREFIX, Settings, SettingsMistake
from tests.architecture.sizes import ROOT


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


def mistakes(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsMistake) as caught:
        settings.load()
    return caught.value.lines


def test_an_empty_environment_gives_the_defaults() -> None:
    assert settings.load() == Settings()
    assert settings.load().port == 8080


def test_variables_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALBOX_PORT", "9000")
    monkeypatch.setenv("SIGNALBOX_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128")
    monkeypatch.setenv("SIGNALBOX_DATABASE_URL", "sqlite:////data/books.db")
    loaded = settings.load()
    assert loaded.port == 9000
    assert [str(network) for network in loaded.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert loaded.database_path == Path("/data/books.db")


def test_a_misspelt_variable_is_refused_and_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(monkeypatch, PROT="9000")
    assert line.startswith("SIGNALBOX_PROT: there is no such setting")


def test_a_file_without_certificates_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    (line,) = mistakes(monkeypatch, CA_FILE=str(tmp_path / "ca.pem"))
    assert line.startswith("SIGNALBOX_CA_FILE: ")
    assert "must hold certificates in PEM" in line
    (line,) = mistakes(monkeypatch, CA_FILE=str(tmp_path / "none.pem"))
    assert line.startswith("SIGNALBOX_CA_FILE")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "80800"),
        ("PORT", "http"),
        ("PEPPER", "short"),
        ("METRICS_TOKEN", "x" * 15),
        ("METRICS_TOKEN", ""),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite://relative.db"),
        ("DATABASE_URL", "postgresql://"),
        ("DATABASE_URL", "postgres://host/name"),
        ("TRUSTED_PROXIES", "everywhere"),
        ("SQLITE_SYNCHRONOUS", "OFF"),
        ("COMMIT_WAIT_MS", "-1"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    (line,) = mistakes(monkeypatch, **{name: value})
    assert line.startswith(f"SIGNALBOX_{name}")


def test_a_metrics_token_that_could_be_guessed_is_refused_with_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = mistakes(monkeypatch, METRICS_TOKEN="t")
    assert "at least 16 characters" in line
    assert "openssl rand" in line
    monkeypatch.setenv("SIGNALBOX_METRICS_TOKEN", "t" * 16)
    assert settings.load().metrics_token == SecretStr("t" * 16)


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(mistakes(monkeypatch, PORT="x", PEPPER="short")) == 2


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALBOX_PEPPER", "p" * 40)
    monkeypatch.setenv("SIGNALBOX_DATABASE_URL", "postgresql://signalbox:database-password@host/name")
    loaded = settings.load()
    assert loaded.database_path is None
    assert "p" * 40 not in repr(loaded)
    assert "database-password" not in repr(loaded)
    wrong = "".join(mistakes(monkeypatch, PEPPER="short-secret", DATABASE_URL="mysql://signalbox:database-password@host/name"))
    assert "short-secret" not in wrong
    assert "database-password" not in wrong


def test_provider_keys_come_from_their_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    monkeypatch.setenv("A_KEY", "from-variable")
    monkeypatch.setenv("B_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("C_KEY", "  ")
    variables = {"a": "A_KEY", "b": "B_KEY", "c": "C_KEY", "d": "D_KEY", "e": None}
    assert settings.provider_keys(variables) == {"a": "from-variable", "b": "from-file"}


def test_a_key_file_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("B_KEY_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SettingsMistake, match="B_KEY_FILE"):
        settings.provider_keys({"b": "B_KEY"})


def test_the_readme_has_a_row_for_every_setting_with_its_default_and_meaning() -> None:
    rows = dict(re.findall(r"^\| `(SIGNALBOX_\w+)` \| (.+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert rows == {f"{PREFIX}{name.upper()}": f"{_shown(name)} | {_meaning(name)}" for name in Settings.model_fields}


def _shown(name: str) -> str:
    default = Settings.model_fields[name].default
    default = default.get_secret_value() if isinstance(default, SecretStr) else default
    return "" if default in (None, ()) else f"`{default}`"


def _meaning(name: str) -> str | None:
    return Settings.model_fields[name].description


def test_a_webhook_needs_a_secret_and_an_encrypted_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALBOX_WEBHOOK_URL", "https://ops.example/alerts")
    assert mistakes(monkeypatch)[0].startswith("SIGNALBOX_WEBHOOK_URL: needs SIGNALBOX_WEBHOOK_SECRET")
    (line,) = mistakes(monkeypatch, WEBHOOK_SECRET="short")
    assert line.startswith("SIGNALBOX_WEBHOOK_SECRET: must have at least 32")
    monkeypatch.setenv("SIGNALBOX_WEBHOOK_SECRET", "x" * 32)
    assert settings.load().webhook_url == "https://ops.example/alerts"
    monkeypatch.setenv("SIGNALBOX_WEBHOOK_URL", "http://ops.example/alerts")
    assert mistakes(monkeypatch)[0].startswith("SIGNALBOX_WEBHOOK_URL: must begin with https://")
    monkeypatch.setenv("SIGNALBOX_WEBHOOK_PRIVATE_NETWORK", "true")
    assert settings.load().webhook_private_network
