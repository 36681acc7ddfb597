"""Claims about the admin's layer as pure values: what wins, what stands orphaned, what nobody may set."""

from typing import Any

import pytest

from proxy.domain.desk import CatalogKind, CatalogPatch
from proxy.store.catalog.layers import WHOLE, created, deleted, etag_of, file_value, merge, objects, patched, states
from proxy.store.catalog.sheet import KINDS, Json, Sheet

MODEL: Json = {
    "id": "p/m",
    "family": "open",
    "context_tokens_max": 8_000,
    "output_tokens_max": 1_000,
    "prices": {"input": "1", "output": "4"},
}
PROVIDER: Json = {"id": "p", "name": "P", "base_url": "https://p.example/v1"}


def sheet(model: Json | None = MODEL) -> Sheet:
    rows: dict[CatalogKind, dict[str, Json]] = {kind: {} for kind in KINDS}
    rows["provider"]["p"] = PROVIDER
    if model is not None:
        rows["model"]["p/m"] = model
    return Sheet(rows, {})


def patch(name: str, value: Any, base: Any = None, kind: CatalogKind = "model", id: str = "p/m") -> CatalogPatch:
    return CatalogPatch(kind, id, name, base, value, "key:admin", "a test", 1)


def test_a_patch_wins_over_the_file_in_its_field_alone() -> None:
    row = merge(sheet(), [patch("active", False, True)]).row("model", "p/m")
    assert row == MODEL | {"active": False}


def test_a_tombstone_takes_the_row_and_outlives_its_field_patches() -> None:
    assert merge(sheet(), [patch("active", False), patch(WHOLE, None)]).row("model", "p/m") is None


def test_an_admin_made_row_stands_beside_the_files() -> None:
    new = MODEL | {"id": "p/new"}
    assert merge(sheet(), [patch(WHOLE, new, id="p/new")]).row("model", "p/new") == new


def test_a_patch_over_the_value_it_saw_is_plain() -> None:
    (state,) = states(sheet(), [patch("active", False, True)])
    assert (state.state, state.file_value) == ("plain", True)


def test_a_patch_over_a_value_the_operator_has_changed_since_shadows_it() -> None:
    (state,) = states(sheet(MODEL | {"output_tokens_max": 2_000}), [patch("output_tokens_max", 500, 1_000)])
    assert (state.state, state.file_value) == ("shadowed", 2_000)


def test_a_patch_of_a_row_that_left_the_files_is_orphaned_and_says_nothing() -> None:
    orphan = patch("active", False, True)
    assert [state.state for state in states(sheet(None), [orphan])] == ["orphaned"]
    assert merge(sheet(None), [orphan]).row("model", "p/m") is None


def test_a_row_made_by_an_admin_that_the_files_later_hold_too_shadows_theirs() -> None:
    assert [state.state for state in states(sheet(), [patch(WHOLE, MODEL | {"name": "Mine"})])] == ["shadowed"]


def test_setting_the_files_own_value_takes_the_patch_away() -> None:
    patches = [patch("active", False, True)]
    assert patched(sheet(), patches, [patch("active", True, True)]) == []


def test_making_a_deleted_row_again_as_it_was_takes_the_tombstone_away() -> None:
    assert created(sheet(), [patch(WHOLE, None)], patch(WHOLE, dict(MODEL))) == []


def test_a_patch_of_a_row_that_an_admin_made_changes_that_row() -> None:
    own = patch(WHOLE, MODEL | {"id": "p/new"}, id="p/new")
    (after,) = patched(sheet(), [own], [patch("active", False, id="p/new")])
    assert after.name == WHOLE
    assert after.value == own.value | {"active": False}


def test_deleting_what_an_admin_made_leaves_nothing() -> None:
    own = patch(WHOLE, MODEL | {"id": "p/new"}, id="p/new")
    assert deleted(sheet(), [own], patch(WHOLE, None, id="p/new")) == []


def test_orphans_of_other_rows_are_left_for_the_diff_to_show() -> None:
    orphan = patch(WHOLE, None, id="p/gone")
    assert orphan in patched(sheet(), [orphan], [patch("active", False, True)])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (patch("base_url", "https://evil.example", kind="provider", id="p"), "status"),
        (patch("key_variable", "OTHER", kind="provider", id="p"), "status"),
        (patch("headers", {}, kind="provider", id="p"), "status"),
        (patch("free", True), "operator's files"),
        (patch("id", "p/other"), "operator's files"),
        (patch("colour", "red"), "no field"),
        (patch(WHOLE, {}), "no field"),
    ],
)
def test_what_only_the_operators_files_may_say_is_refused_in_words(change: CatalogPatch, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        patched(sheet(), [], [change])


@pytest.mark.parametrize("field", [("status", "disabled"), ("concurrency_max", 3)])
def test_a_provider_can_be_disabled_and_limited(field: tuple[str, Any]) -> None:
    (kept,) = patched(sheet(), [], [patch(*field, kind="provider", id="p")])
    assert (kept.name, kept.value) == field


@pytest.mark.parametrize("kind", ["provider", "policy"])
def test_providers_and_the_policy_are_neither_made_nor_deleted_here(kind: CatalogKind) -> None:
    with pytest.raises(ValueError, match="operator's files"):
        created(sheet(), [], patch(WHOLE, PROVIDER | {"id": "q"}, kind=kind, id="q"))
    with pytest.raises(ValueError, match="operator's files"):
        deleted(sheet(), [], patch(WHOLE, None, kind=kind, id="p"))


def test_an_admin_cannot_make_a_free_row() -> None:
    with pytest.raises(ValueError, match="operator's files"):
        created(sheet(), [], patch(WHOLE, MODEL | {"id": "p/new", "free": True}, id="p/new"))


def test_one_etag_per_object_changes_exactly_with_its_merged_value() -> None:
    (plain,) = objects(sheet(), [], "model")
    (other,) = objects(sheet(), [patch("active", False, True)], "model")
    (again,) = objects(sheet(MODEL | {"active": False}), [], "model")
    assert plain.etag != other.etag
    assert other.etag == again.etag == etag_of(other.value)


def test_an_object_shows_the_files_value_with_its_defaults_beside_the_merged_one() -> None:
    (shown,) = objects(sheet(), [patch("active", False, True)], "model")
    assert shown.file_value is not None
    assert (shown.value["active"], shown.file_value["active"]) == (False, True)
    assert file_value(sheet(), "model", "p/m", "output_tokens_min") == 16
