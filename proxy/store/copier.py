"""Word that the log of a SQLite file may have grown in, the log copied to the file beside the calls that write it out; reads no
row and begins no transaction."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from proxy.ports import StoreUnavailable

# 16 MiB of pages. Four times SQLite's own habit: a page that every batch writes is copied to the file less often.
COPIED_AT_PAGES: Final = 4_000
# Before the log can begin anew, no batch is written until the disk has all of it: for 5 ms, and for every hundredth call if it
# were done with each copy.
ANEW_AT_PAGES: Final = 12_000
# Where things stand in a log (https://sqlite.org/fileformat2.html, "WAL File Format"): each page follows a head that repeats
# the salt of the log's own, which is another whenever the log begins anew.
_HEAD_BYTES: Final = 32
_PAGE_HEAD_BYTES: Final = 24
_PAGE_SIZE: Final = slice(8, 12)
_SALT: Final = slice(16, 24)
_SALT_OF_PAGE_AT: Final = 8
_SALT_BYTES: Final = 8

Pass = Callable[[], Awaitable[None]]


class Copier:
    """Copying what has gathered waits for the disk for tens of milliseconds, in which no batch could be written. So it is done
    beside the writer, and only when it is long what came meanwhile between two batches (`between`): the next one then finds all
    of the log copied, and begins it anew. Under readers that never pause the log grows on, until the writer's own bound."""

    def __init__(self, log: str, beside: Pass, between: Pass) -> None:
        self._name = log
        self._log: int | None = None
        self._beside = beside
        self._between = between
        self._salt = b""
        self._copied_at = COPIED_AT_PAGES
        self._copying: asyncio.Task[None] | None = None

    def look(self) -> None:
        """To be called after each write; returns at once."""
        if self._copying is None and self._is_long():
            self._copied_at += COPIED_AT_PAGES
            self._copying = asyncio.create_task(self._copy())

    async def close(self) -> None:
        """Waits for the copy that is being made."""
        if self._copying is not None:
            await self._copying
        if self._log is not None:
            os.close(self._log)
            self._log = None

    async def _copy(self) -> None:
        # What cannot be copied now stays in the log, where it is as durable.
        with suppress(StoreUnavailable):
            await self._beside()
            if self._copied_at > ANEW_AT_PAGES:
                await self._between()
        self._copying = None

    def _is_long(self) -> bool:
        """Whether the log has as many pages as are copied at once. A log that begins anew overwrites the old one in place, so
        the length of its file says nothing; the salt where such a page would stand does."""
        try:
            if self._log is None:
                self._log = os.open(self._name, os.O_RDONLY)
            head = os.pread(self._log, _HEAD_BYTES, 0)
            if head[_SALT] != self._salt:
                self._salt, self._copied_at = head[_SALT], COPIED_AT_PAGES
            page_bytes = _PAGE_HEAD_BYTES + int.from_bytes(head[_PAGE_SIZE], "big")
            last = _HEAD_BYTES + (self._copied_at - 1) * page_bytes
            return bool(head) and os.pread(self._log, _SALT_BYTES, last + _SALT_OF_PAGE_AT) == self._salt
        except OSError:
            return False
