"""Texts in, the tokens of all of them out: short ones at once, long ones beside the event loop, too long ones not at all;
loads a vocabulary when it is first asked for."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from proxy.domain.catalog import Vocabulary

Count = Callable[[str], int]

# A thousand characters take 8 to 75 µs by kind of text, a change of thread about 100 µs.
INLINE_CHARS_MAX: Final = 8 * 1024
# The longest contexts of today, in a text that is easily read; a bound by bytes is as good for what no model reads.
TEXT_CHARS_MAX: Final = 4 * 1024 * 1024
QUEUED_CHARS_MAX: Final = 8 * 1024 * 1024


class BoundedCounter:
    """The port TokenCounter over `load`, which makes one vocabulary ready. At most QUEUED_CHARS_MAX are counted or wait for it
    at a time, by one thread: beyond that nothing is counted, and no call waits long."""

    def __init__(self, load: Callable[[Vocabulary], Count]) -> None:
        self._load = load
        self._loaded: dict[Vocabulary, Count] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="counter")
        self._queued_chars = 0
        self._is_closed = False

    async def count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> int | None:
        chars = sum(map(len, texts))
        count = self._loaded.get(vocabulary)
        if count is not None and chars <= INLINE_CHARS_MAX:
            return sum(map(count, texts))
        if self._is_closed or chars > TEXT_CHARS_MAX or self._queued_chars + chars > QUEUED_CHARS_MAX:
            return None
        return await self._beside(vocabulary, texts, chars)

    def close(self) -> None:
        """Nothing more is counted beside the loop; what waits for it is still done."""
        self._is_closed = True
        self._thread.shutdown(wait=False)

    async def _beside(self, vocabulary: Vocabulary, texts: Sequence[str], chars: int) -> int:
        self._queued_chars += chars
        counting = asyncio.get_running_loop().run_in_executor(self._thread, self._count, vocabulary, texts)
        counting.add_done_callback(lambda _: self._counted(chars))
        # A caller who leaves takes no work off the thread, so it takes none off the sum either.
        return await asyncio.shield(counting)

    def _counted(self, chars: int) -> None:
        self._queued_chars -= chars

    def _count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> int:
        count = self._loaded.get(vocabulary)
        if count is None:
            count = self._loaded[vocabulary] = self._load(vocabulary)
        return sum(map(count, texts))


class NoCounter:
    """The port where no vocabulary can be had."""

    async def count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> int | None:
        return None

    def close(self) -> None:
        """Has nothing to end."""
