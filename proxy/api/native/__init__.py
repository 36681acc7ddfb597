"""What users and apps call beside `/v1`: prechecks and estimates, their models, plan, usage, calls, requests and keys; never a
raw cost."""

from typing import Final

from proxy.api.endpoint import Endpoint
from proxy.api.native import (
    account,
    app_users,
    calls,
    conversations,
    estimate,
    feedback,
    keys,
    models,
    plan_requests,
    precheck,
    usage,
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *precheck.ENDPOINTS,
    *estimate.ENDPOINTS,
    *models.ENDPOINTS,
    *account.ENDPOINTS,
    *usage.ENDPOINTS,
    *app_users.ENDPOINTS,
    *calls.ENDPOINTS,
    *feedback.ENDPOINTS,
    *conversations.ENDPOINTS,
    *plan_requests.ENDPOINTS,
    *keys.ENDPOINTS,
)
