"""Request rates of all workers of one machine: a key and its Rate in, a Quota out; keeps the counts in files that each worker
maps, writes its own and reads the others'."""

import mmap
import struct
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final

from proxy.domain.plan import Rate
from proxy.limits.memory import SLOTS
from proxy.ports import Clock, Quota

# A slot counts until its end is a whole period ago, so one more than SLOTS do at once, and another while one begins.
RING: Final = SLOTS + 2
WAYS: Final = 8
BUCKETS: Final = 4_096
_DIGEST_BYTES: Final = 8
# The key's digest, the moment it was last used, and for each slot of the ring its number and its requests.
_ROW: Final = struct.Struct(f"<{_DIGEST_BYTES}sQ{'QI' * RING}")
_SLOT: Final = struct.Struct("<QI")
_SLOTS_AT: Final = _DIGEST_BYTES + 8


class SharedLimiter:
    """Implements Limiter with the sliding window of MemoryLimiter, over `count` workers.

    Nobody locks: each worker writes into its own table alone, so only workers that look within the same microseconds may both
    let a request pass where one was left. A bucket has room for WAYS keys; beyond them the least recently used is forgotten,
    which lets its next requests pass. A worker that died leaves its table to its successor.
    """

    def __init__(self, clock: Clock, folder: Path, number: int, count: int, buckets: int = BUCKETS) -> None:
        self._clock = clock
        self._buckets = buckets
        size = buckets * WAYS * _ROW.size
        self._tables = [_mapped(folder / f"rates-{worker}", size) for worker in range(1, count + 1)]
        self._own = self._tables[number - 1]

    async def take(self, key: str, rate: Rate) -> Quota:
        return self.take_now(key, rate)

    def take_now(self, key: str, rate: Rate) -> Quota:
        """The same without waiting."""
        now_us = self._clock.monotonic_ns() // 1_000
        period_us = rate.period_s * 1_000_000
        slot_us = max(1, period_us // SLOTS)
        # A rate of another period counts other slots, so it has a row of its own.
        digest = blake2b(f"{rate.period_s} {key}".encode(), digest_size=_DIGEST_BYTES).digest()
        place = int.from_bytes(digest, "little") % self._buckets * WAYS * _ROW.size
        # A slot that has not begun was left by a machine that has started anew since.
        oldest, newest = (now_us - period_us) // slot_us, now_us // slot_us
        live = [
            (slot, requests)
            for table in self._tables
            for slot, requests in _slots(table, place, digest)
            if oldest <= slot <= newest and (slot + 1) * slot_us + period_us > now_us
        ]
        used = sum(requests for _, requests in live)
        allowed = used < rate.requests
        if allowed:
            self._add(place, digest, now_us, newest)
            live.append((newest, 1))
        frees_at_us = (min(slot for slot, _ in live) + 1) * slot_us + period_us if live else now_us + period_us
        reset_s = -(-(frees_at_us - now_us) // 1_000_000)
        return Quota(allowed, rate.requests, max(0, rate.requests - used - allowed), reset_s)

    def _add(self, place: int, digest: bytes, now_us: int, slot: int) -> None:
        at = _find(self._own, place, digest)
        if at is None:
            at = min(_places(place), key=lambda row: int.from_bytes(self._own[row + _DIGEST_BYTES : row + _SLOTS_AT], "little"))
            _ROW.pack_into(self._own, at, digest, now_us, *([0] * (2 * RING)))
        self._own[at + _DIGEST_BYTES : at + _SLOTS_AT] = now_us.to_bytes(8, "little")
        ring_at = at + _SLOTS_AT + slot % RING * _SLOT.size
        held, requests = _SLOT.unpack_from(self._own, ring_at)
        _SLOT.pack_into(self._own, ring_at, slot, requests + 1 if held == slot else 1)


def _mapped(path: Path, size: int) -> mmap.mmap:
    """A file of zeros, or as another worker left it. Its room is taken now: where none is left later, a write would kill."""
    with path.open("a+b") as file:
        if file.tell() < size:
            file.write(bytes(size - file.tell()))
            file.flush()
        return mmap.mmap(file.fileno(), size)


def _slots(table: mmap.mmap, place: int, digest: bytes) -> Iterator[tuple[int, int]]:
    at = _find(table, place, digest)
    if at is None:
        return
    fields = _ROW.unpack_from(table, at)
    for index in range(2, len(fields), 2):
        if fields[index + 1]:
            yield fields[index], fields[index + 1]


def _find(table: mmap.mmap, place: int, digest: bytes) -> int | None:
    return next((at for at in _places(place) if table[at : at + _DIGEST_BYTES] == digest), None)


def _places(place: int) -> range:
    return range(place, place + WAYS * _ROW.size, _ROW.size)
