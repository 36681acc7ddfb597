"""Compares Dockerfile, compose file and Makefile with the program they start: ports, commands, variables, files."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from proxy.__main__ import build_parser
from proxy.settings import Settings
from tests.architecture.sizes import ROOT
from tests.deploy.image import command, environment, instructions, service

PREFIX = "SIGNALBOX_"
PORT = Settings.model_fields["port"].default
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_image_starts_a_command_that_exists() -> None:
    (start,) = instructions("CMD")
    assert command(start)[:3] == ["python", "-m", "proxy"]
    assert build_parser().parse_args(command(start)[3:])


def test_make_run_starts_a_command_that_exists() -> None:
    (words,) = re.findall(r"^\texec \$\(BIN\)/python -m proxy (.+)$", _text("Makefile"), re.MULTILINE)
    assert build_parser().parse_args(words.split())


def test_compose_starts_what_the_image_starts() -> None:
    assert service().keys().isdisjoint({"command", "entrypoint", "image"})
    assert (ROOT / "deploy" / service()["build"]["context"]).resolve() == ROOT


def test_image_health_check_and_compose_speak_of_the_port_the_gateway_opens() -> None:
    (check,) = instructions("HEALTHCHECK")
    (published,) = service()["ports"]
    assert instructions("EXPOSE") == [str(PORT)]
    assert f"'{PREFIX}PORT', '{PORT}'" in check
    assert published.split(":")[-1] == str(PORT)


def test_compose_opens_the_port_to_this_machine_alone() -> None:
    assert [port for port in service()["ports"] if not port.startswith("127.0.0.1:")] == []


def test_every_variable_is_one_the_gateway_knows() -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", _text("Dockerfile") + _text("deploy/compose.yaml")))
    assert named
    assert named - VARIABLES == set()


def test_the_image_listens_beyond_the_container() -> None:
    assert environment()[f"{PREFIX}HOST"] == "0.0.0.0"


def test_compose_refuses_to_start_without_a_pepper() -> None:
    assert service()["environment"][f"{PREFIX}PEPPER"].startswith(f"${{{PREFIX}PEPPER:?")


def test_the_database_lies_on_the_volume() -> None:
    (volume,) = instructions("VOLUME")
    (mount,) = service()["volumes"]
    assert mount.split(":")[1] == volume
    assert environment()[f"{PREFIX}DATABASE_URL"].startswith(f"sqlite:///{volume}/")
    assert service()["environment"][f"{PREFIX}DATABASE_URL"] == environment()[f"{PREFIX}DATABASE_URL"]
    assert re.search(rf"install -d -o signalbox .*{volume}$", instructions("RUN")[-1])


def test_compose_waits_longer_than_the_gateway_drains() -> None:
    assert int(service()["stop_grace_period"].removesuffix("s")) > Settings.model_fields["shutdown_grace_s"].default


def test_the_gateway_does_not_run_as_root() -> None:
    assert instructions("USER") == ["signalbox"]


def test_the_image_installs_only_what_the_lock_names() -> None:
    (install,) = [line for line in instructions("RUN") if "pip install" in line]
    assert install.endswith("--require-hashes -r requirements.lock")


def test_everything_the_image_copies_is_there_and_not_ignored() -> None:
    sources = {line.split()[0].removeprefix("./") for line in instructions("COPY")}
    kept = {line[1:] for line in _text(".dockerignore").splitlines() if line.startswith("!")}
    assert sources == kept
    assert [source for source in sources if not (ROOT / source).exists()] == []


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (503, 1)])
def test_the_health_check_says_what_livez_says(status: int, exit_code: int) -> None:
    with _answering("/livez", status) as port:
        assert _health_check(port) == exit_code


def test_the_health_check_fails_where_nobody_listens() -> None:
    with _answering("/livez", 200) as port:
        pass
    assert _health_check(port) != 0


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _health_check(port: int) -> int:
    (check,) = instructions("HEALTHCHECK")
    words = [sys.executable, *command(check)[1:]]
    environment = os.environ | {f"{PREFIX}PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    return subprocess.run(words, env=environment, capture_output=True, check=False, timeout=60).returncode


@contextmanager
def _answering(path: str, status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == path else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """A test run is no place for an access log."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
