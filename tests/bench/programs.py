"""Programs that a measurement needs: C sources compiled, processes started on a core and ended whatever happens; knows nothing
of gateways."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests import compiling
from tests.bench import machine
from tests.bench.machine import MachineUnfit
from tests.compiling import ROOT

BUILT: Final = ROOT / "build" / "bench"
_ENDS_WITHIN_S: Final = 20.0
_TAIL_CHARS: Final = 2_000


def compiled(name: str) -> Path:
    """The program made of tests/bench/NAME.c, made anew when its text has changed. Raises MachineUnfit without a compiler."""
    _said_by("need.sh", "cc", "build-essential")
    return compiling.compiled(Path(__file__).with_name(f"{name}.c"), BUILT)


def nginx() -> str:
    """Where nginx is, installed when it can be. Raises MachineUnfit."""
    return _said_by("nginx.sh")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass(slots=True)
class Program:
    """A running process with all it starts. What it says goes to a file."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-_TAIL_CHARS:]

    def end(self) -> None:
        """Ends it, with all that it started."""
        members = machine.tree(self.pid) if self.popen.poll() is None else []
        self.popen.terminate()
        try:
            self.popen.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            for member in members:
                _kill(member)
            self.popen.wait()


@dataclass(slots=True)
class Yard:
    """Starts programs in `folder` and ends all of them."""

    folder: Path
    running: list[Program] = field(default_factory=list)

    def start(self, command: Sequence[str | Path], core: int, **variables: str) -> Program:
        """A program on `core`, with none of the caller's settings but the ones given."""
        log = self.folder / f"{len(self.running)}.log"
        with log.open("wb") as output, machine.standing_on(core):
            popen = subprocess.Popen(
                [str(word) for word in command],
                env=environment(variables),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.running.append(Program(popen, log))
        return self.running[-1]

    def clear(self) -> None:
        while self.running:
            self.running.pop().end()


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """What a program of ours is started with."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **variables}


def until_listening(program: Program, port: int, wait_s: float) -> None:
    """Waits until somebody listens. Raises TimeoutError with what the program said."""
    until_s = time.monotonic() + wait_s
    while time.monotonic() < until_s and program.popen.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise TimeoutError(f"nothing listens on {port}\n{program.tail}")


def _said_by(script: str, *words: str) -> str:
    """What one of scripts/ finds. It has told the line to type when it cannot go on; raises MachineUnfit then."""
    asked = subprocess.run([ROOT / "scripts" / script, *words], stdout=subprocess.PIPE, text=True, check=False)
    if asked.returncode:
        raise MachineUnfit(f"{script} {' '.join(words)} failed")
    return asked.stdout.strip()


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)
