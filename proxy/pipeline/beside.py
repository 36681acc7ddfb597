"""A second look that goes on while its call runs: a judged call and a way to end it in, why it has to end, and the record with
the word in it, out; asks nobody."""

from collections.abc import Callable

from proxy.domain.call import Call
from proxy.domain.decision import Decision
from proxy.domain.errors import Refusal
from proxy.domain.value import replace
from proxy.pipeline.order import Judged, Rooms
from proxy.stages import policy


class Beside:
    """`objection` is why no model is to be called any more, once the word is there and blocks; `stop` is called with it."""

    def __init__(self, rooms: Rooms, judged: Judged, stop: Callable[[Refusal], object]) -> None:
        self._rooms = rooms
        self._judged = judged
        self.objection: Refusal | None = None
        if judged.look is not None:
            # Whoever is stopped is known to the word alone that is still to come: kept here, the call would lead to itself.
            judged.look.then(lambda: self._hear(stop))

    def noted(self, call: Call) -> Call:
        """The call's record with the word, though its decision did not know of it."""
        look = self._judged.look
        if look is None or look.heard is None or call.verdict is None:
            return call
        return replace(call, verdict=replace(call.verdict, second=look.heard))

    def _hear(self, stop: Callable[[Refusal], object]) -> None:
        again = self._again()
        if again is None or again.refusal is None:
            return
        self.objection = again.refusal
        self._rooms.conduct.asked(self._judged.journey, again, self._judged.ask.text_bytes)
        stop(again.refusal)

    def _again(self) -> Decision | None:
        """The decision as it would have been, had the call waited; None where the word does not block."""
        judged = self._judged
        net, word = judged.journey.catalog.policy.second_net, None if judged.look is None else judged.look.heard
        if net is None or net.flagged != "block" or word is None or word.said != "flagged":
            return None
        verdict = replace(judged.verdict, second=replace(word, in_time=True))
        return policy.decide(judged.ask, verdict, judged.advice, judged.standing, judged.journey.catalog, judged.health)
