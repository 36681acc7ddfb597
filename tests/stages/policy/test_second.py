"""What a second net's word does to a decision, and what learned quality does: both are named in it."""

from dataclasses import replace

import pytest

from proxy.domain.learned import Learned
from proxy.domain.policy import SecondNet
from proxy.domain.verdict import SecondWord
from proxy.stages.policy import decide
from tests import builders as b

NET = SecondNet("p/guard", waits=True, limit_ms=100, flagged="block", cleared="allow")


@pytest.mark.parametrize(
    ("second", "action"),
    [
        (None, "route"),
        (SecondWord("p/guard", "flagged"), "block"),
        (SecondWord("p/guard", "cleared"), "allow"),
        (SecondWord("p/guard", "failed"), "route"),
        (SecondWord("p/guard", "flagged", in_time=False), "route"),
    ],
)
def test_a_second_net_that_spoke_in_time_takes_the_place_of_the_action(second: SecondWord | None, action: str) -> None:
    table = b.policy_table(actions={"sensitive": "route"}, second_net=NET)
    shop = b.catalog(b.model("p/m", risks=("safe", "sensitive")), policy=table)
    found = b.verdict(risk="sensitive", second=second)
    made = decide(b.ask("p/m"), found, b.advice(), b.standing(), shop, b.health())
    assert made.action == action
    assert made.second == (second if second is not None and second.in_time else None)


def test_its_word_says_nothing_where_the_operator_has_no_net() -> None:
    shop = b.catalog(b.model("p/m"), policy=b.policy_table(actions={"sensitive": "flag"}))
    found = b.verdict(risk="sensitive", second=SecondWord("p/guard", "flagged"))
    assert decide(b.ask("p/m"), found, b.advice(), b.standing(), shop, b.health()).action == "flag"


def test_a_decision_names_the_table_of_learned_quality_that_it_could_read() -> None:
    models = b.model("p/a", quality={"general": 0.9}), b.model("p/b", quality={"general": 0.1})
    shop = b.catalog(*models, b.assistant("general", "p/a", "p/b", ordered=False))
    plain, taught = (
        decide(b.ask(), b.verdict(), b.advice("general"), b.standing(), rows, b.health())
        for rows in (shop, replace(shop, learned=Learned("lesson-1", {"general": {"p/b": 1.0, "p/a": 0.0}})))
    )
    assert (plain.chain[0].model_id, plain.learned_revision) == ("p/a", None)
    assert (taught.chain[0].model_id, taught.learned_revision) == ("p/b", "lesson-1")
