"""The limits that a caller's calls are held under: caller and plan in, the hold's terms out; kept from call to call, for as
long as nothing that they are made of has changed."""

from typing import Final, NamedTuple

from proxy.domain.account import App, Caller, Key, User
from proxy.domain.ledger import HoldTerms
from proxy.domain.plan import Plan
from proxy.stages import hold

KEPT_MAX: Final = 4_096


class _Kept(NamedTuple):
    key: Key
    user: User
    app: App | None
    plan: Plan
    terms: HoldTerms

    def is_of(self, caller: Caller, plan: Plan) -> bool:
        known = self.user is caller.user and self.key is caller.key and self.app is caller.app
        return known and self.plan is plan


class Footing:
    """What is known of a caller is replaced by another value when it changes, so that of the very same values the same comes
    again. Whoever remembers something by these terms knows them at a glance."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def terms(self, caller: Caller, plan: Plan) -> HoldTerms:
        """As `hold.terms` of this caller under its effective plan."""
        whose = (caller.key.id, caller.user.id)
        kept = self._kept.get(whose)
        if kept is not None and kept.is_of(caller, plan):
            return kept.terms
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        terms = hold.terms(caller, plan)
        self._kept[whose] = _Kept(caller.key, caller.user, caller.app, plan, terms)
        return terms
