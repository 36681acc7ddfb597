"""One call from its body to its ledger entry: the only code that knows the order of the stages and drives them."""

from proxy.pipeline.answers import AnswerLimits
from proxy.pipeline.call import Pipeline
from proxy.pipeline.drain import DrainLimits
from proxy.pipeline.order import Judged, Knobs, Order, Rooms
from proxy.pipeline.waiting import WaitingLimits

__all__ = ["AnswerLimits", "DrainLimits", "Judged", "Knobs", "Order", "Pipeline", "Rooms", "WaitingLimits"]
