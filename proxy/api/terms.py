"""The terms a caller stands under at a moment: caller and catalog in, the plan in force out; reads nothing from a store."""

from proxy.domain.account import Caller
from proxy.domain.catalog import Catalog
from proxy.domain.plan import Plan, effective


def plan_in_force(caller: Caller, catalog: Catalog, now_ms: int) -> Plan:
    """The caller's plan with its overrides. A plan that was deleted under its users allows nothing."""
    return effective(catalog.plan(caller.entitlement.plan_id), caller.entitlement.overrides, now_ms)
