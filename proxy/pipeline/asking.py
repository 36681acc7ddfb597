"""What a running stream asks the books for: one question at a time, beside the stream; sizes in, the one that was granted out,
or why none was and whether asking again may help."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from proxy.domain.errors import Refusal
from proxy.domain.ledger import ExtendAck, Held, HoldLost, HoldRefused
from proxy.pipeline.waiting import LOOK_EVERY_S, WaitingRoom
from proxy.ports import ClockDoubted, StoreUnavailable
from proxy.stages.hold import HoldSize

# How long a stream without cover waits for an answer that is under way: longer than any commit should take. It looks now and
# then, and however late it comes to look, for want of a processor, is no fault of the books: that counts as one look.
ANSWER_WAIT_S: Final = 2.0
OUT_OF_TOUCH: Final = Refusal(
    "store_unavailable",
    "The gateway was out of touch with its books for too long, so it had to stop this answer. What you have is incomplete.",
)


class Short(NamedTuple):
    """Why a hold cannot grow: for want of credits (no `refusal`), or for this one. `may_pass`: asking again may help."""

    refusal: Refusal | None
    may_pass: bool


class Granted(NamedTuple):
    """A size, and the books' word that it is held."""

    size: HoldSize
    held: Held


AWAY: Final = Short(OUT_OF_TOUCH, may_pass=True)
LOST: Final = Short(OUT_OF_TOUCH, may_pass=False)
FORBIDDEN: Final = Short(None, may_pass=False)
# Others give credits back, and what a smaller size needs may be there.
GONE: Final = Short(None, may_pass=True)
_GONE: Final = ("credits_on_hold", "insufficient_credits")

Extend = Callable[[Sequence[HoldSize]], Awaitable[ExtendAck | None]]


class Asking:
    """`under_way` is an answer still to come, or to be heard; `short` the last one, where that was no. While credits are
    short, it is asked again when some were given back in this process, and now and then for those that others give back."""

    def __init__(self, waiting: WaitingRoom) -> None:
        self._waiting = waiting
        self.under_way: asyncio.Task[Granted | Short] | None = None
        self._asked_at: tuple[float, int] = (0.0, 0)
        self.short: Short | None = None

    @property
    def may_begin(self) -> bool:
        """Whether nothing is under way, and the answer may be another than the last one."""
        if self.under_way is not None:
            return False
        if self.short is None:
            return True
        at_s, resolved = self._asked_at
        soon = self._waiting.resolved != resolved or asyncio.get_running_loop().time() >= at_s + LOOK_EVERY_S
        return soon and self.short.may_pass

    def begin(self, extend: Extend, sizes: Sequence[HoldSize]) -> None:
        """Asks for the first of `sizes` that there is room for."""
        loop = asyncio.get_running_loop()
        self._asked_at = (loop.time(), self._waiting.resolved)
        self.under_way = loop.create_task(asked(extend, sizes))

    async def answer(self) -> Granted | None:
        """Waits for what is under way; what it granted."""
        if self.under_way is not None and not await _done(self.under_way):
            self.short = AWAY
        return self.hear()

    def hear(self) -> Granted | None:
        """What was granted since anybody last asked."""
        if self.under_way is None or not self.under_way.done():
            return None
        answer, self.under_way = self.under_way.result(), None
        self.short = answer if isinstance(answer, Short) else None
        return answer if isinstance(answer, Granted) else None

    def drop(self) -> None:
        """Nobody is interested any more."""
        if self.under_way is not None:
            self.under_way.cancel()


async def asked(extend: Extend, sizes: Sequence[HoldSize]) -> Granted | Short:
    """The first of `sizes` that the books grant; why they grant none. `extend` says None for a call that may not go on."""
    try:
        ack = await extend(sizes)
    except StoreUnavailable:
        return AWAY
    return Granted(sizes[ack.place], ack) if isinstance(ack, Held) else _short(ack)


def unavailable(error: StoreUnavailable) -> Refusal:
    """The store's outage, or its doubt of the time, as the caller hears it."""
    if isinstance(error, ClockDoubted):
        return Refusal("store_unavailable", str(error), retry_after_s=error.retry_after_s)
    return Refusal(
        "store_unavailable",
        "The gateway cannot reach its books right now, so it takes no calls. Try again shortly.",
        retry_after_s=error.retry_after_s,
    )


async def _done(under_way: asyncio.Task[Granted | Short]) -> bool:
    for _ in range(round(ANSWER_WAIT_S / LOOK_EVERY_S)):
        await asyncio.wait({under_way}, timeout=LOOK_EVERY_S)
        if under_way.done():
            return True
    return False


def _short(ack: HoldRefused | HoldLost | None) -> Short:
    if isinstance(ack, HoldLost):
        return LOST
    return GONE if ack is not None and ack.code in _GONE else FORBIDDEN
