"""A whole gateway as admins meet it: the house with a real catalog of files and its desk, staff keys and short ways to ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2

from proxy.api.gateway import build_gateway
from proxy.api.offices import build_offices
from proxy.clock import SystemClock
from proxy.store.catalog.desk import SqlCatalogDesk
from proxy.store.catalog.source import SqlCatalog
from proxy.store.sqlite import SqliteDatabase
from tests.api.house import House, Json, open_house

HEADER_SECRET: Final = "header-secret-of-the-operator"
SYSTEM_PROMPT: Final = "You are the marker of the system prompt."
STRONG: Final = "p/org/strong"

_CATALOG: Final = f"""
[[provider]]
id = "p"
name = "Provider"
base_url = "http://127.0.0.1:9/v1"
private_network = true
headers = {{ X-Extra = "{HEADER_SECRET}" }}

[[model]]
id = "p/cheap"
family = "open"
context_tokens_max = 100_000
output_tokens_max = 8_000
stops_billing_on_close = true
prices = {{ input = "1", output = "4" }}

[[model]]
id = "{STRONG}"
family = "frontier"
context_tokens_max = 100_000
output_tokens_max = 8_000
prices = {{ input = "10", output = "40" }}

[[model]]
id = "p/unpriced"
family = "open"
active = false
context_tokens_max = 100_000
output_tokens_max = 8_000

[[alias]]
id = "gpt"
models = ["p/cheap", "{STRONG}"]

[[assistant]]
id = "general"
name = "General"
family = "general"
preferences = ["p/cheap", "{STRONG}"]
system_prompt = "{SYSTEM_PROMPT}"

[[plan]]
id = "basic"
name = "Basic"
models = ["p/cheap"]
multiplier = "1.37"
allowances = [{{ window = "month", credits = 1_000 }}]

[[plan]]
id = "pro"
name = "Pro"
rank = 1
models = ["p/cheap", "{STRONG}"]
allowances = [{{ window = "month", credits = 5_000 }}]

[policy]
credits_per_dollar = 1_000

[policy.modes]
economy = {{ quality = 0.5, cost = 2.0, latency = 0.2, health = 1.0 }}
balanced = {{ quality = 1.0, cost = 1.0, latency = 0.5, health = 1.0 }}
best = {{ quality = 2.0, cost = 0.1, latency = 0.1, health = 1.0 }}
fast = {{ quality = 0.5, cost = 0.2, latency = 2.0, health = 1.0 }}
"""


@dataclass(frozen=True)
class Office:
    """`admin` and `support` are keys; `catalog` is the real one, which `house` calls under once it is shown."""

    house: House
    client: httpx2.AsyncClient
    catalog: SqlCatalog
    config_dir: Path
    admin: str
    support: str

    async def ask(self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str) -> httpx2.Response:
        """As the admin unless another key is given; header names with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["authorization"] = f"Bearer {key or self.admin}"
        return await self.client.request(method, f"/api/admin{path}", json=body, headers=sent)

    async def get(self, path: str, key: str | None = None) -> httpx2.Response:
        return await self.ask("GET", path, key=key)

    async def read(self, path: str, key: str | None = None) -> Json:
        answer = await self.get(path, key)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def post(self, path: str, **body: Any) -> httpx2.Response:
        return await self.ask("POST", path, {"reason": "a test"} | body)

    async def patch(self, path: str, **body: Any) -> httpx2.Response:
        """With the ETag that reading gives."""
        etag = (await self.get(path)).headers["etag"]
        return await self.ask("PATCH", path, {"reason": "a test"} | body, if_match=etag)

    async def audited(self, limit: int = 200) -> list[Json]:
        lines: list[Json] = (await self.read(f"/audit?limit={limit}"))["data"]
        return lines

    async def call(self, user_key: str, **fields: Any) -> httpx2.Response:
        """A chat under the catalog of this moment."""
        self.house.shown.catalog = self.catalog.current()
        return await self.house.chat(user_key, **fields)


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[Office]:
    config_dir = folder / "config"
    config_dir.mkdir()
    (config_dir / "catalog.toml").write_text(_CATALOG)
    (config_dir / "precheck.toml").write_text("category_margin = 1.0\n")
    async with open_house(folder) as house:
        clock = SystemClock()
        database = await SqliteDatabase.open(str(folder / "books.db"))
        catalog = await SqlCatalog.open(database, clock, config_dir)
        services = replace(house.parts, catalog=catalog, desk=SqlCatalogDesk(database, clock, catalog))
        house.shown.catalog = catalog.current()
        transport = httpx2.ASGITransport(app=build_gateway(services, build_offices))
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
            admin, support = await house.key("admin"), await house.key("support")
            yield Office(house, client, catalog, config_dir, admin, support)
        await database.close()
