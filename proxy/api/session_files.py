"""Sessions of the console where several workers serve it: the same mapping as one process keeps in memory, in a folder that all
of them read; a file a session, named by its id's hash, and gone with the gateway."""

from collections.abc import Iterator, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import orjson

from proxy.api.sessions import Session

_HALF_WRITTEN: Final = ".new"


class SessionFiles(MutableMapping[bytes, Session]):
    """`folder` is the gateway's alone. Iterates from the session written longest ago."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def __getitem__(self, hashed: bytes) -> Session:
        try:
            return Session(**orjson.loads(self._file(hashed).read_bytes()))
        except FileNotFoundError:
            raise KeyError(hashed) from None

    def __setitem__(self, hashed: bytes, session: Session) -> None:
        # Whoever reads meanwhile finds the file as it was, or whole.
        half = self._file(hashed).with_suffix(_HALF_WRITTEN)
        half.write_bytes(orjson.dumps(asdict(session)))
        half.replace(self._file(hashed))

    def __delitem__(self, hashed: bytes) -> None:
        try:
            self._file(hashed).unlink()
        except FileNotFoundError:
            raise KeyError(hashed) from None

    def __iter__(self) -> Iterator[bytes]:
        found = [file for file in self._folder.iterdir() if not file.suffix]
        return (bytes.fromhex(file.name) for file in sorted(found, key=_written_ns))

    def __len__(self) -> int:
        return sum(not file.suffix for file in self._folder.iterdir())

    def _file(self, hashed: bytes) -> Path:
        return self._folder / hashed.hex()


def _written_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        # Another worker has just ended it.
        return 0
