"""What administrators and supporters call: changes with audit and `If-Match`, records with raw cost; never prompts."""

from proxy.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
