"""Claims about pricing calls anew: the same terms give the same bill, others what live calls would have paid."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.call import Attempt
from proxy.domain.catalog import Catalog
from proxy.domain.money import Charge, credits_milli, raw_cost_nano_usd
from proxy.domain.plan import Plan, tariff
from proxy.domain.usage import Usage
from proxy.stages.reprice import Bill, Charged, as_charged, by_model, under_plan, worth_nano_usd
from tests import builders as b

CATALOG = b.catalog(
    b.model("p/cheap", tiers=b.tiers(input=333_333, output=777_777)),
    b.model("p/dear", family="frontier", tiers=b.tiers(input=10**10, output=4 * 10**10)),
    b.model("p/unpriced", tiers=()),
    b.plan("basic", multiplier_ppm=1_370_000),
    b.plan("pro", multiplier_ppm=1_110_000, family_multipliers_ppm={"frontier": 2_000_000}),
)


def charged(
    usage: Usage, model_id: str = "p/cheap", plan: Plan = CATALOG.plans["basic"], catalog: Catalog = CATALOG
) -> Attempt:
    """An attempt as a live call records it."""
    model = catalog.models[model_id]
    terms = tariff(plan, model.family, catalog.milli_credits_per_dollar)
    return b.attempt(
        model_id=model_id,
        family=model.family,
        usage=usage,
        raw_nano_usd=raw_cost_nano_usd(model.tiers, usage),
        credits_milli=credits_milli([Charge(model.tiers, terms, usage)]),
    )


USAGES = st.builds(Usage, input=st.integers(0, 10**5), cached_input=st.integers(0, 10**4), output=st.integers(0, 10**5))
CALLS: st.SearchStrategy[list[Charged]] = st.lists(
    st.tuples(st.builds(charged, USAGES, st.sampled_from(["p/cheap", "p/dear"]))), max_size=8
)


@given(CALLS)
def test_the_same_terms_give_the_same_bill_to_the_unit(calls: list[Charged]) -> None:
    assert under_plan(calls, CATALOG, CATALOG.plans["basic"]) == as_charged(calls)


def test_a_rescued_call_pays_its_input_once() -> None:
    first, later = Usage(input=1_000_000, output=10), Usage(input=2_000_000, output=1_000_000)
    bill = under_plan([(charged(first), charged(later, "p/dear"))], CATALOG, CATALOG.plans["pro"])
    alone = under_plan([(charged(first),)], CATALOG, CATALOG.plans["pro"])
    assert bill.credits_milli - alone.credits_milli == 2 * 40 * 1_000_000
    assert bill.raw_nano_usd - alone.raw_nano_usd == 2 * 10**10 + 4 * 10**10


@given(CALLS)
def test_another_plan_charges_what_it_would_have_charged_live(calls: list[Charged]) -> None:
    pro = CATALOG.plans["pro"]
    live = [charged(a.usage, a.model_id, pro).credits_milli for (a,) in calls if a.usage is not None]
    bill = under_plan(calls, CATALOG, pro)
    assert (bill.credits_milli, bill.raw_nano_usd) == (sum(live), as_charged(calls).raw_nano_usd)


@given(CALLS)
def test_another_model_is_priced_with_the_tokens_that_were_used(calls: list[Charged]) -> None:
    basic = CATALOG.plans["basic"]
    live = [charged(a.usage, "p/dear", basic) for (a,) in calls if a.usage is not None]
    bill = by_model(calls, CATALOG, basic, CATALOG.models["p/dear"])
    assert bill == Bill(len(calls), sum(a.credits_milli for a in live), sum(a.raw_nano_usd for a in live))


def test_a_call_of_several_writers_is_rounded_once() -> None:
    tiny = charged(Usage(input=1))
    apart = under_plan([(tiny,), (tiny,)], CATALOG, CATALOG.plans["basic"])
    assert apart.credits_milli == 2
    assert under_plan([(tiny, tiny)], CATALOG, CATALOG.plans["basic"]).credits_milli == 1


def test_what_no_model_prices_any_more_is_counted_apart() -> None:
    gone = b.attempt(model_id="p/gone")
    bill = under_plan([(gone,), (charged(Usage(input=100)),)], CATALOG, CATALOG.plans["basic"])
    assert (bill.calls, bill.unpriced_calls) == (1, 1)


def test_credits_are_worth_what_they_were_spent_on_before() -> None:
    assert worth_nano_usd(50, Bill(3, 100, 701)) == 351
    assert worth_nano_usd(50, Bill(0, 0, 0)) is None
