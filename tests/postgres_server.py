"""A real PostgreSQL server for the tests of one run, on its own port and in its own folder: started when first asked for,
shared by all workers of the run, ended when the run is over, however that ends.

As a program it keeps the server: `python -m tests.postgres_server PID HOME` waits for the process PID to end.
"""

import asyncio
import fcntl
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal, LiteralString

import psycopg

from proxy.store.postgres import PostgresDatabase
from tests import run

PASSWORD: Final = "MARKER-DATABASE-PASSWORD"
_REPOSITORY: Final = Path(__file__).parents[1]
_START_WAIT_S: Final = 120.0
# Below those that a system gives to whoever asks for any: only who wants this one takes it.
_PORTS: Final = range(20_000, 32_000)
_PORTS_TRIED_MAX: Final = 20
_STOP_WAIT_S: Final = 10.0
_LOOK_S: Final = 0.05
_NAMES: Final = count(1)


class NoServer(Exception):
    """There is no server to test with; its text says why, or what to type."""


class _Ended(NoServer):
    """The server could not begin: perhaps somebody has its port."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and a database in it, `books`, which has this release's schema and which every test gets a copy of."""

    port: int
    pid: int

    def url(self, database: str) -> str:
        return f"postgresql://signalbox:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def fresh(self, template: LiteralString = "books") -> Iterator[str]:
        """The address of a database that nobody has used; it goes with all its connections."""
        name: Any = f"test_{os.getpid()}_{next(_NAMES)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
            try:
                yield self.url(name)
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Cluster:
    """A server that its owner stops and starts as an operator does: made in an empty folder, always at the same address."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.user = _unprivileged()
        self._programs, self._port = _programs(), 0
        self._server: subprocess.Popen[bytes] | None = None
        self._make()

    def start(self) -> Server:
        """Starts it and waits until it answers, the first time at a port that nobody has. Raises NoServer."""
        if self._server is not None:
            return self._start()
        for _ in range(_PORTS_TRIED_MAX):
            self._port = secrets.choice(_PORTS)
            with suppress(_Ended):
                return self._start()
        raise NoServer((self.home / "postgres.log").read_text(errors="replace"))

    def url(self, database: str) -> str:
        return Server(self._port, 0).url(database)

    def stop(self, mode: Literal["smart", "fast", "immediate"]) -> None:
        """As `pg_ctl stop` does."""
        _run(self.user, f"{self._programs}/pg_ctl", "stop", "-D", self._data, "-m", mode, "-w")
        if self._server is not None:
            self._server.wait(_STOP_WAIT_S)

    def end(self) -> None:
        """Whatever state it is in."""
        if self._server is not None and self._server.poll() is None:
            _stop(self._server)

    @property
    def _data(self) -> str:
        return f"{self.home}/data"

    def _start(self) -> Server:
        words = [f"{self._programs}/postgres", "-D", self._data, "-p", str(self._port), "-k", str(self.home), "-h", "127.0.0.1"]
        with (self.home / "postgres.log").open("ab") as log:
            self._server = subprocess.Popen(words, stdout=log, stderr=log, cwd=self.home, **_as(self.user))
        made = Server(self._port, self._server.pid)
        _await(made, self._server, self.home)
        return made

    def _make(self) -> None:
        password = self.home / "password"
        password.write_text(PASSWORD)
        for path in (self.home, password):
            shutil.chown(path, self.user.pw_uid, self.user.pw_gid)
        words = ["-U", "signalbox", "-A", "scram-sha-256", "--pwfile", str(password)]
        _run(self.user, f"{self._programs}/initdb", "-D", self._data, *words)


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A running server that nobody else uses, with `books` in it. Raises NoServer."""
    with tempfile.TemporaryDirectory(prefix="signalbox-own-postgres-") as folder:
        cluster = Cluster(Path(folder))
        try:
            _make_books(cluster.start())
            yield cluster
        finally:
            cluster.end()


@cache
def server() -> Server:
    """The server of this run. Raises NoServer."""
    run_pid = run.began_in()
    home = Path(tempfile.gettempdir()) / f"signalbox-postgres-{run_pid}"
    with (home.parent / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            home.mkdir(mode=0o700)
            _spawn_keeper(run_pid, home)
        return _announced(home)


def _spawn_keeper(run_pid: int, home: Path) -> None:
    with (home / "keeper.log").open("wb") as log:
        subprocess.Popen(
            [sys.executable, "-m", "tests.postgres_server", str(run_pid), str(home)],
            cwd=_REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(_REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _announced(home: Path) -> Server:
    until_s = time.monotonic() + _START_WAIT_S
    while time.monotonic() < until_s:
        with suppress(FileNotFoundError):
            raise NoServer((home / "fault").read_text())
        with suppress(FileNotFoundError):
            return Server(**json.loads((home / "server.json").read_text()))
        time.sleep(_LOOK_S)
    raise NoServer(f"no PostgreSQL server within {_START_WAIT_S:g} s\n{(home / 'keeper.log').read_text()}")


def _keep(run_pid: int, home: Path) -> None:
    run_ends = os.pidfd_open(run_pid)
    with ExitStack() as ending:
        ending.callback((home.parent / f"{home.name}.lock").unlink, missing_ok=True)
        ending.callback(shutil.rmtree, home)
        try:
            _announce(home / "server.json", json.dumps(asdict(_served(home, ending))))
        finally:
            if not (home / "server.json").exists():
                _announce(home / "fault", traceback.format_exc())
            select.select([run_ends], [], [])


def _served(home: Path, ending: ExitStack) -> Server:
    cluster = Cluster(home)
    ending.callback(cluster.end)
    made = cluster.start()
    _make_books(made)
    return made


def _await(made: Server, postgres: subprocess.Popen[bytes], home: Path) -> None:
    until_s = time.monotonic() + _START_WAIT_S
    while postgres.poll() is None and time.monotonic() < until_s:
        with suppress(psycopg.OperationalError):
            # By its own socket: at a port that was taken another server of ours would answer.
            psycopg.connect(made.url("postgres"), host=str(home)).close()
            return
        time.sleep(_LOOK_S)
    fault = _Ended if postgres.poll() is not None else NoServer
    raise fault((home / "postgres.log").read_text(errors="replace"))


def _programs() -> str:
    found = subprocess.run([_REPOSITORY / "scripts" / "postgres.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        raise NoServer(found.stderr)
    return found.stdout.strip().splitlines()[-1]


def _unprivileged() -> pwd.struct_passwd:
    """Who the server runs as: PostgreSQL refuses to run as root."""
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def _as(user: pwd.struct_passwd) -> dict[str, Any]:
    return {} if os.getuid() else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _run(user: pwd.struct_passwd, *words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", **_as(user))
    if done.returncode:
        raise NoServer(f"{words[0]} failed: {done.stderr}")


def _make_books(made: Server) -> None:
    with psycopg.connect(made.url("postgres"), autocommit=True) as admin:
        admin.execute("CREATE DATABASE books")

    async def bring_forward() -> None:
        await (await PostgresDatabase.open(made.url("books"))).close()

    asyncio.run(bring_forward())


def _announce(path: Path, text: str) -> None:
    path.with_suffix(".part").write_text(text)
    path.with_suffix(".part").rename(path)


def _stop(postgres: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        postgres.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            postgres.wait(_STOP_WAIT_S)
            return


if __name__ == "__main__":
    _keep(int(sys.argv[1]), Path(sys.argv[2]))
