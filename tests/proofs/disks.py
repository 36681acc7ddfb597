"""Disks without room, for a while: a small one of its own where root may mount it, else a limit on how far files may grow."""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BLOCK: Final = bytes(65_536)


class NoDisk(Exception):
    """This machine lets us mount no disk; its text says why."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk, mounted at `path`."""

    path: Path

    @contextmanager
    def filled(self) -> Iterator[None]:
        """Not a byte more fits."""
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            for block in (_BLOCK, b"\0"):
                with suppress(OSError):
                    while file.write(block):
                        pass
        try:
            yield
        finally:
            filler.unlink()


@contextmanager
def small_disk(mebibytes: int) -> Iterator[Disk]:
    """Raises NoDisk."""
    with tempfile.TemporaryDirectory(prefix="signalbox-disk-") as folder:
        words = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "tmpfs", folder]
        if os.getuid() or subprocess.run(words, check=False, capture_output=True).returncode:
            raise NoDisk("only root may mount a small disk, and not everywhere")
        Path(folder).chmod(0o755)
        try:
            yield Disk(Path(folder))
        finally:
            subprocess.run(["umount", folder], check=True)


@contextmanager
def file_limit(pid: int, *files: Path) -> Iterator[None]:
    """No file of the process may become longer than the longest of `files` is now; what it writes beyond fails (EFBIG)."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    longest = max(file.stat().st_size for file in files if file.exists())
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (longest, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
