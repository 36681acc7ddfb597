"""Who is asked: what each kind of name stands for, whose order counts, and how many are looked at."""

from proxy.domain.assistant import Preference
from proxy.stages.policy.shortlist import CANDIDATES_MAX, Entry, shortlist
from tests.builders import advice, alias, assistant, catalog, model

CATALOG = catalog(
    model("p/a"),
    model("p/b"),
    model("q/a"),
    alias("a", "p/a", "q/a"),
    assistant("coder", "p/b", "p/a", family="code"),
    assistant("writer", ordered=False, preferences=(Preference("p/a", 0.5), Preference("p/b", 2.0)), family="text"),
    assistant("retired", "p/a", enabled=False),
)


def names(*asked: str, assistant_id: str | None = None) -> tuple[str, ...]:
    return tuple(entry.name for entry in shortlist(asked, advice(assistant_id), "general", CATALOG).entries)


def test_a_model_stands_for_itself() -> None:
    listed = shortlist(("p/a",), advice(), "general", CATALOG)
    assert (listed.entries, listed.order, listed.by_us) == ((Entry("p/a"),), "named", False)


def test_an_alias_stands_for_its_models_in_its_order() -> None:
    listed = shortlist(("a",), advice(), "general", CATALOG)
    assert (names("a"), listed.order, listed.by_us) == (("p/a", "q/a"), "ordered", False)


def test_a_chain_may_name_models_and_aliases_and_tries_each_model_once() -> None:
    assert names("p/b", "a", "p/a") == ("p/b", "p/a", "q/a")
    assert shortlist(("p/b", "a"), advice(), "general", CATALOG).order == "named"


def test_a_chain_does_not_reach_into_assistants() -> None:
    assert names("p/b", "coder", "auto") == ("p/b", "coder", "auto")


def test_an_ordered_assistant_keeps_its_order_and_brings_its_family() -> None:
    listed = shortlist(("coder",), advice("coder"), "general", CATALOG)
    assert (names("coder"), listed.order, listed.by_us, listed.family) == (("p/b", "p/a"), "ordered", True, "code")


def test_a_weighted_assistant_is_ranked_with_its_weights() -> None:
    listed = shortlist(("writer",), advice("writer"), "general", CATALOG)
    assert (listed.order, listed.entries) == ("score", (Entry("p/a", 0.5), Entry("p/b", 2.0)))


def test_auto_ranks_the_models_of_the_advised_assistant_by_the_task_that_was_found() -> None:
    listed = shortlist(("auto",), advice("coder"), "maths", CATALOG)
    assert (names("auto", assistant_id="coder"), listed.order, listed.family) == (("p/b", "p/a"), "score", "maths")


def test_a_name_that_nothing_stands_behind_stays_in_the_list() -> None:
    assert [names("nobody"), names("auto"), names("retired", assistant_id="retired")] == [
        ("nobody",),
        ("auto",),
        ("retired",),
    ]


def test_no_more_candidates_are_looked_at_than_the_bound() -> None:
    assert names(*(f"p/{n}" for n in range(40))) == tuple(f"p/{n}" for n in range(CANDIDATES_MAX))
