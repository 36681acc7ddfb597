"""Who holds more than its share of what all of its app could hold: a case and counters in, a refusal or nothing out; knows
nobody who waits."""

from proxy.domain.ledger import FairShare, HoldRefused
from proxy.domain.standing import Standing
from proxy.stages.ledger.counters import Readings
from proxy.stages.ledger.sources import Case, standing


def over_share(case: Case, amount_milli: int, share: FairShare | None, readings: Readings) -> HoldRefused | None:
    """Why `amount_milli` more must wait though it may fit: the account's live holds would be more than its share of what is
    unspent under the caps of the share's scope. Who holds nothing is within its share, however little that is."""
    if share is None:
        return None
    seen = standing(case, readings)
    held_milli = seen.held_milli
    if held_milli == 0 or held_milli + amount_milli <= _shared_milli(seen, share):
        return None
    return HoldRefused("credits_on_hold", share.scope, seen, over_share=True)


def _shared_milli(seen: Standing, share: FairShare) -> int:
    unspent = [cap.limit - cap.spent for cap in seen.caps if cap.scope == share.scope and cap.unit == "milli_credits"]
    return min(unspent, default=0) * share.percent // 100
