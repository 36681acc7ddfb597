"""`/v1` beside chat: the caller's models in OpenAI's shape; shows credits, never a raw cost or a multiplier."""

from proxy.api.endpoint import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
