"""The simulator as a process: options in, one line with its address out; ends at once on SIGTERM or SIGINT."""

import argparse
import asyncio
import resource
import signal
import sys
from collections.abc import Sequence

from proxy.simulator.faults.listing import page
from proxy.simulator.markers import MARKERS
from proxy.simulator.server import Options, running


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until told to stop: 0 then, 1 if it cannot listen."""
    given = _given(arguments)
    if given.faults:
        sys.stdout.write(page())
        return 0
    options = Options(given.host, given.port, given.pace, given.key)
    _allow_many_sockets()
    try:
        asyncio.run(_run(options, given.leash))
    except OSError as fault:
        sys.stderr.write(f"simulator: cannot listen on {options.host}:{options.port}: {fault.strerror}\n")
        return 1
    return 0


async def _run(options: Options, leashed: bool) -> None:
    stop = asyncio.Event()
    if leashed:
        asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with running(options) as url:
        sys.stdout.write(f"simulator listening on {url}\n")
        sys.stdout.flush()
        await stop.wait()


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m proxy.simulator",
        description="A model provider that speaks the dialects of OpenAI, OpenRouter, Anthropic and Gemini, offline; it says "
        "the same for the same prompt in all of them.",
        epilog="A model name says how to behave, as in sim-small--ttft=5000--cut-after=5:\n\n"
        f"{_marker_table()}\n\nand --fault:NAME for each of --faults",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    usual = Options()
    parser.add_argument("--host", default=usual.host, help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=usual.port, help="port to listen on, 0 for a free one (%(default)s)")
    parser.add_argument(
        "--pace", type=int, default=usual.pace_tokens_per_s, help="tokens a second, 0 for flat out (%(default)s)"
    )
    parser.add_argument("--key", default=None, help="the bearer key that callers must show (none: anybody)")
    parser.add_argument("--leash", action="store_true", help="end when standard input does, as when the parent is killed")
    parser.add_argument("--faults", action="store_true", help="print the table of faults as Markdown and end")
    given = parser.parse_args(arguments)
    if not 0 <= given.port <= 65_535 or given.pace < 0:
        parser.error("--port is 0 to 65535, --pace is at least 0")
    return given


def _marker_table() -> str:
    shown = ((f"--{name}=N" if row.takes_value else f"--{name}", row.says) for name, row in MARKERS.items())
    return "\n".join(f"  {name:<24}{says}" for name, says in shown)


def _allow_many_sockets() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
