"""Claims about keys that make keys: a child never has more than its parent."""

from dataclasses import replace
from typing import Any

import pytest

from proxy.domain.account import Key, child_exceeds, narrowed
from proxy.domain.plan import Rate
from proxy.domain.standing import Cap
from tests.builders import NOW_MS, key

PARENT = key("parent", manage_keys=True)


def child(**changes: Any) -> Key:
    return key("child", lineage=("child", "parent"), **changes)


def bounded(**changes: Any) -> Key:
    return replace(PARENT, **changes)


def test_an_unbounded_parent_makes_any_key_of_its_own_owner() -> None:
    assert child_exceeds(PARENT, child(manage_keys=True)) is None


def test_a_key_that_may_not_make_keys_makes_none() -> None:
    assert child_exceeds(key("parent"), child()) is not None


@pytest.mark.parametrize("change", [{"kind": "admin"}, {"user_id": "u2"}, {"app_id": "a1"}, {"user_id": None}])
def test_a_child_is_of_its_parents_kind_and_owner(change: dict[str, Any]) -> None:
    assert child_exceeds(PARENT, child(**change)) is not None


@pytest.mark.parametrize(("expires_at_ms", "exceeds"), [(None, True), (NOW_MS + 1, True), (NOW_MS, False), (NOW_MS - 1, False)])
def test_a_child_never_outlives_its_parent(expires_at_ms: int | None, exceeds: bool) -> None:
    found = child_exceeds(bounded(expires_at_ms=NOW_MS), child(expires_at_ms=expires_at_ms))
    assert (found is not None) is exceeds


@pytest.mark.parametrize(
    ("parent", "child_scope", "exceeds"),
    [
        (("p/a", "p/b"), ("p/a",), False),
        (("p/a",), ("p/b",), True),
        (("p/a",), None, True),
        (("p/a",), (), False),
        (("p/*",), ("p/a", "p/b*"), False),
        (("p/*",), ("q/a",), True),
        (("p/?",), ("p/*",), True),
        (("p/?",), ("p/a",), False),
        (("p/a*",), ("p/*",), True),
        (("*",), ("tag:fast", "p/*"), False),
        (("tag:fast",), ("tag:fast",), False),
        (("tag:fast",), ("p/a",), True),
        (("t*",), ("tag:dear",), True),
    ],
)
def test_a_childs_model_scope_lies_within_its_parents(
    parent: tuple[str, ...], child_scope: tuple[str, ...] | None, exceeds: bool
) -> None:
    found = child_exceeds(bounded(model_scope=parent), child(model_scope=child_scope))
    assert (found is not None) is exceeds


@pytest.mark.parametrize(
    ("cap", "exceeds"),
    [
        (Cap("key:child", "day", 100), False),
        (Cap("key:child", "day", 101), True),
        (Cap("key:child", "month", 101), False),
        (Cap("key:child", "day", 101, "nano_usd"), False),
    ],
)
def test_a_childs_cap_is_not_above_its_parents_of_the_same_window(cap: Cap, exceeds: bool) -> None:
    found = child_exceeds(bounded(caps=(Cap("key:parent", "day", 100),)), child(caps=(cap,)))
    assert (found is not None) is exceeds


def test_a_child_need_not_repeat_caps_for_they_hold_for_the_lineage() -> None:
    assert child_exceeds(bounded(caps=(Cap("key:parent", "day", 100),)), child()) is None


@pytest.mark.parametrize(
    ("rate", "exceeds"),
    [(None, True), (Rate(60, 60), False), (Rate(61, 60), True), (Rate(60, 30), True), (Rate(1, 1), False)],
)
def test_a_childs_rate_is_not_above_its_parents(rate: Rate | None, exceeds: bool) -> None:
    assert (child_exceeds(bounded(rate=Rate(60, 60)), child(rate=rate)) is not None) is exceeds


@pytest.mark.parametrize(
    ("parent", "child_scope", "left"),
    [
        (None, ("p/a",), ("p/a",)),
        (("p/a",), None, ("p/a",)),
        (None, None, None),
        (("p/*",), ("p/a", "q/b"), ("p/a",)),
        (("p/a", "q/c"), ("p/*",), ("p/a",)),
        (("p/a*", "q/b"), ("p/*", "q/b"), ("q/b", "p/a*")),
        (("tag:fast",), ("p/a",), ()),
        (("q/a",), ("p/a",), ()),
    ],
)
def test_of_two_scopes_what_both_are_sure_to_mean_is_left(
    parent: tuple[str, ...] | None, child_scope: tuple[str, ...] | None, left: tuple[str, ...] | None
) -> None:
    assert narrowed(child(model_scope=child_scope), bounded(model_scope=parent)).model_scope == left


@pytest.mark.parametrize("rate", [None, Rate(10, 60), Rate(100, 60)])
@pytest.mark.parametrize("expires_at_ms", [None, NOW_MS - 1, NOW_MS + 1])
@pytest.mark.parametrize("scope", [None, ("p/a",), ("*",), ("tag:fast", "q/?")])
def test_a_narrowed_key_has_never_more_than_its_parent_and_nothing_new(
    rate: Rate | None, expires_at_ms: int | None, scope: tuple[str, ...] | None
) -> None:
    parent = bounded(rate=Rate(60, 60), expires_at_ms=NOW_MS, model_scope=("p/*", "tag:fast"))
    had = child(rate=rate, expires_at_ms=expires_at_ms, model_scope=scope)
    left = narrowed(had, parent)
    assert child_exceeds(parent, left) is None
    assert child_exceeds(replace(had, manage_keys=True), left) is None
    assert narrowed(left, parent) == left
