"""The load generator and the provider beside it, as Python sees them: what to ask in, what was seen out, with the cost of the
program under test between the very edges of what was measured."""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench import machine, programs
from tests.bench.programs import Program, Yard

SENTENCE: Final = "Tell me more about signal boxes, please. "
PROMPT_BYTES: Final = 300
_ANSWERS_WITHIN_S: Final = 60.0


class LoadFailed(Exception):
    """Something was not answered as it had to be, so that no figure of this run means anything."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What callers saw (load.c says what is in `counts`), the CPU seconds of who served them, and its memory at the end."""

    counts: dict[str, Any]
    served_cpu_s: float
    memory_mb: float

    @property
    def calls(self) -> int:
        return int(self.counts["calls"])

    @property
    def chunks(self) -> int:
        return int(self.counts["chunks"])

    @property
    def calls_per_s(self) -> float:
        return self.calls / float(self.counts["seconds"])

    def us_a_call(self) -> float:
        return self.served_cpu_s * 1e6 / self.calls

    def us_a_chunk(self) -> float:
        return self.served_cpu_s * 1e6 / self.chunks

    def percentile_us(self, which: str, of: str = "latency_us") -> float:
        """Raises LoadFailed where nothing of that kind was seen."""
        if which not in self.counts[of]:
            raise LoadFailed(f"no {of} was seen")
        return float(self.counts[of][which])


@dataclass(frozen=True, slots=True)
class Provider:
    """The mock, listening."""

    program: Program
    port: int

    def stats(self) -> dict[str, Any]:
        """What it was asked since it was last told to forget."""
        answer: dict[str, Any] = json.loads(_asked(self.port, "GET"))
        return answer

    def forget(self) -> None:
        _asked(self.port, "DELETE")


def provider(yard: Yard, core: int) -> Provider:
    """A mock provider of our own."""
    port = programs.free_port()
    program = yard.start([programs.compiled("mock"), str(port)], core)
    programs.until_listening(program, port, _ANSWERS_WITHIN_S)
    return Provider(program, port)


def request(model: str, key: str = "", stream: bool = False, prompt_bytes: int = PROMPT_BYTES) -> bytes:
    """The bytes of one chat call."""
    prompt = (SENTENCE * (prompt_bytes // len(SENTENCE) + 1))[:prompt_bytes]
    body = orjson.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": prompt}]})
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n{authorization}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, requests: list[bytes], options: Mapping[str, int], core: int, served_by: int | None = None) -> Seen:
    """Makes calls as `options` of load.c say. `served_by` is the process whose tree is being measured."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(requests))]
        for file, content in zip(files, requests, strict=True):
            file.write_bytes(content)
        words = [str(word) for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        command = [str(programs.compiled("load")), "--port", str(port), *words, *map(str, files)]
        with machine.standing_on(core):
            callers = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with callers:
            return _followed(callers, served_by)


def sound(seen: Seen) -> Seen:
    """What was given, if every call was answered whole, with 200. Raises LoadFailed."""
    counts = seen.counts
    wrong = {name: counts[name] for name in ("broken", "refused", "streams_cut") if counts[name]}
    if wrong or set(counts["statuses"]) - {"200"} or not counts["calls"] + counts["chunks"]:
        raise LoadFailed(f"{wrong or 'answers'} {counts['statuses']} in {counts['calls']} calls")
    return seen


def _followed(callers: "subprocess.Popen[str]", served_by: int | None) -> Seen:
    assert callers.stdout is not None
    cpu_s, memory_mb = 0.0, 0.0
    for line in callers.stdout:
        if line.startswith("{"):
            return Seen(json.loads(line), cpu_s, memory_mb)
        if served_by is not None:
            cpu_s = machine.cpu_s(served_by) - cpu_s
            memory_mb = machine.memory_mb(served_by)
    raise LoadFailed(f"the load generator ended with {callers.wait()}")


def _asked(port: int, method: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=_ANSWERS_WITHIN_S)
    try:
        connection.request(method, "/stats")
        return connection.getresponse().read()
    finally:
        connection.close()
