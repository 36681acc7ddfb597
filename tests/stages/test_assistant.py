"""Which assistant handles a call: asked by name, recommended, default, or none."""

import pytest

from proxy.domain.verdict import Advice
from proxy.stages.assistant import advise
from tests.builders import alias, assistant, catalog, model, policy_table, verdict

CATALOG = catalog(model("p/a"), alias("gpt", "p/a"), assistant("coder", "p/a"), assistant("retired", "p/a", enabled=False))


def test_an_assistant_asked_by_name_handles_the_call() -> None:
    assert advise(("coder",), verdict(recommended_assistant="general"), CATALOG) == Advice("coder", "asked")


def test_auto_takes_the_recommended_assistant() -> None:
    assert advise(("auto",), verdict(recommended_assistant="coder"), CATALOG) == Advice("coder", "recommended")


@pytest.mark.parametrize("recommended", [None, "retired", "nobody"])
def test_auto_falls_back_to_the_default_assistant(recommended: str | None) -> None:
    assert advise(("auto",), verdict(recommended_assistant=recommended), CATALOG) == Advice("general", "default")


def test_auto_without_any_usable_assistant_has_none() -> None:
    bare = catalog(model(), policy=policy_table(default_assistant="nobody"))
    assert advise(("auto",), verdict(), bare) == Advice(None, "none")


@pytest.mark.parametrize("asked", [("p/a",), ("gpt",), ("nobody",), ("coder", "p/a"), ("auto", "p/a")])
def test_models_aliases_and_chains_have_no_assistant(asked: tuple[str, ...]) -> None:
    assert advise(asked, verdict(recommended_assistant="coder"), CATALOG) == Advice(None, "none")


def test_a_conversation_goes_on_with_its_assistant() -> None:
    assert advise(("auto",), verdict(recommended_assistant="general"), CATALOG, "basic", "coder") == Advice(
        "coder", "continued"
    )


def test_a_conversation_does_not_keep_an_assistant_that_was_retired_nor_one_that_another_was_named_for() -> None:
    assert advise(("auto",), verdict(recommended_assistant="coder"), CATALOG, "basic", "retired") == Advice(
        "coder", "recommended"
    )
    assert advise(("p/a",), verdict(), CATALOG, "basic", "coder") == Advice(None, "none")


STAGED = catalog(model("p/a"), assistant("general", "p/a"), assistant("coder", "p/a", plans=("staff",)), policy=policy_table())


def test_an_assistant_is_recommended_and_kept_only_on_plans_that_see_it() -> None:
    found = verdict(recommended_assistant="coder")
    assert advise(("auto",), found, STAGED, "staff") == Advice("coder", "recommended")
    assert advise(("auto",), found, STAGED, "basic") == Advice("general", "default")
    assert advise(("auto",), found, STAGED, "basic", "coder") == Advice("general", "default")


def test_to_other_plans_it_is_no_assistant_at_all() -> None:
    assert advise(("coder",), verdict(), STAGED, "staff") == Advice("coder", "asked")
    assert advise(("coder",), verdict(), STAGED, "basic") == advise(("nobody",), verdict(), STAGED, "basic")
