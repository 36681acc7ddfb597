"""A command of this program run beside the gateway: its words and how long it may take in, its exit code and lines out; at low
priority, and ended with whoever waits for it."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from proxy.domain.oversight import CheckState

# Of a check that finds more, nobody reads the rest.
_BYTES_MAX: Final = 16 * 1024 * 1024
_NICE: Final = 15
CHECK_S_MAX: Final = 1_500.0


async def verified(variables: Mapping[str, str], s_max: float = CHECK_S_MAX) -> tuple[CheckState, list[str]]:
    """What a check of the whole ledger found, made by `signalbox ledger verify` with these variables."""
    try:
        code, lines = await run(("ledger", "verify"), variables, s_max)
    except TimeoutError:
        return "failed", [f"it took longer than {s_max:.0f} s and was ended"]
    if code == 0:
        return "right", []
    # The last line counts those before it. A command that could not read the books says so elsewhere and nothing here.
    return ("wrong", lines[:-1]) if code == 1 and len(lines) > 1 else ("failed", [f"it ended with code {code}"])


async def run(words: Sequence[str], variables: Mapping[str, str], s_max: float) -> tuple[int, list[str]]:
    """What the command said and its exit code; TimeoutError when it took longer than `s_max` seconds and was ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import os, sys; os.nice({_NICE}); sys.argv[0] = 'signalbox'; from proxy.__main__ import main; sys.exit(main())",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, **variables},
        limit=_BYTES_MAX,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(s_max):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode(errors="replace").splitlines()
