"""Processes as an operator runs them: simulators, gateways and one-shot commands; started on free ports, ended whatever
happens, their output kept."""

import asyncio
import io
import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch

import httpx2

from proxy.__main__ import main
from proxy.domain.call import Call
from proxy.store.recorded import SELECT_CALL, call_read
from proxy.store.sqlite import SqliteDatabase
from proxy.store.verify import verify

REPOSITORY: Final = Path(__file__).parents[2]
CONFIG: Final = Path(__file__).parent / "config"
# Far longer than anything takes that goes well, on the slowest of machines.
WAIT_S: Final = 60.0
PROVIDER_KEY: Final = "MARKER-PROVIDER-KEY-4711"
PEPPER: Final = "pepper of the end-to-end tests, forty characters"
_LOOK_S: Final = 0.02
_TAIL_CHARS: Final = 4_000

T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, wait_s: float = WAIT_S) -> T:
    """What `look` gives as soon as it gives something true; for what another process does in its own time."""
    until_s = time.monotonic() + wait_s
    while not (found := look()):
        if time.monotonic() > until_s:
            raise TimeoutError(f"{what} did not happen within {wait_s:g} s")
        time.sleep(_LOOK_S)
    return found


def environment(**variables: str) -> dict[str, str]:
    """The environment of a process of ours: none of the caller's keys and settings, and the ones given."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **variables}


class Process:
    """A running program. Its standard output is read line by line, its standard error goes to a file."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", *words],
                env=env,
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._lines: queue.Queue[str] = queue.Queue()
        self.output = ""
        self._place: socket.socket | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, mark: str, wait_s: float = WAIT_S) -> str:
        """The first line of standard output that holds `mark`."""
        until_s = time.monotonic() + wait_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until_s - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"no {mark!r} on standard output\n{self.tail}") from None
            if mark in line:
                return line
            if not line:
                raise ChildProcessError(f"ended without {mark!r}\n{self.tail}")

    def send(self, number: int) -> None:
        self.popen.send_signal(number)

    def wait(self, wait_s: float = WAIT_S) -> int:
        """The exit code, once it has ended."""
        code = self.popen.wait(wait_s)
        self._reader.join(wait_s)
        return code

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.wait()
        for end in (self.popen.stdin, self.popen.stdout, self._place):
            if end is not None:
                end.close()

    def leave_empty(self, port: int) -> None:
        """Kills it and keeps its port until it is killed again: whoever calls there finds nobody, not a server of another test
        that was given the port meanwhile."""
        self.kill()
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind(("127.0.0.1", port))

    @property
    def errors(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def tail(self) -> str:
        return f"{self.output}{self.errors}"[-_TAIL_CHARS:]

    def _read(self) -> None:
        for line in self.popen.stdout or ():
            self.output += line
            self._lines.put(line)
        self._lines.put("")


@dataclass(frozen=True, slots=True)
class Simulator:
    """A provider, listening at `url`."""

    process: Process
    url: str

    def calls(self) -> list[dict[str, Any]]:
        """What it was asked, oldest first."""
        found: list[dict[str, Any]] = httpx2.get(f"{self.url}/sim/calls", timeout=WAIT_S).json()
        return found

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def die(self) -> None:
        """Ends as a crash would; another may be started at its port, and nobody comes there by chance."""
        self.process.leave_empty(self.port)

    def forget(self) -> None:
        httpx2.delete(f"{self.url}/sim/calls", timeout=WAIT_S)


@dataclass(slots=True)
class Yard:
    """Starts processes and ends all of them."""

    folder: Path
    running: list[Process] = field(default_factory=list)

    def start(self, name: str, words: Sequence[str], env: Mapping[str, str]) -> Process:
        log = self.folder / f"{len(self.running)}-{name}.log"
        process = Process(words, env, log)
        self.running.append(process)
        return process

    def simulator(self, name: str = "simulator", key: str | None = None, port: int = 0) -> Simulator:
        words = ["proxy.simulator", "--port", str(port), "--pace", "0", "--leash", *(["--key", key] if key else [])]
        process = self.start(name, words, environment())
        return Simulator(process, process.until("listening on").split()[-1])

    def clear(self) -> None:
        for process in self.running:
            process.kill()


class House:
    """One installation: a configuration, a database, and a gateway that can be started, killed and started again."""

    def __init__(self, yard: Yard, folder: Path, providers: Sequence[Simulator], **settings: str) -> None:
        self._yard = yard
        self.folder = folder
        self.config = folder / "config"
        self.database = folder / "books.db"
        self.config.mkdir(parents=True)
        hosts = {"http://sim.invalid": providers[0].url, "http://spare.invalid": providers[-1].url}
        for file in CONFIG.glob("*.toml"):
            text = file.read_text()
            for host, url in hosts.items():
                text = text.replace(host, url)
            (self.config / file.name).write_text(text)
        self.env = environment(
            SIGNALBOX_PORT="0",
            SIGNALBOX_DATABASE_URL=f"sqlite:///{self.database}",
            SIGNALBOX_CONFIG_DIR=str(self.config),
            SIGNALBOX_PEPPER=PEPPER,
            E2E_PROVIDER_KEY=PROVIDER_KEY,
            **{f"SIGNALBOX_{name.upper()}": value for name, value in settings.items()},
        )
        self.url = ""
        self.gateway: Process

    def start(self, *options: str) -> None:
        """Starts the gateway and waits until it listens."""
        self.gateway = self._yard.start("gateway", ["proxy", "serve", *options], self.env)
        self.url = self.gateway.until("listening on").split()[-1]

    def workers(self) -> dict[int, int]:
        """The processes of the workers that run, by their numbers."""
        words = ["ps", "-o", "pid=,args=", "--ppid", str(self.gateway.popen.pid)]
        shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        rows = [line.split() for line in shown.splitlines() if "--member" in line]
        return {int(row[row.index("--member") + 1]): int(row[0]) for row in rows}

    def command(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs one command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "proxy", *words],
            env={**self.env, **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    def key(self, kind: str = "user", owner: str | None = None, plan: str | None = None, *options: str) -> str:
        """A new key, made the way a script makes one; but in this process: to start one costs most of a second."""
        words = ["keys", "create", "--kind", kind, *options]
        if owner is not None:
            words += [f"--{kind}", owner]
        if plan is not None:
            words += ["--plan", plan]
        # In a thread, for whoever asks may be in a loop, which can run no other.
        with ThreadPoolExecutor(1) as apart:
            return apart.submit(self._said, words).result(WAIT_S)

    def _said(self, words: list[str]) -> str:
        """What a command writes, without a process of its own."""
        told, faults = io.StringIO(), io.StringIO()
        with patch.dict(os.environ, self.env, clear=True), redirect_stdout(told), redirect_stderr(faults):
            code = main(words)
        if code != 0:
            raise ChildProcessError(faults.getvalue())
        return told.getvalue().strip()

    def http(self, key: str | None = None) -> httpx2.Client:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=WAIT_S)

    def interrupt(self) -> None:
        self.gateway.send(signal.SIGINT)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says, read from outside."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=WAIT_S) as connection:
            return connection.execute(query, values).fetchall()

    def recorded(self, call_id: str) -> Call:
        """A finished call as the database has it."""
        (row,) = self.rows(f"{SELECT_CALL} WHERE id = ?", call_id)
        return call_read(row)


def chat(model: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """The body of a chat call."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def wrong_in_books(path: Path) -> list[str]:
    """A sentence for every place where the books disagree with their entries; the gateway may go on meanwhile."""

    async def find() -> list[str]:
        database = await SqliteDatabase.open(str(path), "NORMAL")
        try:
            return await verify(database)
        finally:
            await database.close()

    return asyncio.run(find())


def key_id(key: str) -> str:
    """A key's public part."""
    return key.split("_")[2]
