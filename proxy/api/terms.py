"""The terms a caller stands under at a moment: caller and catalog in, the plan in force out; reads nothing from a store."""

from proxy.domain.account import Caller
from proxy.domain.catalog import Catalog
from proxy.domain.plan import Plan, effective


def plan_in_force(caller: Caller, catalog: Catalog, now_ms: int) -> Plan:
    """The caller's plan with its overrides. A plan that was deleted under its users allows nothing."""
    plan_id = caller.entitlement.plan_id
    plan = catalog.plans.get(plan_id) or Plan(id=plan_id, name=plan_id, allowances=(), models=())
    return effective(plan, caller.entitlement.overrides, now_ms)
