"""Claims about the simulator as a process, with the synchronous client."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from openai import OpenAI

from proxy.simulator.faults import FAULTS
from proxy.simulator.markers import MARKERS

COMMAND = [sys.executable, "-m", "proxy.simulator"]
READY = "simulator listening on http://127.0.0.1:"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([*COMMAND, "--port", "0", "--pace", "0"], stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY)
    return line.removeprefix("simulator listening on ").strip()


def test_it_says_where_it_listens_and_answers_there(process: subprocess.Popen[str]) -> None:
    client = OpenAI(base_url=f"{address(process)}/v1", api_key="any", max_retries=0)
    stream = client.chat.completions.create(model="sim--words=3", messages=[{"role": "user", "content": "hello"}], stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "w1 w2 w3"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_even_in_the_middle_of_a_call(process: subprocess.Popen[str], stop: signal.Signals) -> None:
    port = int(address(process).rpartition(":")[2])
    body = b'{"model":"sim--mute","messages":[{"role":"user","content":"x"}]}'
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: t\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        os.kill(process.pid, stop)
        assert process.wait(timeout=60) == 0


def test_a_taken_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_names_every_marker() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert all(f"--{name}" in shown for name in MARKERS)


def test_the_table_of_faults_can_be_printed() -> None:
    shown = subprocess.run([*COMMAND, "--faults"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert all(f"| `{name}`" in shown for name in FAULTS)


def test_options_out_of_range_are_refused() -> None:
    for options in (["--port", "70000"], ["--pace", "-1"]):
        assert subprocess.run([*COMMAND, *options], capture_output=True, check=False, timeout=60).returncode == 2


def test_on_a_leash_it_ends_with_its_standard_input() -> None:
    command = [*COMMAND, "--leash"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        address(started)
        assert started.poll() is None
        assert started.stdin is not None
        started.stdin.close()
        assert started.wait(timeout=60) == 0
