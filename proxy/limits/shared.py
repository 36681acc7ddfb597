"""Request rates of all workers of one machine: a key and its Rate in, a Quota out; keeps the counts in files that each worker
maps, writes its own and reads the others'."""

import mmap
import struct
from collections.abc import Iterable
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
# A bucket is the digests of its keys, then a row for each: the moment it was last used, and the ring of its slots, each
# with its number and its requests.
_HEAD_BYTES: Final = WAYS * _DIGEST_BYTES
_USED: Final = struct.Struct("<Q")
_SLOT: Final = struct.Struct("<QI")
_ROW_BYTES: Final = _USED.size + RING * _SLOT.size
_BUCKET_BYTES: Final = _HEAD_BYTES + WAYS * _ROW_BYTES


class SharedLimiter:
    """Implements Limiter with the sliding window of MemoryLimiter, over `count` workers.

    Nobody locks: each worker writes into its own table alone, so only workers that look within the same microseconds may both
    let a request pass where one was left. A bucket has room for WAYS keys; beyond them the least recently used is forgotten,
    which lets its next requests pass. A worker that died leaves its table to its successor.
    """

    def __init__(self, clock: Clock, folder: Path, number: int, count: int, buckets: int = BUCKETS) -> None:
        self._clock = clock
        self._buckets = buckets
        size = buckets * _BUCKET_BYTES
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
        bucket = int.from_bytes(digest, "little") % self._buckets * _BUCKET_BYTES
        oldest, newest = (now_us - period_us) // slot_us, now_us // slot_us
        live = [
            (slot, requests)
            for table in self._tables
            if (row := _row_of(table, bucket, digest)) is not None
            for slot, requests in _SLOT.iter_unpack(table[row + _USED.size : row + _ROW_BYTES])
            if slot >= oldest and requests
        ]
        used = sum(requests for _, requests in live)
        allowed = used < rate.requests
        if allowed:
            self._add(bucket, digest, now_us, newest)
            live.append((newest, 1))
        frees_at_us = (min(slot for slot, _ in live) + 1) * slot_us + period_us if live else now_us + period_us
        reset_s = -(-(frees_at_us - now_us) // 1_000_000)
        return Quota(allowed, rate.requests, max(0, rate.requests - used - allowed), reset_s)

    def _add(self, bucket: int, digest: bytes, now_us: int, slot: int) -> None:
        table, row = self._own, _row_of(self._own, bucket, digest)
        if row is None:
            way, row = min(_ways(bucket), key=lambda each: int(_USED.unpack_from(table, each[1])[0]))
            table[row : row + _ROW_BYTES] = bytes(_ROW_BYTES)
            table[bucket + way * _DIGEST_BYTES : bucket + (way + 1) * _DIGEST_BYTES] = digest
        _USED.pack_into(table, row, now_us)
        at = row + _USED.size + slot % RING * _SLOT.size
        held, requests = _SLOT.unpack_from(table, at)
        _SLOT.pack_into(table, at, slot, requests + 1 if held == slot else 1)


def _mapped(path: Path, size: int) -> mmap.mmap:
    """A file of zeros, or as another worker left it. Its room is taken now: where none is left later, a write would kill."""
    with path.open("a+b") as file:
        if file.tell() < size:
            file.write(bytes(size - file.tell()))
            file.flush()
        return mmap.mmap(file.fileno(), size)


def _row_of(table: mmap.mmap, bucket: int, digest: bytes) -> int | None:
    at = table[bucket : bucket + _HEAD_BYTES].find(digest)
    return None if at < 0 or at % _DIGEST_BYTES else bucket + _HEAD_BYTES + at // _DIGEST_BYTES * _ROW_BYTES


def _ways(bucket: int) -> Iterable[tuple[int, int]]:
    """Each way of a bucket with its row."""
    return enumerate(range(bucket + _HEAD_BYTES, bucket + _BUCKET_BYTES, _ROW_BYTES))
