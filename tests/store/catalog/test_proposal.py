"""Claims about proposals: what is new, changed and gone by a listing, and that nothing untold is made up."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from proxy.domain.listing import Listed, ListedTier
from proxy.store.catalog.build import load
from proxy.store.catalog.files import read_files
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.proposal import Proposals, diff, propose
from proxy.store.catalog.sheet import Sheet
from tests.store.catalog.folder import FILES, MODELS, folder

SMALL = Listed("small", context_tokens_max=8_000, output_tokens_max=1_000, prices={"input": "1.00", "output": "4.00"})
LARGE = Listed("large", context_tokens_max=100_000, prices={"input": "2.50", "cached_input": "1.25", "output": "10"})
NEW = Listed(
    "maker/new",
    title="New",
    kind="chat",
    context_tokens_max=128_000,
    output_tokens_max=16_384,
    modalities=("text", "image"),
    tools=True,
    json_schema=False,
    prices={"input": "0.15", "output": "0.60", "request": "0.00"},
)


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return read_files(folder(tmp_path)).sheet


def with_models(path: Path, models: str) -> Sheet:
    return read_files(folder(path, models=models)).sheet


def row(text: str) -> dict[str, Any]:
    (found,) = tomllib.loads(text)["model"]
    assert isinstance(found, dict)
    return found


def changed(sheet: Sheet, *listing: Listed) -> dict[str, dict[str, Any]]:
    return {one.model_id: row(one.after) for one in propose("p", sheet, listing).changed}


def test_a_listing_that_says_what_the_catalog_does_proposes_nothing(sheet: Sheet) -> None:
    proposals = propose("p", sheet, [SMALL, LARGE])
    assert proposals == Proposals((), (), ())
    assert not proposals.are_any


def test_a_new_model_is_a_row_with_the_known_facts_and_comments_for_the_rest(sheet: Sheet) -> None:
    (new,) = propose("p", sheet, [SMALL, LARGE, NEW]).new
    assert row(new.after) == {
        "id": "p/maker/new",
        "name": "New",
        "context_tokens_max": 128_000,
        "output_tokens_max": 16_384,
        "modalities": ["text", "image"],
        "tools": True,
        "json_schema": False,
        "prices": {"input": "0.15", "output": "0.60"},
    }
    assert "# family =" in new.after
    assert diff(new).startswith("--- /dev/null\n+++ proposed: p/maker/new\n@@ -0,0 +1,")


def test_a_completed_proposal_is_a_row_of_the_catalog(tmp_path: Path, sheet: Sheet) -> None:
    (new,) = propose("p", sheet, [SMALL, LARGE, NEW]).new
    completed = new.after.replace("# family =  # not listed: write it", 'family = "open"')
    catalog = load(folder(tmp_path / "taken", models=MODELS + completed))
    assert catalog.models["p/maker/new"].tiers[0].prices.input == 150_000_000


def test_a_proposal_that_nobody_completed_is_refused_by_name(tmp_path: Path, sheet: Sheet) -> None:
    (new,) = propose("p", sheet, [SMALL, LARGE, Listed("bare")]).new
    with pytest.raises(CatalogMistakes) as caught:
        load(folder(tmp_path / "taken", models=MODELS + new.after))
    missing = {mistake.key for mistake in caught.value.mistakes}
    assert missing == {f"model[p/bare].{key}" for key in ("family", "context_tokens_max")}


def test_a_model_without_listed_prices_is_proposed_inactive(sheet: Sheet) -> None:
    (new,) = propose("p", sheet, [SMALL, LARGE, Listed("bare")]).new
    assert row(new.after) == {"id": "p/bare", "active": False}
    assert "# prices =" in new.after
    assert "modalities, tools, json_schema" in new.after


def test_a_model_listed_for_nothing_is_proposed_unpriced_and_says_so(sheet: Sheet) -> None:
    (new,) = propose("p", sheet, [SMALL, LARGE, Listed("gift", kind="chat", prices={"input": "0.00", "output": "0.00"})]).new
    assert "prices" not in row(new.after)
    assert row(new.after)["active"] is False
    assert "free = true" in new.after


def test_a_changed_price_is_one_changed_line(sheet: Sheet) -> None:
    dearer = Listed("large", prices={"input": "3.00", "cached_input": "1.25", "output": "10.00"})
    (proposal,) = propose("p", sheet, [SMALL, dearer]).changed
    lines = [line for line in diff(proposal).splitlines() if line[:1] in "+-"]
    assert lines == [
        "--- models.toml: p/large",
        "+++ proposed: p/large",
        '-prices = { input = "2.50", cached_input = "1.25", output = "10.00" }',
        '+prices = { input = "3.00", cached_input = "1.25", output = "10.00" }',
    ]


def test_changed_limits_are_proposed(sheet: Sheet) -> None:
    found = changed(sheet, SMALL, Listed("large", context_tokens_max=200_000, output_tokens_max=16_000))
    assert (found["p/large"]["context_tokens_max"], found["p/large"]["output_tokens_max"]) == (200_000, 16_000)


@pytest.mark.parametrize(
    ("told", "prices"),
    [
        # Left out, it costs what input does; cheaper than that has to be written.
        ({"input": "1", "output": "4", "cached_input": "0.1"}, {"input": "1", "output": "4", "cached_input": "0.1"}),
        ({"input": "1", "output": "4", "cached_input": "1.0"}, None),
        ({"input": "1", "output": "4", "reasoning": "8"}, {"input": "1", "output": "4", "reasoning": "8"}),
        ({"input": "1", "output": "4", "image": "0.00", "request": "0.00"}, None),
        ({"input": "1", "output": "4", "image": "0.002"}, {"input": "1", "output": "4", "image": "0.002"}),
        # Cheaper input must not make cached input cheaper than it is listed.
        ({"input": "0.5", "output": "4", "cached_input": "1"}, {"input": "0.5", "output": "4", "cached_input": "1"}),
    ],
)
def test_a_class_left_out_is_compared_by_what_it_costs(
    sheet: Sheet, told: dict[str, str], prices: dict[str, str] | None
) -> None:
    found = changed(sheet, LARGE, Listed("small", prices=told))
    assert found.get("p/small", {}).get("prices") == prices


def test_a_price_by_piece_that_is_no_longer_listed_goes(tmp_path: Path) -> None:
    sheet = with_models(tmp_path, MODELS.replace('output = "4" }', 'output = "4", request = "0.01" }'))
    told = {"input": "1", "output": "4", "request": "0.00"}
    assert changed(sheet, LARGE, Listed("small", prices=told))["p/small"]["prices"] == {"input": "1", "output": "4"}


def test_a_price_of_nothing_is_never_written_over_a_real_one(sheet: Sheet) -> None:
    (proposal,) = propose("p", sheet, [LARGE, Listed("small", prices={"input": "0.00", "output": "0.00"})]).changed
    assert row(proposal.after)["prices"] == {"input": "1", "output": "4"}
    assert "free = true" in proposal.after


def test_new_tiers_are_proposed_and_equal_ones_are_not(tmp_path: Path) -> None:
    tiered = Listed("small", prices={"input": "1", "output": "4"}, tiers=(ListedTier(2_000, {"input": "2", "output": "8"}),))
    plain = with_models(tmp_path / "plain", MODELS)
    assert changed(plain, LARGE, tiered)["p/small"]["tiers"] == [{"input_tokens_min": 2_000, "input": "2", "output": "8"}]
    table = 'tags = ["cheap"]\n[[model.tiers]]\ninput_tokens_min = 2_000\ninput = "2.0"\noutput = "8.0"\n'
    same = with_models(tmp_path / "same", MODELS.replace('tags = ["cheap"]\n', table))
    assert changed(same, LARGE, tiered) == {}


def test_what_is_not_listed_is_gone_and_an_alias_is_not(tmp_path: Path, sheet: Sheet) -> None:
    assert propose("p", sheet, [SMALL]).gone == ("p/large",)
    assert propose("p", sheet, [SMALL, Listed("large-20260101", aliases=("large",))]) == Proposals((), (), ())


def test_a_model_is_known_by_its_name_at_the_provider(tmp_path: Path) -> None:
    sheet = with_models(tmp_path, MODELS.replace('id = "p/large"', 'id = "p/own-name"\nupstream_name = "large"'))
    assert propose("p", sheet, [SMALL, LARGE]) == Proposals((), (), ())


def test_only_narrows_by_our_id_or_by_the_providers_name(sheet: Sheet) -> None:
    dearer = Listed("small", prices={"input": "9", "output": "9"})
    for only in ("p/maker/*", "maker/*"):
        proposals = propose("p", sheet, [dearer, NEW], only)
        assert ([one.model_id for one in proposals.rows], proposals.gone) == (["p/maker/new"], ())


def test_models_of_other_providers_are_left_alone(tmp_path: Path) -> None:
    other = FILES["providers"] + FILES["providers"].replace('id = "p"', 'id = "q"')
    sheet = read_files(folder(tmp_path, providers=other)).sheet
    proposals = propose("q", sheet, [SMALL])
    assert ([one.model_id for one in proposals.new], proposals.gone) == (["q/small"], ())


def test_an_id_that_is_taken_is_said(tmp_path: Path) -> None:
    sheet = with_models(tmp_path, MODELS.replace('id = "p/large"', 'id = "p/large"\nupstream_name = "elsewhere"'))
    (new,) = propose("p", sheet, [SMALL, Listed("elsewhere"), LARGE]).new
    assert "taken" in new.after
