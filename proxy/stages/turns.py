"""Whose turn it is: those who wait for a scope's credits in, the next of them out, round-robin over accounts; never waits."""

from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """One queue for each scope that refused somebody. Accounts take turns; within one, first come is first served. At most
    `size_max` wait in all."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._queues: dict[str, OrderedDict[str, deque[T]]] = {}
        self._places: dict[T, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self._places)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is waited for."""
        return tuple(self._queues)

    def accounts(self, scope: str) -> int:
        """How many accounts wait for `scope`."""
        return len(self._queues.get(scope, ()))

    def awaited(self, scopes: Iterable[str]) -> str | None:
        """The first of `scopes` that somebody waits for."""
        return next((scope for scope in scopes if scope in self._queues), None)

    def next(self, scope: str, passing: Collection[str] = ()) -> T | None:
        """Who is first in the queue of `scope`, not counting the accounts in `passing`."""
        queue: Mapping[str, deque[T]] = self._queues.get(scope, {})
        return next((waiting[0] for account_id, waiting in queue.items() if account_id not in passing), None)

    def join(self, scope: str, account_id: str, waiter: T) -> T | None:
        """Takes the last place of its account; where it waited before is given up. When all places are taken, the account that
        has the most loses its newest: the one returned, which may be `waiter` itself."""
        self.leave(waiter)
        self._places[waiter] = (scope, account_id)
        self._queues.setdefault(scope, OrderedDict()).setdefault(account_id, deque()).append(waiter)
        if len(self._places) <= self._size_max:
            return None
        ((crowd, _),) = Counter(account for _, account in self._places.values()).most_common(1)
        newest = next(waiter for waiter, (_, account) in reversed(self._places.items()) if account == crowd)
        self.leave(newest)
        return newest

    def served(self, waiter: T) -> None:
        """Ends a wait, if it lasted until now, that was worth it: the other accounts are before this one now."""
        scope, account_id = self._places.get(waiter, ("", ""))
        self.leave(waiter)
        if account_id in self._queues.get(scope, ()):
            self._queues[scope].move_to_end(account_id)

    def leave(self, waiter: T) -> None:
        """Ends a wait, if there was one."""
        place = self._places.pop(waiter, None)
        if place is None:
            return
        scope, account_id = place
        queue = self._queues[scope]
        queue[account_id].remove(waiter)
        if not queue[account_id]:
            del queue[account_id]
        if not queue:
            del self._queues[scope]
