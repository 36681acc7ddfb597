"""Who looks at the gateway as it runs: a place for each in, and what was seen within a minute out; asks nobody itself."""

from collections import deque
from typing import Final

from proxy.domain.glance import Glance

# Each is a connection, and a look at all workers' counts every few seconds.
OVERLOOKS_MAX: Final = 16
WINDOW_MS: Final = 60_000
_APART_MS: Final = 1_000

Look = tuple[int, Glance]


class Overlooks:
    """Of one process. What one saw serves all: a moment and a glance each."""

    def __init__(self) -> None:
        self._taken = 0
        self._seen: deque[Look] = deque(maxlen=WINDOW_MS // _APART_MS + 1)

    def take(self) -> bool:
        """Whether there was a place; who took one gives it back."""
        if self._taken >= OVERLOOKS_MAX:
            return False
        self._taken += 1
        return True

    def give_back(self) -> None:
        self._taken -= 1

    def since(self, now: Look) -> Look:
        """Remembers what is seen now; the oldest look of the last minute, which may be this one."""
        while self._seen and now[0] - self._seen[0][0] > WINDOW_MS:
            self._seen.popleft()
        if not self._seen or now[0] - self._seen[-1][0] >= _APART_MS:
            self._seen.append(now)
        return self._seen[0]
