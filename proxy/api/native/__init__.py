"""What users and apps call beside `/v1`: prechecks, their models, plan, usage, calls, requests and keys; never a raw cost."""

from proxy.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
