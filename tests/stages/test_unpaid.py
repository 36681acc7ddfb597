"""Claims about what was billed in vain: what it comes to, what its input alone would cost, and what a caller hears who paid."""

from dataclasses import replace
from typing import Any

from proxy.domain.call import INPUT_CHARGED, Attempt
from proxy.domain.catalog import Catalog
from proxy.domain.errors import Refusal
from proxy.domain.ledger import Unpaid
from proxy.domain.money import Prices, PriceTier
from proxy.domain.usage import Usage
from proxy.stages.unpaid import WHY_CHARGED, told, unpaid, with_input
from tests import builders as b

FAILED = Refusal("upstream_error", "It failed.", details={"model": "p/m"})


def billed(model_id: str = "p/m", milli: int = 900, **usage: Any) -> Attempt:
    """A try that failed and was billed all the same."""
    used = replace(Usage(input=100, output=200), **usage)
    return b.attempt(model_id=model_id, fault="empty", usage=used, credits_milli=milli, charged=False)


def owed(*attempts: Attempt, catalog: Catalog | None = None, input_tokens_max: int = 1_000, **ask: Any) -> Unpaid:
    """What the call would pay; a token of input costs a milli-credit, one of output four."""
    catalog = catalog or b.catalog(b.model("p/m"), b.model("q/n"))
    chain = [b.candidate(model_id, input_tokens_max=input_tokens_max) for model_id in ("p/m", "q/n")]
    return with_input(Unpaid(0), attempts, chain, catalog, catalog.plans["basic"], replace(b.ask(), **ask))


def test_all_that_was_billed_and_is_not_charged_is_unpaid() -> None:
    assert unpaid([billed(milli=30), b.attempt(credits_milli=500), billed(milli=12)]) == Unpaid(42)


def test_nothing_is_unpaid_where_nothing_was_billed() -> None:
    silent = b.attempt(fault="connect", usage=None, credits_milli=0, charged=False)
    assert unpaid([silent, b.attempt()]) is None


def test_the_input_is_what_is_owed_with_its_classes_and_images_but_no_output() -> None:
    call = owed(billed(cached_input=20, reasoning=70))
    # What was cached costs a tenth.
    assert (call.input_milli, call.input) == (102, Usage(input=100, cached_input=20))
    pictures = b.catalog(b.model("p/m", tiers=b.tiers(image=10**10)))
    assert owed(billed(images=3), catalog=pictures, image_count=3).input_milli == 100 + 3 * 10


def test_images_that_were_to_be_made_are_no_input() -> None:
    painter = b.catalog(b.model("p/m", kind="image", tiers=b.tiers(image=10**10)))
    assert owed(billed(images=4), catalog=painter, kind="image", image_count=0).input_milli == 100


def test_a_price_for_the_request_is_owed_with_the_input() -> None:
    per_request = PriceTier(0, Prices(input=10**9, output=4 * 10**9, request=7 * 10**9))
    assert owed(billed(), catalog=b.catalog(b.model("p/m", tiers=(per_request,)))).input_milli == 107


def test_the_input_is_owed_once_to_the_first_that_billed() -> None:
    silent = b.attempt(model_id="p/m", fault="connect", usage=None, credits_milli=0, charged=False)
    assert owed(silent, billed("q/n", input=40), billed("p/m", input=900)).input_milli == 40


def test_no_more_input_is_owed_than_the_call_can_have_had() -> None:
    assert owed(billed(input=10**9), input_tokens_max=250).input_milli == 250


def test_the_operators_number_comes_with_it() -> None:
    strict = b.catalog(b.model("p/m"), policy=b.policy_table(free_calls_hourly_max=4))
    assert owed(billed(), catalog=strict).free_hourly_max == 4


def test_who_paid_hears_it_and_is_not_told_to_try_again() -> None:
    heard = told(FAILED, b.call(reason=INPUT_CHARGED, credits_milli=1_500))
    assert heard.message == f"It failed. {WHY_CHARGED}"
    assert (heard.should_retry, heard.details) == (False, {"model": "p/m", "credits_charged": "1.5"})
    assert told(FAILED, b.call(reason="upstream_error")) is FAILED
