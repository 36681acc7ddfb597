"""Gateways of others, each with the settings that make it fastest, started beside a provider; measures nothing."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.bench import load, machine, programs
from tests.bench.models import MODELS
from tests.bench.targets import Site, Target, folder_of, started
from tests.compiling import ROOT

HERE: Final = Path(__file__).parent
LITELLM: Final = ROOT / ".venv-litellm"
_LITELLM_KEY: Final = "sk-bench"


def nginx(site: Site) -> Target:
    """Debian's, as a bare proxy."""
    folder, port = folder_of(site, "nginx"), programs.free_port()
    text = (HERE / "nginx.conf").read_text()
    values = {"folder": folder, "port": port, "provider": site.provider.port, "descriptors": machine.raise_descriptor_limit()}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    (folder / "nginx.conf").write_text(text)
    command = [programs.nginx(), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    begun = started(site, command, port, load.request(MODELS["whole"]), {})
    return Target("nginx", *begun, MODELS.__getitem__)


def litellm(site: Site) -> Target:
    """PyPI's, on one core as its makers advise: one worker, no database, nothing logged but errors; under Granian,
    where a call takes it a tenth less than under Uvicorn."""
    folder, port = folder_of(site, "litellm"), programs.free_port()
    rows = [
        f"  - model_name: {name}\n    litellm_params:\n      model: openai/{spec}\n      api_key: sk-none\n"
        f"      api_base: http://127.0.0.1:{site.provider.port}/v1\n"
        for name, spec in MODELS.items()
    ]
    (folder / "config.yaml").write_text("model_list:\n" + "".join(rows) + (HERE / "litellm.yaml").read_text())
    command = [str(LITELLM / "bin" / "litellm"), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1"]
    begun = started(
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
    return Target("litellm", *begun, str, _LITELLM_KEY)


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
