"""A C source in, what the machine's compiler makes of it out; made anew when its text has changed, and never run here."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


def compiled(source: Path, folder: Path, *options: str) -> Path:
    """The file in `folder` that was made of this very source. Raises CalledProcessError where there is no compiler, after
    the line to type was told."""
    made = folder / f"{source.stem}-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}"
    if not made.exists():
        subprocess.run([ROOT / "scripts" / "need.sh", "cc", "build-essential"], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = made.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-O2", *options, "-o", str(fresh), str(source), "-lm"], check=True)
        fresh.rename(made)
    return made
