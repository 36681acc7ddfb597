"""What users and apps call beside `/v1`: prechecks, their models, plan, usage, calls, requests and keys; never a raw cost."""

from typing import Final

from proxy.api.endpoint import Endpoint
from proxy.api.native import account, calls, keys, models, plan_requests, precheck, usage

ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    *precheck.ENDPOINTS,
    *models.ENDPOINTS,
    *account.ENDPOINTS,
    *usage.ENDPOINTS,
    *calls.ENDPOINTS,
    *plan_requests.ENDPOINTS,
    *keys.ENDPOINTS,
)
