"""Gateways to measure: each is started with the settings that make it fastest (ours with everything switched on), beside the
same provider, on the same core; knows how to ask each of them, and measures only how soon they answer."""

import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.bench import load, machine, programs
from tests.bench.load import Provider
from tests.bench.models import MODELS
from tests.bench.programs import ROOT, Program, Yard

HERE: Final = Path(__file__).parent
PEPPER: Final = "pepper of the bench, which is no secret at all"
LITELLM: Final = ROOT / ".venv-litellm"
_STARTS_WITHIN_S: Final = 120.0
_LOOK_S: Final = 0.002
_LITELLM_KEY: Final = "sk-bench"


@dataclass(frozen=True, slots=True)
class Site:
    """Where targets are started: a folder of their own, a provider, a core for them and one for whoever calls."""

    yard: Yard
    provider: Provider
    core: int
    load_core: int


@dataclass(frozen=True, slots=True)
class Target:
    """Something that answers chat calls. `start_s` is from its start to its first answer, `idle_mb` its memory then."""

    name: str
    program: Program
    port: int
    start_s: float
    idle_mb: float
    model_of: Callable[[str], str]
    key: str = ""
    database: Path | None = None

    def request(self, model: str, stream: bool = False, prompt_bytes: int = load.PROMPT_BYTES) -> bytes:
        """A call for one of `MODELS`."""
        return load.request(self.model_of(model), self.key, stream, prompt_bytes)

    def holds(self) -> int:
        """How many holds stand in its books."""
        if self.database is None:
            return 0
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=_STARTS_WITHIN_S) as connection:
            (count,) = connection.execute("SELECT count(*) FROM holds").fetchone()
            return int(count)


def gateway(site: Site, root: Path = ROOT, name: str = "gateway", precheck: bool = True) -> Target:
    """Ours, of the tree at `root`: a SQLite file, durable holds and records, plan, caps, limits, metrics."""
    folder = _folder(site, name)
    _configure(folder / "config", site.provider.port, precheck)
    port = programs.free_port()
    variables = {
        "PYTHONPATH": str(root),
        "SIGNALBOX_PORT": str(port),
        "SIGNALBOX_DATABASE_URL": f"sqlite:///{folder / 'books.db'}",
        "SIGNALBOX_CONFIG_DIR": str(folder / "config"),
        "SIGNALBOX_PEPPER": PEPPER,
        # Whole answers are otherwise read on when their caller has left, to learn the bill.
        "SIGNALBOX_DRAIN_WAIT_MS": "0",
    }
    words = [sys.executable, "-m", "proxy"]
    made = subprocess.run(
        [*words, "keys", "create", "--user", "bench", "--plan", "bench"],
        env=programs.environment(variables),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise machine.MachineUnfit(f"{name} makes no key: {made.stderr}")
    key = made.stdout.strip()
    started = _started(site, [*words, "serve"], port, load.request("mock/whole", key), variables)
    return Target(name, *started, "mock/{}".format, key, folder / "books.db")


def without_precheck(site: Site) -> Target:
    """Ours, with no rule to look for."""
    return gateway(site, name="no-precheck", precheck=False)


def relay(site: Site) -> Target:
    """Our server and our upstream client with nothing between them."""
    port = programs.free_port()
    command = [sys.executable, "-m", "tests.bench.bare_relay", str(port), f"http://127.0.0.1:{site.provider.port}"]
    started = _started(site, command, port, load.request(MODELS["whole"]), {"PYTHONPATH": str(ROOT)})
    return Target("relay", *started, MODELS.__getitem__)


def nginx(site: Site) -> Target:
    """Debian's, as a bare proxy."""
    folder, port = _folder(site, "nginx"), programs.free_port()
    text = (HERE / "nginx.conf").read_text()
    values = {"folder": folder, "port": port, "provider": site.provider.port, "descriptors": machine.raise_descriptor_limit()}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    (folder / "nginx.conf").write_text(text)
    command = [programs.nginx(), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    started = _started(site, command, port, load.request(MODELS["whole"]), {})
    return Target("nginx", *started, MODELS.__getitem__)


def litellm(site: Site) -> Target:
    """PyPI's, on one core as its makers advise: one worker, no database, nothing logged but errors; under Granian,
    where a call takes it a tenth less than under Uvicorn."""
    folder, port = _folder(site, "litellm"), programs.free_port()
    rows = [
        f"  - model_name: {name}\n    litellm_params:\n      model: openai/{spec}\n      api_key: sk-none\n"
        f"      api_base: http://127.0.0.1:{site.provider.port}/v1\n"
        for name, spec in MODELS.items()
    ]
    (folder / "config.yaml").write_text("model_list:\n" + "".join(rows) + (HERE / "litellm.yaml").read_text())
    command = [str(LITELLM / "bin" / "litellm"), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1"]
    started = _started(
        site,
        [*command, "--port", str(port), "--num_workers", "1", "--run_granian"],
        port,
        load.request("whole", _LITELLM_KEY),
        {
            "LITELLM_MASTER_KEY": _LITELLM_KEY,
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )
    return Target("litellm", *started, str, _LITELLM_KEY)


def install_litellm() -> None:
    """Makes the environment that `litellm` starts from, if there is none."""
    if not (LITELLM / "bin" / "litellm").exists():
        print("installing LiteLLM into an environment of its own", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(LITELLM)], check=True)
        subprocess.run([str(LITELLM / "bin" / "pip"), "install", "--quiet", "litellm[proxy]"], check=True)


def versions(names: Sequence[str]) -> list[str]:
    """Of what ours stands on, and of the rivals among `names`."""
    found = [f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "httptools")]
    if "nginx" in names:
        said = subprocess.run([programs.nginx(), "-v"], capture_output=True, text=True, check=True).stderr
        found.append(said.strip().rpartition(": ")[2].replace("/", " "))
    if "litellm" in names:
        asks = "from importlib.metadata import version; print('LiteLLM', version('litellm'))"
        command = [str(LITELLM / "bin" / "python"), "-c", asks]
        found.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    return found


def _folder(site: Site, name: str) -> Path:
    folder = site.yard.folder / f"{name}-{len(site.yard.running)}"
    folder.mkdir()
    return folder


def _configure(folder: Path, provider_port: int, precheck: bool) -> None:
    folder.mkdir()
    rules = (ROOT / "config" / "precheck.toml").read_text()
    models = [
        f'[[model]]\nid = "mock/{name}"\nname = "{name}"\nfamily = "open"\nupstream_name = "{spec}"\n'
        "context_tokens_max = 1000000\noutput_tokens_max = 16384\nstops_billing_on_close = true\n"
        'prices = { input = "1", output = "2" }\n'
        for name, spec in MODELS.items()
    ]
    assistants = [
        f'[[assistant]]\nid = "{id}"\nname = "{id}"\nfamily = "{family}"\npreferences = ["mock/whole"]\n'
        for family, id in tomllib.loads(rules)["assistants"].items()
    ]
    catalog = (HERE / "catalog.toml").read_text().replace("provider.invalid", f"127.0.0.1:{provider_port}")
    (folder / "catalog.toml").write_text("\n".join([catalog, *models, *assistants]))
    (folder / "precheck.toml").write_text(rules if precheck else rules.partition("[[rule]]")[0])


def _started(
    site: Site, command: list[str], port: int, first: bytes, variables: dict[str, str]
) -> tuple[Program, int, float, float]:
    """The program, its port, seconds until `first` was answered, megabytes then."""
    began_s = time.monotonic()
    program = site.yard.start(command, site.core, **variables)
    programs.until_listening(program, port, _STARTS_WITHIN_S)
    while not _answers(port, first):
        if time.monotonic() - began_s > _STARTS_WITHIN_S or program.popen.poll() is not None:
            raise TimeoutError(f"{command[0]} does not answer\n{program.tail}")
        time.sleep(_LOOK_S)
    start_s = time.monotonic() - began_s
    return program, port, start_s, machine.memory_mb(program.pid)


def _answers(port: int, request: bytes) -> bool:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
    connection = HTTPConnection("127.0.0.1", port, timeout=_STARTS_WITHIN_S)
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
