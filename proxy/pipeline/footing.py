"""The limits that a caller's calls are held under: caller and plan in, the hold's terms out; kept from call to call, for as
long as nothing that they are made of has changed."""

from typing import Final, NamedTuple

from proxy.domain.account import App, Caller, Key, User
from proxy.domain.ledger import HoldTerms
from proxy.domain.plan import Plan
from proxy.domain.standing import Cap
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


class _Under(NamedTuple):
    terms: HoldTerms
    ceilings: tuple[Cap, ...]
    app: App | None
    found: HoldTerms

    def is_of(self, terms: HoldTerms, ceilings: tuple[Cap, ...], app: App | None) -> bool:
        return self.terms is terms and self.ceilings is ceilings and self.app is app


class Footing:
    """What is known of a caller is replaced by another value when it changes, so that of the very same values the same comes
    again. Whoever remembers something by these terms knows them at a glance."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._under: dict[tuple[str, str, str], _Under] = {}

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

    def under_ceilings(self, terms: HoldTerms, caller: Caller, ceilings: tuple[Cap, ...], provider_id: str) -> HoldTerms:
        """As `hold.under_ceilings` of terms that this caller's call has."""
        where = (caller.key.id, caller.user.id, provider_id)
        kept = self._under.get(where)
        if kept is not None and kept.is_of(terms, ceilings, caller.app):
            return kept.found
        if len(self._under) >= KEPT_MAX:
            self._under.clear()
        found = hold.under_ceilings(terms, ceilings, provider_id, caller.app)
        self._under[where] = _Under(terms, ceilings, caller.app, found)
        return found
