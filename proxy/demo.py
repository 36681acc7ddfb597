"""`signalbox demo`: settings in; a gateway with its own keys and, where no provider key is set, a simulated provider beside
it; never for production."""

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import SecretStr

from proxy.api import keys
from proxy.app import Gateway, opened
from proxy.commands import CommandFailed, owner, stored_key
from proxy.domain.desk import Change
from proxy.domain.value import dataclass
from proxy.serving import listening, run_server
from proxy.settings import Settings
from proxy.surfaces import Substitution

SIMULATOR_START_S: Final = 10
FAULTS_FILE: Final = Path(__file__).parent.parent / "config" / "faults" / "faults.toml"
PAID_VARIABLES: Final = ("OPENROUTER_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")
_DEMO: Final = Change("cli", "demo")
# What is made of answers in the lines to paste: one line for each attempt, and for each model that was tried.
_TRIED: Final = 'for a in json.load(sys.stdin)["attempts"]: print(a["number"], a["model"], a["outcome"])'
_FARING: Final = (
    'for m in json.load(sys.stdin)["models"]: m["heard_at_ms"] and print(m["id"], m["breaker"]["phase"], "score", m["score"])'
)


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """What a demo keeps between starts, in a file only its owner can read."""

    pepper: str
    user_key: str
    admin_key: str


async def demo(given: argparse.Namespace, settings: Settings) -> int:
    """Runs until told to stop. With `faults` the catalog has models that fail, and nothing real is called."""
    beside = settings.database_path or Path("data/signalbox.db")
    kept = _kept_secrets(beside.with_suffix(".demo-keys.json"))
    settings = settings.model_copy(update={"pepper": SecretStr(kept.pepper)})
    with listening(settings) as (server_socket, base_url), _config_dir(settings.config_dir, given.faults) as config_dir:
        settings = settings.model_copy(update={"config_dir": config_dir})
        paid = [] if given.faults else _paid()
        async with _provider(paid) as substitution, opened(settings, substitution) as gateway:
            await _ensure_keys(gateway, kept)
            sys.stdout.write(_greeting(base_url, kept, paid, _failover(base_url, kept) if given.faults else ""))
            sys.stdout.flush()
            await run_server(gateway, settings, server_socket)
    return 0


def _paid() -> list[str]:
    return [name for name in PAID_VARIABLES if os.environ.get(name) or os.environ.get(f"{name}_FILE")]


@contextmanager
def _config_dir(given: Path, with_faults: bool) -> Iterator[Path]:
    """The operator's files, and beside them those of the faulty provider; links, so that an edit counts at the next reload."""
    if not with_faults:
        yield given
        return
    with TemporaryDirectory(prefix="signalbox-demo-") as folder:
        for file in (*given.glob("*.toml"), *given.glob("*.json"), FAULTS_FILE):
            (Path(folder) / file.name).symlink_to(file.resolve())
        yield Path(folder)


def _kept_secrets(path: Path) -> DemoSecrets:
    if path.exists():
        return DemoSecrets(**json.loads(path.read_text()))
    path.parent.mkdir(parents=True, exist_ok=True)
    made = DemoSecrets(secrets.token_hex(32), keys.mint("user").text, keys.mint("admin").text)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump({"pepper": made.pepper, "user_key": made.user_key, "admin_key": made.admin_key}, file)
    return made


@asynccontextmanager
async def _provider(paid: list[str]) -> AsyncIterator[Substitution | None]:
    """The simulator as every provider there is, unless the environment holds the key of a real one."""
    if paid:
        yield None
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "proxy.simulator",
        "--port",
        "0",
        "--leash",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        # Ctrl-C is for the gateway: its last streams still need their provider.
        start_new_session=True,
    )
    try:
        yield Substitution(await _address(process))
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise CommandFailed("the simulated provider has no output to read its address from")
    try:
        async with asyncio.timeout(SIMULATOR_START_S):
            line = (await process.stdout.readline()).decode()
    except TimeoutError:
        line = ""
    if "http://" not in line:
        raise CommandFailed("the simulated provider did not start; try `python -m proxy.simulator` alone to see why")
    return line.split()[-1]


async def _ensure_keys(gateway: Gateway, kept: DemoSecrets) -> None:
    user = await owner(gateway.directory, gateway.clock.now_ms(), "demo", "plus", _DEMO)
    for text, user_id in ((kept.user_key, user.id), (kept.admin_key, None)):
        key_text = keys.read(text)
        if key_text is None:
            raise CommandFailed("the demo's key file is damaged; delete it to get new keys")
        if await gateway.directory.key(key_text.id) is None:
            key = stored_key(key_text, gateway.key_pepper, user_id, None, "demo", gateway.clock.now_ms())
            await gateway.directory.add_key(key, _DEMO)


def _failover(base_url: str, kept: DemoSecrets) -> str:
    """What there is to watch, and how."""
    content = tomllib.loads(FAULTS_FILE.read_text())
    says = {model["id"]: model["name"] for model in content["model"]}
    watched = "\n".join(f"  {alias['id']:<18}{says[alias['models'][0]]}" for alias in content["alias"])
    user, admin = (f'-H "Authorization: Bearer {key}"' for key in (kept.user_key, kept.admin_key))
    return f"""
Failover to watch: each of these models fails as it says, and a healthy one stands behind it.

{watched}

curl -sND - {base_url}/v1/chat/completions {user} \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "watch-cut", "stream": true, "stream_options": {{"include_usage": true}},
       "messages": [{{"role": "user", "content": "Tell me of trains"}}]}}'

The headers say who answered and after how many attempts, the last chunk who went on. Who was tried in your newest call, and how
all that was tried fares by now:

call=$(curl -s "{base_url}/api/calls?limit=1" {user} | grep -o 'call_[0-9a-z]*' | head -1)
curl -s {base_url}/api/calls/$call {user} | python3 -c 'import json, sys
{_TRIED}'
curl -s {base_url}/api/admin/health {admin} | python3 -c 'import json, sys
{_FARING}'

docs/failover.md draws what happens, and says what to see of each of them.
"""


def _greeting(base_url: str, kept: DemoSecrets, paid: list[str], failover: str) -> str:
    if paid:
        provider = f"CALLS COST MONEY: {' and '.join(paid)} is set, so models are called for real."
    elif failover:
        provider = "A simulated provider answers, well or badly, whatever keys are set. It is offline and free."
    else:
        provider = "No provider key is set, so a simulated provider answers. It is offline and free."
    return f"""
Signalbox is running. {provider}

  base URL   {base_url}/v1
  console    {base_url}/ui
  user key   {kept.user_key}
  admin key  {kept.admin_key}

Try it:

curl {base_url}/v1/chat/completions -H "Authorization: Bearer {kept.user_key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "auto", "messages": [{{"role": "user", "content": "Write a poem about trains"}}]}}'

from openai import OpenAI
client = OpenAI(base_url="{base_url}/v1", api_key="{kept.user_key}")
answer = client.chat.completions.create(model="auto", messages=[{{"role": "user", "content": "Write a poem about trains"}}])
print(answer.choices[0].message.content)
{failover}
Ctrl-C stops it. Keys and data stay for the next start.
"""
