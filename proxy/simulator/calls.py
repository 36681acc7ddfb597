"""What the simulator was asked and what it billed, kept for tests to look at: calls in, bounded lists out; decides nothing."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, TypeVar

import orjson

CALLS_MAX: Final = 1_000
KEPT_BODY_BYTES_MAX: Final = 64 * 1024 * 1024
COUNTED_MODELS_MAX: Final = 10_000

T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One call as it was received and as it went. Not frozen: it is filled in while the call runs.

    `number` counts from 1 and is never given twice. `body` is the JSON text received, None if it was no JSON.
    `status` is 0 until the call ended. `fault` is what was staged. `generated_tokens` left for the caller or would have been
    lost on the way; `billed_*` is what the provider charges, shown or not. `closed_early`: the peer left before we were done,
    `left_after_ms` after the call began.
    """

    number: int
    path: str
    headers: Mapping[str, str]
    body_bytes: int
    began_ms: int
    body: bytes | None = None
    model: str | None = None
    stream: bool = False
    status: int = 0
    fault: str | None = None
    output_bytes: int = 0
    generated_tokens: int = 0
    billed_input_tokens: int = 0
    billed_output_tokens: int = 0
    closed_early: bool = False
    left_after_ms: int | None = None
    ended: bool = False


@dataclass(slots=True)
class Count:
    """Sums over all ended calls of one model."""

    calls: int = 0
    faulty: int = 0
    closed_early: int = 0
    generated_tokens: int = 0
    billed_input_tokens: int = 0
    billed_output_tokens: int = 0

    def add(self, call: Call) -> None:
        """One call more."""
        self.calls += 1
        self.faulty += call.fault is not None
        self.closed_early += call.closed_early
        self.generated_tokens += call.generated_tokens
        self.billed_input_tokens += call.billed_input_tokens
        self.billed_output_tokens += call.billed_output_tokens


@dataclass(slots=True)
class CallLog:
    """The latest calls, bounded in number and in bytes; how often each model and fault was asked for, and sums by model."""

    _calls: deque[Call] = field(default_factory=deque)
    _seen: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, Count] = field(default_factory=dict)
    _last_number: int = 0
    _kept_bytes: int = 0

    def open(self, path: str, headers: Mapping[str, str], body: bytes, is_json: bool, began_ms: int = 0) -> Call:
        """A new call at the end of the list; the oldest make room. `began_ms` is milliseconds since 1970."""
        self._last_number += 1
        call = Call(self._last_number, path, headers, len(body), began_ms, body if is_json else None)
        self._calls.append(call)
        self._kept_bytes += call.body_bytes
        while len(self._calls) > CALLS_MAX or (self._kept_bytes > KEPT_BODY_BYTES_MAX and len(self._calls) > 1):
            self._kept_bytes -= self._calls.popleft().body_bytes
        return call

    def close(self, call: Call) -> None:
        """Ends a call and adds it to its model's sums."""
        call.ended = True
        if call.model is not None:
            _kept(self._counts, call.model, Count).add(call)

    def seen_before(self, what: str) -> int:
        """How many times this was asked before this one, which is counted hereby."""
        seen = _kept(self._seen, what, int)
        self._seen[what] = seen + 1
        return seen

    def forget(self) -> None:
        """Empties the list and all counts; numbers go on."""
        self._calls.clear()
        self._seen.clear()
        self._counts.clear()
        self._kept_bytes = 0

    def listed(self) -> bytes:
        """The list as JSON, oldest first."""
        return orjson.dumps([_shown(call) for call in self._calls])

    def counted(self) -> bytes:
        """The sums as JSON, by model."""
        return orjson.dumps({model: asdict(count) for model, count in self._counts.items()})


def _kept(rows: dict[str, T], name: str, fresh: Callable[[], T]) -> T:
    """The row of this name, moved to the end; the one that was not asked for longest makes room for a new one."""
    row = rows.pop(name) if name in rows else fresh()
    if len(rows) >= COUNTED_MODELS_MAX:
        rows.pop(next(iter(rows)))
    rows[name] = row
    return row


def _shown(call: Call) -> dict[str, object]:
    return asdict(call) | {"body": None if call.body is None else orjson.Fragment(call.body)}
