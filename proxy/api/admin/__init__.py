"""What administrators and supporters call: changes with audit and `If-Match`, records with raw cost; never prompts."""

from typing import Final

from proxy.api.admin import (
    abuse,
    analytics,
    apps,
    audit,
    calls,
    catalog,
    catalog_rows,
    clock,
    conversations,
    entitlements,
    health,
    keys,
    overview,
    plan_requests,
    simulate,
    users,
)
from proxy.api.endpoint import Endpoint

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
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
    *abuse.ENDPOINTS,
    *clock.ENDPOINTS,
    *conversations.ENDPOINTS,
)
