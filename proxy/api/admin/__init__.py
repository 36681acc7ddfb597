"""What administrators and supporters call: changes with audit and `If-Match`, records with raw cost; never prompts."""

from typing import Final

from proxy.api.admin import (
    abuse,
    analytics,
    apps,
    audit,
    budget,
    calls,
    catalog,
    catalog_rows,
    clock,
    conversations,
    entitlements,
    health,
    health_history,
    keys,
    model_use,
    overview,
    plan_requests,
    simulate,
    users,
)
from proxy.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *model_use.ENDPOINTS,
    *catalog_rows.ENDPOINTS,
    *catalog.ENDPOINTS,
    *users.ENDPOINTS,
    *entitlements.ENDPOINTS,
    *keys.ENDPOINTS,
    *apps.ENDPOINTS,
    *plan_requests.ENDPOINTS,
    *calls.ENDPOINTS,
    *analytics.ENDPOINTS,
    *overview.ENDPOINTS,
    *simulate.ENDPOINTS,
    *audit.ENDPOINTS,
    *health.ENDPOINTS,
    *health_history.ENDPOINTS,
    *budget.ENDPOINTS,
    *abuse.ENDPOINTS,
    *clock.ENDPOINTS,
    *conversations.ENDPOINTS,
)
