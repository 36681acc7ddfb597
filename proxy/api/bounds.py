"""What a body says of a key's bounds: those that are to change in, the domain's values or a mistake out; changes nothing."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from proxy.api.schemas import Given
from proxy.domain.account import BOUNDS
from proxy.domain.catalog import Model
from proxy.domain.errors import Refusal
from proxy.domain.plan import Rate
from proxy.stages.policy import meaningless

NOTHING_NAMED: Final = "Name at least one of what can be changed: {}."


class RateGiven(Given):
    """At most `requests` in any `period_s` seconds."""

    requests: Annotated[int, Field(ge=1, le=10**6)]
    period_s: Annotated[int, Field(ge=1, le=86_400)]

    @property
    def value(self) -> Rate:
        return Rate(self.requests, self.period_s)


def bounds_of(body: BaseModel) -> dict[str, Any]:
    """The BOUNDS that a body names; null names one too."""
    named = {name: getattr(body, name) for name in BOUNDS if name in body.model_fields_set}
    return {name: _value(given) for name, given in named.items()}


def over_already(expires_at_ms: int | None, now_ms: int) -> Refusal | None:
    """Why a key cannot end then: to end one at once is to revoke it."""
    if expires_at_ms is None or expires_at_ms > now_ms:
        return None
    return Refusal("invalid_request", "expires_at_ms must lie in the future.", param="expires_at_ms")


def beyond_catalog(scope: Sequence[str] | None, models: Collection[Model], had: Sequence[str] | None = None) -> Refusal | None:
    """Why a key's scope cannot be written: it names what none of the models is. What the key, or the one that makes it, `had`
    may stay, for models come and go."""
    unknown = meaningless([name for name in scope or () if name not in (had or ())], models)
    if not unknown:
        return None
    named = ", ".join(unknown)
    message = f"model_scope names what is no model: {named}. Write model ids, `tag:` names or globs; for an alias, its models."
    return Refusal("invalid_request", message, param="model_scope", details={"unknown": named})


def _value(given: Any) -> Any:
    if isinstance(given, RateGiven):
        return given.value
    return tuple(given) if isinstance(given, list) else given
