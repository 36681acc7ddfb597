"""Secrets of providers, planted in every dialect and kind of call: keys, addresses, headers, all that they say of themselves;
and everything that is told, logged, counted or kept afterwards, to search them in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.e2e.dialects import DIALECTS, PLAN, model, provider
from tests.e2e.gossip import MANNERS, PATH, SAID, gossiping
from tests.e2e.harness import House, Simulator, Yard, chat, eventually

CHAT: Final = "/v1/chat/completions"
HEADER: Final = "SECRET-HEADER-4711"
KEYS: Final = {dialect: f"SECRET-KEY-{dialect}-4711" for dialect in DIALECTS}
OTHER_KINDS: Final = {"openai": ("embed", "draw"), "openrouter": ("embed",)}
EXPLAINED: Final = 3
_OTHERS: Final = {
    "embed": """
[[model]]
id = "{provider}/embed"
kind = "embedding"
family = "every"
upstream_name = "{manner}"
context_tokens_max = 8_000
prices = {{ input = "1" }}
""",
    "draw": """
[[model]]
id = "{provider}/draw"
kind = "image"
family = "every"
upstream_name = "{manner}"
context_tokens_max = 8_000
images = [{{ size = "512x512", price = "0.01" }}]
""",
}
PLACES: Final = (
    *("user", "admin", "metrics", "log", "database", "database file", "explain", "check --live", "catalog import"),
)
ADMIN_READS: Final = (
    *("models", "assistants", "plans", "aliases", "providers", "catalog", "users", "users/ann", "users/ann/standing", "keys"),
    *("audit", "health", "model-calls?limit=200", "analytics", "simulate"),
)
USER_READS: Final = (
    *(
        "/v1/models?include=unavailable",
        "/api/me",
        "/api/plans",
        "/api/ai/models",
        "/api/calls?limit=200",
        "/api/usage",
        "/readyz",
    ),
    *("/metrics", "/openapi.json"),
)


@dataclass(slots=True)
class Found:
    """Everything that was told, by who was told, and what the secrets are."""

    secrets: tuple[str, ...]
    asked: str = ""
    told: dict[str, list[str]] = field(default_factory=dict)

    def leaks(self, place: str) -> list[str]:
        """Where secrets stand in what was told there."""
        return [around(text, secret) for text in self.told[place] for secret in self.secrets if secret in text]

    def tell(self, whom: str, answer: Any) -> None:
        self.told.setdefault(whom, []).append(
            f"{answer.status_code} {answer.reason_phrase} {dict(answer.headers)} {answer.text}"
        )


def planted(yard: Yard, folder: Path, simulator: Simulator, manners: tuple[str, ...] = MANNERS) -> Found:
    """Calls of all kinds to providers of these manners; then everything that can be read of them."""
    with gossiping() as (url, heard):
        house = House(yard, folder, [simulator], log_level="debug", probe_after_s="1")
        house.env |= {f"GOSSIP_{dialect.upper()}": key for dialect, key in KEYS.items()}
        house.env |= {"SIGNALBOX_REFUSED_CALLS_PER_MINUTE": "100000"}
        (house.config / "gossip.toml").write_text(_catalog(url, manners))
        house.start()
        found = Found((SAID, PATH, HEADER, str(urlsplit(url).port), *KEYS.values()))
        _ask(house, found, manners)
        found.asked = "\n".join(heard)
        _command(house, found, "check", "--live")
        for dialect in DIALECTS:
            _command(house, found, "catalog", "import", f"{dialect}-well")
        house.gateway.send(15)
        house.gateway.wait()
        found.told["log"] = [house.gateway.errors, house.gateway.output]
        found.told["database"] = [_kept(house)]
        files = house.database.parent.glob(f"{house.database.name}*")
        found.told["database file"] = [file.read_bytes().decode("latin-1") for file in files]
    return found


def _catalog(url: str, manners: tuple[str, ...]) -> str:
    """A provider for each dialect and manner, for one that refuses our key takes all its models along."""
    rows = [PLAN]
    for dialect in DIALECTS:
        hidden = f'key_variable = "GOSSIP_{dialect.upper()}"\nheaders = {{ "x-operator" = "{HEADER}" }}'
        for manner in manners:
            rows += [provider(f"{dialect}-{manner}", url, dialect, hidden), model(f"{dialect}-{manner}/chat", manner)]
            kinds = OTHER_KINDS.get(dialect, ())
            rows += [_OTHERS[kind].format(provider=f"{dialect}-{manner}", manner=manner) for kind in kinds]
    return "".join(rows)


def _ask(house: House, found: Found, manners: tuple[str, ...]) -> None:
    user_key, admin_key = house.key("user", "ann", "every"), house.key("admin")
    with house.http(user_key) as user, house.http(admin_key) as admin, house.http() as anybody:
        for path, body in _bodies(manners):
            found.tell("user", user.post(path, json=body))
        calls = [row["id"] for row in user.get("/api/calls?limit=200").json()["data"]]
        eventually(lambda: house.rows("SELECT 1 FROM model_calls WHERE kind = 'probe'"), "a probe")
        for path in (*USER_READS, *(f"/api/calls/{call}" for call in calls)):
            found.tell("user", user.get(path))
        for path in (*ADMIN_READS, *(f"model-calls/{call}" for call in calls)):
            found.tell("admin", admin.get(f"/api/admin/{path}"))
        found.tell("metrics", anybody.get("/metrics"))
        found.tell("metrics", admin.get("/metrics"))
    for call in calls[:EXPLAINED]:
        _command(house, found, "explain", call)


def _bodies(manners: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    more: dict[str, Any] = {"signalbox": {"explain": True}}
    for name in (f"{dialect}-{manner}" for manner in manners for dialect in DIALECTS):
        yield CHAT, chat(f"{name}/chat", **more)
        yield CHAT, chat(f"{name}/chat", stream=True, stream_options={"include_usage": True}, **more)
        yield "/api/ai/chat", {"message": "hello", "model": f"{name}/chat", **more}
        kinds = OTHER_KINDS.get(name.partition("-")[0], ())
        if "embed" in kinds:
            yield "/v1/embeddings", {"model": f"{name}/embed", "input": "a"}
        if "draw" in kinds:
            yield "/v1/images/generations", {"model": f"{name}/draw", "prompt": "a", "size": "512x512"}


def _command(house: House, found: Found, *words: str) -> None:
    done = house.command(*words)
    found.told.setdefault(" ".join(words[:2]) if words[0] != "explain" else "explain", []).append(done.stdout + done.stderr)


def _kept(house: House) -> str:
    """Every value of every table."""
    tables = house.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    rows = ((table, house.rows(f'SELECT * FROM "{table}"')) for (table,) in tables)  # noqa: S608 - the schema's own names
    return "\n".join(f"{table} {row}" for table, found in rows for row in found)


def around(text: str, secret: str) -> str:
    """Where a secret stands, for whoever has to find out why."""
    at = text.find(secret)
    return text[max(0, at - 150) : at + 80]
