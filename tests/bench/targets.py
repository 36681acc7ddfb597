"""What can be measured: a program, beside a provider, that answers chat calls; says how to ask it and how soon it first
answered, and knows none of them by name."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from tests.bench import load, machine, programs
from tests.bench.load import Provider
from tests.bench.programs import Program, Yard

STARTS_WITHIN_S: Final = 120.0
_LOOK_S: Final = 0.002


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
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=STARTS_WITHIN_S) as connection:
            (count,) = connection.execute("SELECT count(*) FROM holds").fetchone()
            return int(count)


def folder_of(site: Site, name: str) -> Path:
    """A new folder for a target of that name."""
    folder = site.yard.folder / f"{name}-{len(site.yard.running)}"
    folder.mkdir()
    return folder


def started(
    site: Site, command: list[str], port: int, first: bytes, variables: dict[str, str]
) -> tuple[Program, int, float, float]:
    """The program, its port, seconds until `first` was answered, megabytes then."""
    began_s = time.monotonic()
    program = site.yard.start(command, site.core, **variables)
    programs.until_listening(program, port, STARTS_WITHIN_S)
    while not _answers(port, first):
        if time.monotonic() - began_s > STARTS_WITHIN_S or program.popen.poll() is not None:
            raise TimeoutError(f"{command[0]} does not answer\n{program.tail}")
        time.sleep(_LOOK_S)
    start_s = time.monotonic() - began_s
    return program, port, start_s, machine.memory_mb(program.pid)


def _answers(port: int, request: bytes) -> bool:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
    connection = HTTPConnection("127.0.0.1", port, timeout=STARTS_WITHIN_S)
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
