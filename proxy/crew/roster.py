"""The table of a crew: what became of its workers in, how long to wait before one is started again out; starts nobody and reads
no clock."""

from typing import Final

from proxy.domain.value import dataclass, replace

PAUSE_S_MIN: Final = 0.5
PAUSE_S_MAX: Final = 30.0
# Who has worked for so long did not fail at once: its next pause is the shortest again.
STEADY_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Post:
    """A worker's place. `began_s` is None while nobody has it; `came` says whether anybody ever took calls there."""

    began_s: float | None = None
    ready: bool = False
    came: bool = False
    failures: int = 0


class Roster:
    """The posts of workers 1 to `count`. Times are seconds of any one clock."""

    def __init__(self, count: int) -> None:
        self._posts = {number: Post() for number in range(1, count + 1)}

    @property
    def numbers(self) -> list[int]:
        return list(self._posts)

    @property
    def working(self) -> list[int]:
        """Who takes calls now."""
        return [number for number, post in self._posts.items() if post.ready]

    @property
    def complete(self) -> bool:
        """Whether every worker has taken calls. Before that, one that ends shows what is wrong with all of them."""
        return all(post.came for post in self._posts.values())

    def began(self, number: int, now_s: float) -> None:
        self._posts[number] = replace(self._posts[number], began_s=now_s)

    def ready(self, number: int) -> None:
        self._posts[number] = replace(self._posts[number], ready=True, came=True)

    def ended(self, number: int, now_s: float) -> float:
        """How long to wait before it is started again: twice as long each time, but after a steady while."""
        post = self._posts[number]
        steady = post.began_s is not None and now_s - post.began_s >= STEADY_S
        failures = 0 if steady else post.failures
        self._posts[number] = Post(came=post.came, failures=failures + 1)
        # The exponent has a bound of its own, for who fails for days must not make a number that is none.
        return min(PAUSE_S_MAX, PAUSE_S_MIN * 2.0 ** min(failures, 16))
