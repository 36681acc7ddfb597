"""What the simulator was asked, kept for tests to look at: calls in, a bounded JSON list out; decides nothing."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import orjson

CALLS_MAX: Final = 1_000
KEPT_BODY_BYTES_MAX: Final = 64 * 1024 * 1024
COUNTED_MODELS_MAX: Final = 10_000


@dataclass(slots=True)
class Call:
    """One call as it was received and as it went. Not frozen: it is filled in while the call runs.

    `number` counts from 1 and is never given twice. `body` is the JSON text received, None if it was no JSON.
    `status` is 0 until the call ended. `closed_early`: the peer left before we were done.
    """

    number: int
    path: str
    headers: Mapping[str, str]
    body_bytes: int
    body: bytes | None = None
    model: str | None = None
    stream: bool = False
    status: int = 0
    output_bytes: int = 0
    closed_early: bool = False
    ended: bool = False


@dataclass(slots=True)
class CallLog:
    """The latest calls, bounded in number and in bytes, and how often each model was called."""

    _calls: deque[Call] = field(default_factory=deque)
    _calls_by_model: dict[str, int] = field(default_factory=dict)
    _last_number: int = 0
    _kept_bytes: int = 0

    def open(self, path: str, headers: Mapping[str, str], body: bytes, is_json: bool) -> Call:
        """A new call at the end of the list; the oldest make room."""
        self._last_number += 1
        call = Call(self._last_number, path, headers, len(body), body if is_json else None)
        self._calls.append(call)
        self._kept_bytes += call.body_bytes
        while len(self._calls) > CALLS_MAX or (self._kept_bytes > KEPT_BODY_BYTES_MAX and len(self._calls) > 1):
            self._kept_bytes -= self._calls.popleft().body_bytes
        return call

    def seen_before(self, model: str) -> int:
        """How many calls of this model came before this one, which is counted hereby."""
        seen = self._calls_by_model.pop(model, 0)
        if len(self._calls_by_model) >= COUNTED_MODELS_MAX:
            self._calls_by_model.pop(next(iter(self._calls_by_model)))
        self._calls_by_model[model] = seen + 1
        return seen

    def forget(self) -> None:
        """Empties the list and the counts by model; numbers go on."""
        self._calls.clear()
        self._calls_by_model.clear()
        self._kept_bytes = 0

    def listed(self) -> bytes:
        """The list as JSON, oldest first."""
        return orjson.dumps([_shown(call) for call in self._calls])


def _shown(call: Call) -> dict[str, object]:
    return {
        "number": call.number,
        "path": call.path,
        "model": call.model,
        "stream": call.stream,
        "headers": call.headers,
        "body_bytes": call.body_bytes,
        "body": None if call.body is None else orjson.Fragment(call.body),
        "status": call.status,
        "output_bytes": call.output_bytes,
        "closed_early": call.closed_early,
        "ended": call.ended,
    }
