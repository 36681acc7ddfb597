"""The first five minutes of a stranger: one command, and what it prints is pasted as it stands."""

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from openai import APIError, OpenAI

from proxy.simulator.tale import tale
from tests.e2e.harness import REPOSITORY, WAIT_S, Process, Yard, environment, eventually

LAST_LINE: Final = "Ctrl-C stops it."
PROCESSES: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo and what it printed."""

    process: Process
    printed: str

    def word(self, before: str) -> str:
        """What is printed after `before` on its line."""
        found = re.search(rf"^ *{before} +(\S+)$", self.printed, re.MULTILINE)
        assert found is not None
        return found[1]

    @property
    def simulators(self) -> list[int]:
        """Its child processes."""
        return _children(self.process.popen.pid)


Starter = Callable[..., Demo]


@pytest.fixture
def start(yard: Yard, tmp_path: Path) -> Starter:
    """Starts a demo whose data lie in the test's own folder."""

    def begin(*options: str, **variables: str) -> Demo:
        env = environment(
            SIGNALBOX_PORT="0",
            SIGNALBOX_DATABASE_URL=f"sqlite:///{tmp_path}/data/demo.db",
            SIGNALBOX_CONFIG_DIR=str(REPOSITORY / "config"),
            **variables,
        )
        process = yard.start("demo", ["proxy", "demo", *options], env)
        process.until(LAST_LINE)
        return Demo(process, process.output)

    return begin


def test_the_printed_curl_line_works_as_it_stands(start: Starter) -> None:
    demo = start()
    curl = demo.printed[demo.printed.index("curl ") : demo.printed.index("from openai")]
    pasted = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=WAIT_S, check=True)
    assert '"choices"' in pasted.stdout


def test_the_printed_python_snippet_works_as_it_stands(start: Starter) -> None:
    demo = start()
    snippet = demo.printed[demo.printed.index("from openai") : demo.printed.index("Ctrl-C")]
    assert len(snippet.strip().splitlines()) == 4
    words = [sys.executable, "-c", snippet]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, check=True, env=environment())
    assert len(answer.stdout.strip()) > 10


def test_a_second_start_knows_the_same_keys_and_the_first_ones_data(start: Starter) -> None:
    first = start()
    base_url, key = first.word("base URL"), first.word("user key")
    with httpx2.Client(headers={"authorization": f"Bearer {key}"}, timeout=WAIT_S) as http:
        body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
        call_id = http.post(f"{base_url}/chat/completions", json=body).headers["x-signalbox-call"]
    first.process.send(signal.SIGINT)
    assert first.process.wait() == 0
    second = start()
    assert [second.word(name) for name in ("user key", "admin key")] == [first.word(name) for name in ("user key", "admin key")]
    with httpx2.Client(headers={"authorization": f"Bearer {key}"}, timeout=WAIT_S) as http:
        url = second.word("base URL").removesuffix("/v1")
        assert http.get(f"{url}/api/calls/{call_id}").json()["status"] == "served"
        admin = {"authorization": f"Bearer {second.word('admin key')}"}
        assert http.get(f"{url}/api/admin/model-calls/{call_id}", headers=admin).status_code == 200


def test_only_the_owner_can_read_the_keys(start: Starter, tmp_path: Path) -> None:
    demo = start()
    holding = [file for file in tmp_path.rglob("*") if file.is_file() and demo.word("user key").encode() in file.read_bytes()]
    kept = [file for file in holding if file.suffix == ".json"]
    assert len(kept) == 1
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


ASKING: dict[str, tuple[str, dict[str, object]]] = {
    "chat": ("/chat/completions", {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 20}),
    "embedding": ("/embeddings", {"input": "Say hello."}),
    "image": ("/images/generations", {"prompt": "A hello."}),
}


def test_every_assistant_and_alias_of_the_shipped_catalog_answers_offline(start: Starter) -> None:
    demo = start()
    with httpx2.Client(
        base_url=demo.word("base URL"), headers={"authorization": f"Bearer {demo.word('user key')}"}, timeout=WAIT_S
    ) as http:
        named = {model["id"]: model["kind"] for model in http.get("/models").json()["data"] if model["type"] != "model"}
        assert {"auto", "general", "coder"} <= named.keys()
        assert set(named.values()) == ASKING.keys()
        for name, kind in [*named.items(), ("openrouter/openai/text-embedding-3-small", "embedding")]:
            path, asked = ASKING[kind]
            answer = http.post(path, json={"model": name, **asked})
            assert (name, answer.status_code) == (name, 200), answer.text


@pytest.mark.parametrize("stream", [False, True])
def test_models_of_every_dialect_answer_offline(start: Starter, stream: bool) -> None:
    demo = start()
    named = [
        "openai/gpt-4o-mini",
        "openrouter/openai/gpt-4o-mini",
        "anthropic/claude-haiku-4.5",
        "gemini/gemini-3.8-flash",
    ]
    with OpenAI(base_url=demo.word("base URL"), api_key=demo.word("user key"), max_retries=0, timeout=WAIT_S) as client:
        said = [_watched(client, name, stream) or ("", name) for name in named]
    assert [model for _, model in said] == named
    assert len({words for words, _ in said}) == 1
    assert said[0][0]


# Who writes what is watched, in a stream; None: nobody to its end.
WRITERS: Final = {
    "watch-refuses": "healthy/tale",
    "watch-limited": "healthy/tale",
    "watch-spent": "healthy/tale",
    "watch-html": "healthy/tale",
    "watch-resets": "healthy/tale",
    "watch-mute": "healthy/tale",
    "watch-late": "healthy/tale",
    "watch-empty": "healthy/tale",
    "watch-error-event": "healthy/tale",
    "watch-odd": "faulty/odd",
    "watch-cut": "faulty/cut",
    "watch-torn": None,
    "watch-stalls": "faulty/stalls",
    "watch-heals": "healthy/tale",
    "watch-dead": None,
}


def test_failover_can_be_watched_beside_a_healthy_model(start: Starter) -> None:
    demo = start("--faults", OPENAI_API_KEY="sk-not-a-real-key")
    assert "COST MONEY" not in demo.printed
    assert {*re.findall(r"^  (watch-\S+) ", demo.printed, re.MULTILINE)} == {*WRITERS, "watch-soon", "watch-mixed"}
    told = tale("Tell me of trains", 60)
    with OpenAI(base_url=demo.word("base URL"), api_key=demo.word("user key"), max_retries=0, timeout=WAIT_S) as client:
        # As many at once as the plan allows.
        with ThreadPoolExecutor(4) as pool:
            seen = dict(zip(WRITERS, pool.map(lambda name: _watched(client, name, stream=True), WRITERS), strict=True))
        assert {name: said for name, said in seen.items() if said is not None} == {
            name: (told, writer) for name, writer in WRITERS.items() if writer is not None
        }
        # Beside others that wait for a retry it might not be tried twice.
        assert _watched(client, "watch-soon", stream=True) == (told, "faulty/soon")
        assert _watched(client, "watch-torn", stream=False) == (told, "healthy/anew")


def test_the_printed_failover_curl_line_works_as_it_stands(start: Starter) -> None:
    demo = start("--faults")
    curl = demo.printed[demo.printed.index("curl -sND") : demo.printed.index("The headers say")]
    pasted = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, timeout=WAIT_S, check=True)
    assert "x-signalbox-model: faulty/cut" in pasted.stdout
    assert '"rescued_by":["healthy/tale"]' in pasted.stdout
    assert pasted.stdout.rstrip().endswith("[DONE]")
    looking = demo.printed[demo.printed.index("call=$(") : demo.printed.index("docs/failover.md draws")]
    seen = subprocess.run(["bash", "-c", looking], capture_output=True, text=True, timeout=WAIT_S, check=True).stdout
    tried, faring = seen.splitlines()[:2], seen.splitlines()[2:]
    assert tried == ["1 faulty/cut Its answer stopped before its end.", "2 healthy/tale It answered."]
    assert sorted(line.split()[:2] for line in faring) == [["faulty/cut", "closed"], ["healthy/tale", "closed"]]


def _watched(client: OpenAI, model: str, stream: bool) -> tuple[str, str] | None:
    """What was said, and the model that said it; None where it ended in an error."""
    asked: Any = {"model": model, "messages": [{"role": "user", "content": "Tell me of trains"}]}
    try:
        if not stream:
            answer = client.chat.completions.create(**asked)
            return answer.choices[0].message.content or "", answer.model
        chunks = list(client.chat.completions.create(**asked, stream=True))
    except APIError:
        return None
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), chunks[0].model


def test_it_says_that_nothing_costs_money_or_that_it_does(start: Starter) -> None:
    free = start()
    assert "simulated provider" in free.printed
    assert "COST MONEY" not in free.printed
    paid = start(OPENAI_API_KEY="sk-not-a-real-key")
    assert "CALLS COST MONEY: OPENAI_API_KEY" in paid.printed
    assert paid.simulators == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_simulator_ends_with_its_gateway_whatever_ends_it(start: Starter, number: signal.Signals) -> None:
    demo = start()
    (simulator,) = demo.simulators
    demo.process.send(number)
    demo.process.wait()
    eventually(lambda: not _lives(simulator), "the simulator's end")


def test_a_taken_port_stops_a_demo_before_it_starts_anything(start: Starter, yard: Yard, tmp_path: Path) -> None:
    port = start().word("base URL").removesuffix("/v1").rsplit(":", 1)[1]
    env = environment(
        SIGNALBOX_PORT=port,
        SIGNALBOX_DATABASE_URL=f"sqlite:///{tmp_path}/other/demo.db",
        SIGNALBOX_CONFIG_DIR=str(REPOSITORY / "config"),
    )
    second = yard.start("second", ["proxy", "demo"], env)
    assert second.wait() == 1
    assert "is taken" in second.errors
    assert "SIGNALBOX_PORT=" in second.errors


def _children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for status in PROCESSES.glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def _lives(pid: int) -> bool:
    try:
        return (PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
