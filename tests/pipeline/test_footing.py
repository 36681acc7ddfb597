"""The limits of a caller are those of this moment, however often they are asked for."""

import pytest

from proxy.domain.standing import Cap
from proxy.domain.value import replace
from proxy.pipeline import footing
from proxy.pipeline.footing import Footing
from proxy.stages import hold
from tests.builders import app, caller, plan

CAPS = (Cap("user:u1", "day", 5),)


def test_the_same_caller_under_the_same_plan_has_the_very_same_terms() -> None:
    known, who, basic = Footing(), caller(), plan()
    assert known.terms(who, basic) is known.terms(replace(who), basic)
    assert known.terms(who, basic) == hold.terms(who, basic)


def test_whatever_changes_of_them_changes_the_terms() -> None:
    known, who, basic = Footing(), caller(), plan()
    known.terms(who, basic)
    others = [
        (who, replace(basic, concurrency_max=basic.concurrency_max + 1)),
        (replace(who, user=replace(who.user, anchor_day=17)), basic),
        (replace(who, key=replace(who.key, caps=CAPS)), basic),
        (replace(who, app=app(caps=CAPS)), basic),
    ]
    for other, under in others:
        assert known.terms(other, under) == hold.terms(other, under) != hold.terms(who, basic)
    assert known.terms(who, basic) == hold.terms(who, basic)


def test_ceilings_stand_over_the_very_same_terms_until_they_or_the_terms_change() -> None:
    known, who = Footing(), caller(app=app())
    own, ceilings = known.terms(who, plan()), (Cap("installation", "day", 9), Cap("provider:q", "day", 7))
    found = known.under_ceilings(own, who, ceilings, "p")
    assert known.under_ceilings(own, who, ceilings, "p") is found == hold.under_ceilings(own, ceilings, "p", who.app)
    changes = [
        (replace(own, caps=CAPS), who, ceilings, "p"),
        (own, replace(who, app=app("a2")), (*ceilings, Cap("app:a2", "day", 3)), "p"),
        (own, who, (Cap("installation", "day", 8),), "p"),
        (own, who, ceilings, "q"),
    ]
    for terms, its_caller, over, provider_id in changes:
        now = known.under_ceilings(terms, its_caller, over, provider_id)
        assert now == hold.under_ceilings(terms, over, provider_id, its_caller.app) != found


def test_no_more_than_a_bounded_number_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footing, "KEPT_MAX", 1)
    known, first, second = Footing(), caller(), caller()
    first, second = (replace(c, user=replace(c.user, id=id)) for c, id in ((first, "u1"), (second, "u2")))
    before = known.terms(first, plan())
    known.terms(second, plan())
    assert known.terms(first, plan()) is not before
