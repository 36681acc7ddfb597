"""How large and dear a call is: bounds of tokens, the answer's length that credits afford, the worst it could cost."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.journey import Counted
from proxy.stages.policy.size import MESSAGE_TOKENS_MAX
from tests.builders import ask, assistant, model, plan, prices, tiers
from tests.stages.policy.cases import size_of

WRAPPED = 2 * MESSAGE_TOKENS_MAX  # One message and the opening of the answer.


def test_the_input_lies_between_what_its_bytes_can_be() -> None:
    size = size_of(model(tokens_per_byte_min=0.2, tokens_per_byte_max=1.5), ask(text_bytes=1_000))
    assert (size.input_tokens_min, size.input_tokens_max) == (200, 1_500 + WRAPPED)


def test_every_message_and_every_image_raises_the_upper_bound() -> None:
    size = size_of(model(image_tokens=700), ask(text_bytes=1_000, message_count=3, image_count=2))
    assert size.input_tokens_max == 1_000 + 4 * MESSAGE_TOKENS_MAX + 1_400
    assert size.input_tokens_min == 100


def test_the_assistants_prompt_counts_in_bytes_on_both_sides() -> None:
    size = size_of(model(), ask(text_bytes=0), assistant=assistant(system_prompt="é" * 50))
    assert (size.input_tokens_min, size.input_tokens_max) == (10, 100 + WRAPPED + MESSAGE_TOKENS_MAX)


SPOKEN = model(vocabulary="o200k_base", image_tokens=700)
COUNTED = Counted("o200k_base", tokens_min=200, tokens_max=230)


def test_a_count_takes_the_place_of_both_bounds_and_images_come_on_top() -> None:
    size = size_of(SPOKEN, ask(text_bytes=1_000, image_count=2, counted=(COUNTED,)))
    assert (size.input_tokens_min, size.input_tokens_max) == (200, 230 + 1_400)


def test_a_count_in_another_vocabulary_says_nothing() -> None:
    for other in (model(), model(vocabulary="cl100k_base")):
        assert size_of(other, ask(counted=(COUNTED,))) == size_of(other, ask())


def test_a_count_holds_for_the_prompt_it_was_made_with_and_no_other() -> None:
    brief = assistant(system_prompt="Be brief.")
    with_prompt = ask(counted=(replace(COUNTED, prompt_bytes=len("Be brief.")),))
    assert size_of(SPOKEN, with_prompt, assistant=brief).input_tokens_max == 230
    assert size_of(SPOKEN, with_prompt) == size_of(SPOKEN, ask())
    assert size_of(SPOKEN, ask(counted=(COUNTED,)), assistant=brief) == size_of(SPOKEN, ask(), assistant=brief)


def test_no_count_exceeds_a_token_for_each_byte() -> None:
    padded = replace(COUNTED, tokens_max=5_000)
    assert size_of(SPOKEN, ask(text_bytes=1_000, counted=(padded,))).input_tokens_max == 1_000 + WRAPPED
    assert size_of(replace(SPOKEN, tokens_per_byte_max=0.2), ask(counted=(COUNTED,))).input_tokens_max == 230


def test_the_callers_output_bound_stands() -> None:
    assert size_of(plan=plan(output_tokens_default=10), ask=ask(output_tokens_max=77)).output_tokens_max == 77


def test_without_a_bound_of_the_caller_the_smallest_other_one_counts() -> None:
    terms, limited = plan(output_tokens_default=300), assistant(output_tokens_max=200)
    assert size_of(model(output_tokens_max=400), plan=terms).output_tokens_max == 300
    assert size_of(model(output_tokens_max=250), plan=terms).output_tokens_max == 250
    assert size_of(model(output_tokens_max=400), plan=terms, assistant=limited).output_tokens_max == 200
    assert size_of(model(output_tokens_max=400), plan=terms, assistant=assistant()).output_tokens_max == 300


def test_the_answer_fits_into_what_the_prompt_surely_leaves_of_the_context() -> None:
    assert size_of(model(context_tokens_max=1_000), ask(text_bytes=9_000)).output_tokens_max == 100


def test_a_prompt_that_fills_the_context_still_has_a_size() -> None:
    assert size_of(model(context_tokens_max=100), ask(text_bytes=9_000)).output_tokens_max == 1


def test_the_worst_case_is_all_input_and_all_output_at_their_dearest_class() -> None:
    dear_cache = model(tiers=tiers(input=10**9, cache_write=2 * 10**9, output=10**9, reasoning=3 * 10**9))
    size = size_of(dear_cache, ask(text_bytes=1_000, output_tokens_max=10))
    assert size.worst_milli_credits == 2 * (1_000 + WRAPPED) + 3 * 10


def test_a_plans_own_credit_prices_say_what_is_dearest() -> None:
    own = plan(credit_prices={"open": prices(input=10**6, cached_input=0, output=10**6, reasoning=5 * 10**6)})
    size = size_of(model(), ask(text_bytes=1_000, output_tokens_max=10), own)
    assert size.worst_milli_credits == 1_000 + WRAPPED + 5 * 10


def test_every_answer_of_n_is_paid() -> None:
    one = size_of(ask=ask(output_tokens_max=100)).worst_milli_credits
    assert size_of(ask=ask(output_tokens_max=100, n=3)).worst_milli_credits == one + 2 * 4 * 100


def test_credits_shorten_the_answer_to_what_they_afford() -> None:
    size = size_of(ask=ask(text_bytes=1_000, output_tokens_max=100), spendable_milli=1_000 + WRAPPED + 4 * 60 + 3)
    assert (size.output_tokens_max, size.output_tokens_wanted, size.is_shortened) == (60, 100, True)
    assert size.worst_milli_credits == 1_000 + WRAPPED + 4 * 60


def test_credits_that_just_suffice_shorten_nothing() -> None:
    size = size_of(ask=ask(text_bytes=1_000, output_tokens_max=100), spendable_milli=1_000 + WRAPPED + 400)
    assert (size.output_tokens_max, size.is_shortened) == (100, False)


def test_no_answer_is_shortened_below_the_shortest_useful_one() -> None:
    assert size_of(model(output_tokens_min=16), spendable_milli=0).output_tokens_max == 16
    assert size_of(model(output_tokens_min=16), ask(output_tokens_max=1), spendable_milli=0).output_tokens_max == 1


def test_an_unpriced_model_has_a_size_and_no_cost() -> None:
    assert size_of(model(tiers=()), spendable_milli=0).worst_milli_credits == 0


def test_models_are_compared_by_the_same_work() -> None:
    brief, long = model(output_tokens_max=100), model(output_tokens_max=8_000)
    assert size_of(brief).yard_milli_credits == size_of(long).yard_milli_credits
    assert size_of(brief).yard_tokens == size_of(long).yard_tokens == 1_000 + 4_096
    assert size_of(brief, ask(n=3)).yard_tokens == 1_000 + 3 * 4_096


@given(
    spendable=st.integers(0, 20_000),
    wanted=st.integers(1, 2_000),
    n=st.integers(1, 4),
    output_price=st.integers(0, 9 * 10**9),
)
def test_a_shortened_answer_is_affordable_and_one_token_more_is_not(
    spendable: int, wanted: int, n: int, output_price: int
) -> None:
    priced = model(tiers=tiers(output=output_price, reasoning=0), output_tokens_min=1)
    size = size_of(priced, ask(output_tokens_max=wanted, n=n), spendable_milli=spendable)
    if size.worst_milli_credits > spendable:
        assert size.output_tokens_max == 1
    elif size.is_shortened:
        longer = size_of(priced, ask(output_tokens_max=size.output_tokens_max + 1, n=n))
        assert longer.worst_milli_credits > spendable


def test_a_call_is_cramped_where_the_prompt_leaves_less_than_the_answer_usually_gets() -> None:
    assert not size_of(model(context_tokens_max=200, output_tokens_max=100)).is_cramped
    assert size_of(model(context_tokens_max=199, output_tokens_max=100)).is_cramped
    assert not size_of(model(context_tokens_max=199, output_tokens_max=100), ask(output_tokens_max=99)).is_cramped
