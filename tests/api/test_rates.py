"""Claims about request rates: the tighter limit speaks, and what is said of it is in OpenAI's headers, refusals too."""

from proxy.api.rates import over_rate, quota_headers, take_rates
from proxy.domain.plan import Rate
from proxy.limits.memory import MemoryLimiter
from proxy.ports import Quota
from tests import builders as b
from tests.api.house import House, code_of
from tests.api.test_auth import StillClock


async def taken(user_rate: Rate | None, key_rate: Rate | None, times: int) -> list[Quota | None]:
    rates = {} if user_rate is None else {"chat": user_rate}
    catalog = b.catalog(b.model(), b.plan(rates=rates))
    caller, limiter = b.caller(key=b.key(rate=key_rate)), MemoryLimiter(StillClock(), 100)
    return [await take_rates(limiter, caller, catalog, "chat") for _ in range(times)]


async def test_nothing_limits_where_nothing_is_set() -> None:
    (quota,) = await taken(None, None, 1)
    assert quota is None
    assert (over_rate(quota), quota_headers(quota)) == (None, [])


async def test_the_tighter_of_plan_and_key_is_told_and_refuses() -> None:
    for user_rate, key_rate in ((Rate(2, 60), Rate(9, 60)), (Rate(9, 60), Rate(2, 60))):
        quotas = await taken(user_rate, key_rate, 3)
        assert [(q.limit, q.remaining, q.allowed) for q in quotas if q] == [(2, 1, True), (2, 0, True), (2, 0, False)]


async def test_a_key_counts_in_its_own_rate_and_in_those_of_the_keys_it_was_made_from() -> None:
    limiter, catalog = MemoryLimiter(StillClock(), 100), b.catalog(b.model())
    above = (("root", Rate(4, 60)),)
    root = b.caller(key=b.key("root", rate=Rate(4, 60)))
    slow = b.caller(key=b.key("slow", lineage=("slow", "root"), rate=Rate(1, 60), lineage_rates=above))
    free = b.caller(key=b.key("free", lineage=("free", "root"), lineage_rates=above))
    allowed = []
    for caller in (slow, slow, free, root, free, free, root):
        quota = await take_rates(limiter, caller, catalog, "chat")
        allowed.append(quota is not None and quota.allowed)
    assert allowed == [True, False, True, True, True, False, False]


async def test_classes_do_not_share_a_count() -> None:
    catalog = b.catalog(b.model(), b.plan(rates={"chat": Rate(1, 60), "other": Rate(1, 60)}))
    limiter = MemoryLimiter(StillClock(), 100)
    for rate_class in ("chat", "other"):
        quota = await take_rates(limiter, b.caller(), catalog, rate_class)
        assert over_rate(quota) is None


def test_a_refusal_says_when_to_come_back() -> None:
    refusal = over_rate(Quota(False, 5, 0, 0))
    assert refusal is not None
    assert (refusal.code, refusal.retry_after_s, refusal.details["limit"]) == ("rate_limit_exceeded", 1, 5)


async def test_the_limit_is_in_the_headers_of_answers_and_refusals(house: House) -> None:
    rates = {"chat": Rate(1, 60), "other": Rate(1, 60)}
    house.shown.catalog = b.catalog(b.model("p/cheap"), b.plan(rates=rates))
    key = await house.user_key()
    chats = [await house.chat(key), await house.chat(key)]
    looks = [await house.get("/api/me", key), await house.get("/api/me", key)]
    for first, second in (chats, looks):
        assert (first.status_code, first.headers["x-ratelimit-remaining-requests"]) == (200, "0")
        assert code_of(second) == (429, "rate_limit_exceeded")
        assert second.headers["x-ratelimit-limit-requests"] == "1"
        assert int(second.headers["retry-after"]) > 0


async def test_a_call_refused_by_its_rate_is_counted_and_leaves_no_row(house: House) -> None:
    house.shown.catalog = b.catalog(b.model("p/cheap"), b.plan(rates={"chat": Rate(1, 60)}))
    key = await house.user_key()
    await house.chat(key)
    await house.chat(key)
    assert len((await house.get("/api/calls", key)).json()["data"]) == 1
    counted = [line for line in (await house.get("/metrics")).text.splitlines() if "incidents_total{" in line]
    (line,) = [line for line in counted if 'name="refused"' in line]
    assert 'code="rate_limit_exceeded"' in line
    assert line.endswith(" 1.0")
