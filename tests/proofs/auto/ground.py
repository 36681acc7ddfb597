"""The shipped catalog in front of simulators, people on its plans, and prompts asked by many at once; prints no prompt."""

import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import httpx2

from proxy.domain.call import Call
from proxy.domain.catalog import Catalog
from proxy.store.catalog.build import load
from proxy.store.recorded import SELECT_CALL, call_read
from tests.e2e.harness import REPOSITORY, House, Simulator, Yard
from tests.proofs.claims import Case

CHAT: Final = "/v1/chat/completions"
CALLERS: Final = 8
ANSWER_TOKENS_MAX: Final = 256
# Where the simulator speaks what each provider speaks.
PLACES: Final[Mapping[str, str]] = {
    "https://api.openai.com/v1": "/v1",
    "https://openrouter.ai/api/v1": "/api/v1",
    "https://api.anthropic.com/v1": "/v1",
    "https://generativelanguage.googleapis.com/v1beta": "/v1beta",
    "http://127.0.0.1:8099/v1": "/v1",
}
# A proof asks faster than people do, and among its prompts are some that are meant to be refused.
PATIENT: Final = "\n[policy.abuse]\npoints = { blocked = 0, repeated = 0, growing = 0, guessed = 0 }\n"

Body = Mapping[str, Any]


class ShippedHouse(House):
    """A gateway with the catalog, the rules and the weights that ship; every provider is the simulator, and plans know no
    rates and let more calls run at once."""

    def __init__(self, yard: Yard, folder: Path, simulator: Simulator, policy: str = PATIENT, **settings: str) -> None:
        super().__init__(yard, folder, [simulator], **settings)
        for file in self.config.iterdir():
            file.unlink()
        for file in (REPOSITORY / "config").iterdir():
            if file.suffix in (".toml", ".json"):
                shutil.copy(file, self.config)
        self._change("providers.toml", lambda text: _at(simulator.url, text))
        self._change("plans.toml", _unhurried)
        self._change("policy.toml", lambda text: text + policy)

    @cached_property
    def catalog(self) -> Catalog:
        return load(self.config)

    def calls(self, user_id: str) -> list[Call]:
        """A user's chats as the books have them, oldest first."""
        rows = self.rows(f"{SELECT_CALL} WHERE user_id = ? AND kind = 'chat' ORDER BY id", user_id)
        return [call_read(row) for row in rows]

    def _change(self, name: str, change: Any) -> None:
        file = self.config / name
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def _unhurried(text: str) -> str:
    text = re.sub(r"requests = [0-9_]+", "requests = 1_000_000", text)
    return re.sub(r"concurrency_max = [0-9]+", f"concurrency_max = {2 * CALLERS}", text)


def _at(url: str, text: str) -> str:
    for place, path in PLACES.items():
        text = text.replace(f'base_url = "{place}"', f'base_url = "{url}{path}"')
    text = re.sub(r"^key_variable = .*\n", "", text, flags=re.MULTILINE)
    return text.replace("private_network = true\n", "").replace("base_url =", "private_network = true\nbase_url =")


def user_key(house: House, admin: str, user_id: str, plan: str, key_wishes: Body | None = None, **terms: Any) -> str:
    """A key of a new user on such terms."""
    with house.http(admin) as http:
        made = http.post(
            "/api/admin/users", json={"id": user_id, "name": user_id, "plan_id": plan, "reason": "a proof", **terms}
        )
        assert made.status_code == 201, made.text
        body = {"kind": "user", "user_id": user_id, "name": user_id, "reason": "a proof", "wishes": key_wishes or {}}
        key = http.post("/api/admin/keys", json=body)
        assert key.status_code == 201, key.text
        return str(key.json()["key"])


def ask_all(house: House, key: str, texts: Sequence[str], model: str = "auto", **signalbox: Any) -> list[httpx2.Response]:
    """Each text as a call of its own, several at once; the answers in their order."""

    def ask(client: httpx2.Client, text: str) -> httpx2.Response:
        said = [{"role": "user", "content": text}]
        return client.post(
            CHAT, json={"model": model, "messages": said, "max_tokens": ANSWER_TOKENS_MAX, "signalbox": signalbox}
        )

    with house.http(key) as client, ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(lambda text: ask(client, text), texts))


def claim_verified(case: Case, house: House) -> None:
    """The books agree with their entries."""
    verified = house.command("ledger", "verify")
    wrong = (verified.stdout or verified.stderr).strip().splitlines()[:3]
    case.claim("verify finds nothing" if verified.returncode == 0 else f"verify finds {wrong}", verified.returncode == 0)


def code_of(answer: httpx2.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["error"]["code"])


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers stand at the right."""
    texts = [column for column in range(len(head)) if any(not _is_number(row[column]) for row in rows)]
    lines = [head, ["---" if column in texts else "---:" for column in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines) + "\n"


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) or str(cell).removesuffix(" %").replace(".", "").isdigit()
