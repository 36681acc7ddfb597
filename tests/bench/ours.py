"""Our own targets: the gateway with everything switched on, with no precheck rules, and what is left of it without any
policy; each started anew beside a provider, measuring nothing."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench import load, machine, programs
from tests.bench.least import AMPLE, KEY
from tests.bench.models import MODELS
from tests.bench.targets import Site, Target, folder_of, started
from tests.compiling import ROOT

PEPPER: Final = "pepper of the bench, which is no secret at all"
_CATALOG: Final = Path(__file__).with_name("catalog.toml")


def gateway(site: Site, root: Path = ROOT, name: str = "gateway", precheck: bool = True) -> Target:
    """Ours, of the tree at `root`: a SQLite file, durable holds and records, plan, caps, limits, metrics."""
    folder = folder_of(site, name)
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
    begun = started(site, [*words, "serve"], port, load.request("mock/whole", key), variables)
    return Target(name, *begun, "mock/{}".format, key, folder / "books.db")


def without_precheck(site: Site) -> Target:
    """Ours, with no rule to look for."""
    return gateway(site, name="no-precheck", precheck=False)


def relay(site: Site) -> Target:
    """Our server and our upstream client with nothing between them."""
    port = programs.free_port()
    command = [sys.executable, "-m", "tests.bench.bare_relay", str(port), f"http://127.0.0.1:{site.provider.port}"]
    begun = started(site, command, port, load.request(MODELS["whole"]), {"PYTHONPATH": str(ROOT)})
    return Target("relay", *begun, MODELS.__getitem__)


def least(site: Site, name: str = "least", *, precheck: bool = True, credits_milli: int = AMPLE) -> Target:
    """The least that could be written of it, with books of its own."""
    database = folder_of(site, name) / "books.db"
    rules = ["--rules", str(ROOT / "config" / "precheck.toml")] if precheck else []
    words = ["--books", str(database), "--credits-milli", str(credits_milli), *rules]
    return _least(site, name, words, str, database)


def least_without_precheck(site: Site) -> Target:
    """The same, and nobody's prompt is judged."""
    return least(site, "least-no-precheck", precheck=False)


def least_relay(site: Site) -> Target:
    """Its door and our upstream client with nothing between them."""
    return _least(site, "least-relay", [], MODELS.__getitem__)


def _least(site: Site, name: str, words: list[str], model_of: Callable[[str], str], database: Path | None = None) -> Target:
    port = programs.free_port()
    url = f"http://127.0.0.1:{site.provider.port}/v1/chat/completions"
    command = [sys.executable, "-m", "tests.bench.least", str(port), url, *words]
    begun = started(site, command, port, load.request(model_of("whole"), KEY), {"PYTHONPATH": str(ROOT)})
    return Target(name, *begun, model_of, KEY, database)


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
    catalog = _CATALOG.read_text().replace("provider.invalid", f"127.0.0.1:{provider_port}")
    (folder / "catalog.toml").write_text("\n".join([catalog, *models, *assistants]))
    shutil.copy(ROOT / "config" / "precheck_weights.json", folder)
    bare = rules.partition("[[rule]]")[0].replace("\nweights = ", "\n# weights = ")
    (folder / "precheck.toml").write_text(rules if precheck else bare)
