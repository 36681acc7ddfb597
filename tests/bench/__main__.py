"""`python -m tests.bench`: gateway and bare relay under the same load, interleaved; prints CPU time a call and the ratio."""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.load import Load, http_request
from tests.e2e.harness import House, Process, Yard, environment

ROUNDS: Final = 3
WARM_CALLS: Final = 200
_PLAN: Final = """
[[plan]]
id = "bench"
name = "Bench"
models = ["*"]
concurrency_max = 100000
[[plan.allowances]]
window = "month"
credits = 1000000000

[[model]]
id = "sim/sixty"
name = "sixty words"
family = "open"
upstream_name = "sim-bench--words=60"
context_tokens_max = 128000
output_tokens_max = 4096
stops_billing_on_close = true
prices = { input = "1", output = "2" }
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of call. `per` is how many things `unit` names one call brings."""

    name: str
    body: dict[str, Any]
    calls: int
    per: int = 1
    unit: str = "call"


def case(name: str, prompt_bytes: int, calls: int, stream: bool = False, per: int = 1) -> Case:
    prompt = ("Tell me more about signal boxes, please. " * (prompt_bytes // 41 + 1))[:prompt_bytes]
    body = {"model": "sim/sixty", "stream": stream, "messages": [{"role": "user", "content": prompt}]}
    return Case(name, body, calls, per, "chunk" if stream else "call")


CASES: Final = (
    case("whole, 300 B", 300, 2_000),
    case("whole, 100 KB", 100_000, 300),
    case("stream of 60 chunks, flat out", 300, 600, stream=True, per=60),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        yard = Yard(Path(folder))
        try:
            _measure(yard, Path(folder), given.connections)
        finally:
            yard.clear()
    return 0


def _measure(yard: Yard, folder: Path, connections: int) -> None:
    simulator = yard.simulator()
    house = House(yard, folder / "house", [simulator])
    (house.config / "bench.toml").write_text(_PLAN)
    house.start()
    key = house.key("user", "bench", "bench")
    relay = yard.start("relay", ["tests.bench.bare_relay", f"{simulator.url}/v1/chat/completions"], environment())
    relay_port = int(relay.until("listening on").rsplit(":", 1)[1])
    gateway_port = int(house.url.rsplit(":", 1)[1])
    print(f"{connections} connections, median of {ROUNDS} interleaved rounds, CPU time of the process under test\n")
    print(f"{'case':34}{'gateway':>14}{'bare relay':>14}{'ratio':>8}{'policy adds':>14}")
    for each in CASES:
        relayed = {**each.body, "model": "sim-bench--words=60"}
        ours = http_request("/v1/chat/completions", key, orjson.dumps(each.body))
        bare = http_request("/v1/chat/completions", "", orjson.dumps(relayed))
        rounds = [
            (
                _cpu_us(house.gateway, Load(gateway_port, ours, connections), each),
                _cpu_us(relay, Load(relay_port, bare, connections), each),
            )
            for _ in range(ROUNDS)
        ]
        gateway_us, relay_us = (statistics.median(column) for column in zip(*rounds, strict=True))
        row = f"{gateway_us:>11.0f} us{relay_us:>11.0f} us{gateway_us / relay_us:>8.2f}{gateway_us - relay_us:>11.0f} us"
        print(f"{each.name + ', a ' + each.unit:34}{row}", flush=True)


def _cpu_us(process: Process, load: Load, each: Case) -> float:
    asyncio.run(load.run(WARM_CALLS // each.per + 1))
    before = _cpu_s(process.popen.pid)
    asyncio.run(load.run(each.calls))
    return (_cpu_s(process.popen.pid) - before) * 1e6 / (each.calls * each.per)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
