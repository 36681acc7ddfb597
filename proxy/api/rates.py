"""Request rates of one caller: which limits apply in, a Quota out, and a Refusal where it is used up; counting is the
limiter's."""

from proxy.domain.account import Caller
from proxy.domain.catalog import Catalog
from proxy.domain.errors import Refusal
from proxy.domain.plan import RateClass
from proxy.ports import Limiter, Quota

Headers = list[tuple[bytes, bytes]]


async def take_rates(limiter: Limiter, caller: Caller, catalog: Catalog, rate_class: RateClass) -> Quota | None:
    """Takes one request from the caller's own rate, its key's and those of the keys that one was made from; the quota that
    refused, else the tightest one, or None where nothing limits."""
    plan = catalog.plans.get(caller.entitlement.plan_id)
    plan_rate = plan.rates.get(rate_class) if plan else None
    own = caller.key.rates
    rates = [(f"key:{key_id}", rate) for key_id, rate in own] if own else []
    if plan_rate is not None:
        rates.insert(0, (f"user:{caller.user.id}:{rate_class}", plan_rate))
    tightest: Quota | None = None
    for key, rate in rates:
        quota = await limiter.take(key, rate)
        if not quota.allowed:
            return quota
        if tightest is None or quota.remaining < tightest.remaining:
            tightest = quota
    return tightest


def over_rate(quota: Quota | None) -> Refusal | None:
    """The refusal of a request that came too soon."""
    if quota is None or quota.allowed:
        return None
    return Refusal(
        "rate_limit_exceeded",
        f"More than {quota.limit} requests in this period. Try again in {quota.reset_s} s.",
        retry_after_s=max(1, quota.reset_s),
        details={"limit": quota.limit, "remaining": quota.remaining, "reset_s": quota.reset_s},
    )


def quota_headers(quota: Quota | None) -> Headers:
    """OpenAI's names, so that SDKs and their users find them; on refusals too."""
    if quota is None:
        return []
    return [
        (b"x-ratelimit-limit-requests", b"%d" % quota.limit),
        (b"x-ratelimit-remaining-requests", b"%d" % quota.remaining),
        (b"x-ratelimit-reset-requests", b"%ds" % quota.reset_s),
    ]
