"""The operator's settings: SIGNALBOX_ variables in, one frozen value out; refuses on doubt and reads nothing else."""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, FilePath, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX: Final = "SIGNALBOX_"
SECRET_LENGTH_MIN: Final = 32
TOKEN_LENGTH_MIN: Final = 16
SQLITE: Final = "sqlite:///"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsMistake(Exception):
    """One or more variables are wrong; each line names the variable and what would fix it."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Settings(BaseSettings):
    """Every variable the gateway reads. The README's table is compared with these fields by a test."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes any free one.")
    database_url: SecretStr = Field(
        SecretStr(f"{SQLITE}data/signalbox.db"),
        description="Where the books are kept: `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:5432/NAME`.",
    )
    config_dir: Path = Field(Path("config"), description="Folder of the catalog and precheck files.")
    pepper: SecretStr | None = Field(
        None,
        description=f"Secret that keys the hashes of API keys, at least {SECRET_LENGTH_MIN} characters. `demo` makes its own.",
    )
    metrics_token: SecretStr | None = Field(
        None, description=f"Bearer token that may read raw cost in `/metrics`, at least {TOKEN_LENGTH_MIN} characters."
    )
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="Networks, separated by commas, whose `X-Forwarded-For` is believed."
    )
    sqlite_synchronous: Literal["NORMAL", "FULL"] = Field(
        "NORMAL",
        description="`NORMAL` survives a crash of the process, a power cut may lose the last moments; `FULL` survives both.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line that is logged.")
    ca_file: FilePath | None = Field(
        None, description="File of certificates (PEM) that are trusted in providers besides the system's."
    )
    body_bytes_max: int = Field(20 * 1024 * 1024, ge=1_024, description="Largest request body.")
    nesting_max: int = Field(64, ge=8, le=250, description="Deepest nesting of a request body.")
    messages_max: int = Field(2_048, ge=1, description="Most messages in one request.")
    tools_max: int = Field(128, ge=1, description="Most tools in one request.")
    answer_bytes_max: int = Field(64 * 1024 * 1024, ge=1_024, description="Largest whole answer taken from a provider.")
    commit_wait_ms: int = Field(
        20_000, ge=100, le=60_000, description="How long a stream's status waits for the first content before a 200 is sent."
    )
    comment_every_ms: int = Field(
        15_000, ge=100, le=60_000, description="Pause after which a silent stream gets a comment line."
    )
    stall_ms: int = Field(60_000, ge=1_000, description="A caller that reads nothing for so long is dropped.")
    settle_wait_ms: int = Field(
        2_000, ge=10, description="How long an answer's end waits for its settlement; it is settled later all the same."
    )
    drain_wait_ms: int = Field(
        30_000,
        ge=0,
        le=600_000,
        description="How long the answer to a caller who left is read on to learn its bill, where closing would not stop it.",
    )
    drain_bytes_max: int = Field(4 * 1024 * 1024, ge=0, description="Most bytes read so.")
    lease_ms: int = Field(60_000, ge=5_000, description="How long a hold outlives the last sign of life of its process.")
    queue_holds_max: int = Field(
        10_000, ge=1, description="Holds that may wait for the database, and calls for their turn to be opened; more get 503."
    )
    hold_wait_ms: int = Field(
        2_000, ge=0, le=60_000, description="How long a call waits for credits that running calls hold; then it gets 429."
    )
    hold_waiters_max: int = Field(512, ge=1, description="Calls that may wait so at once; more get 429 at once.")
    hold_share_percent: int = Field(
        50, ge=1, le=100, description="Share of its app's credits that one end user's calls may hold while others wait."
    )
    kept_answers_s: int = Field(
        600, ge=0, le=86_400, description="How long the answer to a call under an `Idempotency-Key` stays in memory; 0 is off."
    )
    kept_answers_max: int = Field(1_000, ge=1, description="Most answers kept so.")
    kept_answers_bytes_max: int = Field(64 * 1024 * 1024, ge=1_024, description="Most bytes of answers kept so.")
    conversations: bool = Field(
        False, description="Whether what users and models say in `/api/ai/chat` is kept, for its user alone to read and erase."
    )
    conversations_kept_days: int = Field(
        30, ge=1, le=3_650, description="Kept conversations that nobody went on with for so long are erased."
    )
    auth_failures_per_minute: int = Field(30, ge=1, description="Failed sign-ins an address may make in a minute.")
    refused_calls_per_minute: int = Field(
        120,
        ge=1,
        description="Refused calls of one user recorded in a minute, and prechecks for users of one app whom nobody knows yet;"
        " more get 429.",
    )
    webhook_secret: SecretStr | None = Field(
        None, description=f"Secret that signs alerts, at least {SECRET_LENGTH_MIN} characters; needed with a URL."
    )
    webhook_private_network: bool = Field(False, description="Whether the webhook may be at a private address.")
    webhook_url: str | None = Field(
        None, description="Where alerts are sent; no other host ever gets one. `https://`, unless the network is private."
    )
    probe_after_s: int = Field(
        0,
        ge=0,
        le=86_400,
        description="After so long a silence a model is tried by the smallest call there is,"
        " at your cost, within your ceilings; 0 is off.",
    )
    shutdown_grace_s: int = Field(
        30,
        ge=0,
        le=600,
        description="How long live calls may go on after SIGTERM; new ones get 503. A second signal ends them at once.",
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr) -> SecretStr:
        scheme, _, place = value.get_secret_value().partition("://")
        if (scheme != "sqlite" or place[:1] != "/" or place == "/") and (scheme != "postgresql" or not place):
            raise ValueError("must be sqlite:///PATH (an absolute path has four slashes) or postgresql://USER@HOST/NAME")
        return value

    @field_validator("ca_file")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        try:
            if value is not None:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
        except ssl.SSLError as error:
            raise ValueError("must hold certificates in PEM") from error
        return value

    @field_validator("pepper", "metrics_token", "webhook_secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        least = TOKEN_LENGTH_MIN if info.field_name == "metrics_token" else SECRET_LENGTH_MIN
        if value is not None and len(value.get_secret_value()) < least:
            raise ValueError(f"must have at least {least} characters: openssl rand -hex {least}")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _complete_webhook(cls, url: str | None, info: ValidationInfo) -> str | None:
        """Stands after the two it asks about; one of them that is wrong itself is not there, and speaks for itself."""
        private = info.data.get("webhook_private_network", True)
        if url is not None and not url.startswith(("https://", "http://") if private else ("https://",)):
            raise ValueError("must begin with https:// (http:// is for private networks alone)")
        if url is not None and info.data.get("webhook_secret", url) is None:
            raise ValueError("needs SIGNALBOX_WEBHOOK_SECRET beside it: openssl rand -hex 32")
        return url

    @property
    def database_path(self) -> Path | None:
        """The SQLite file; None where the books are kept in PostgreSQL."""
        url = self.database_url.get_secret_value()
        return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def load() -> Settings:
    """The settings in the environment. Raises SettingsMistake naming every wrong variable."""
    # pydantic-settings does not see variables it has no field for, so a misspelt one would be a silent default.
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        raise SettingsMistake([f"{name}: there is no such setting; see the table in README.md" for name in unknown])
    try:
        return Settings()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        wrong = {str(e["loc"][0]).upper(): e["msg"].removeprefix("Value error, ") for e in reversed(found)}
        raise SettingsMistake([f"{PREFIX}{name}: {message}" for name, message in sorted(wrong.items())]) from None


def provider_keys(variables: Mapping[str, str | None]) -> dict[str, str]:
    """The key of each provider whose variable is set. `NAME_FILE` may name a file that holds it instead.

    `variables` maps provider ids to variable names. Raises SettingsMistake when such a file cannot be read.
    """
    found: dict[str, str] = {}
    for provider_id, name in variables.items():
        value = _secret(name) if name else None
        if value:
            found[provider_id] = value
    return found


def _secret(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE")
    if path is None:
        return os.environ.get(name, "").strip() or None
    try:
        return Path(path).read_text().strip() or None
    except OSError as error:
        raise SettingsMistake([f"{name}_FILE: cannot be read: {error.strerror}"]) from None
