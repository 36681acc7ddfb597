"""The contract of ports.CatalogSource and ports.CatalogDesk, the same for every database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from proxy.domain.catalog import Catalog
from proxy.domain.desk import Change, RowChange
from proxy.domain.ledger import RecordCall
from proxy.domain.plan import NextPlan
from proxy.ports import CatalogDesk, VersionConflict
from proxy.store.catalog.mistakes import CatalogMistakes
from proxy.store.catalog.source import SqlCatalog
from proxy.store.catalog.withheld import withheld
from tests.builders import NOW_MS, app, call, entitlement
from tests.contracts.desk_house import DESK_HOUSES, DeskDoor, DeskHouse
from tests.store.catalog.folder import MODELS, PLANS, folder, model_row

WHY = Change("key:admin", "because")
NEW_MODEL = {
    "family": "open",
    "context_tokens_max": 4_000,
    "output_tokens_max": 1_000,
    "prices": {"input": "1", "output": "2"},
}


@dataclass(frozen=True, slots=True)
class Office:
    """One process with its catalog and its desk."""

    door: DeskDoor
    source: SqlCatalog
    desk: CatalogDesk

    async def etag(self, kind: str, object_id: str) -> str:
        found = await self.desk.object(kind, object_id)  # type: ignore[arg-type]
        assert found is not None
        return found.etag

    async def set_model(self, object_id: str, **fields: object) -> None:
        await self.desk.patch("model", object_id, fields, await self.etag("model", object_id), WHY)


@pytest.fixture(params=sorted(DESK_HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DeskHouse]:
    async with DESK_HOUSES[request.param](tmp_path) as opened:
        yield opened


async def office_of(house: DeskHouse) -> Office:
    door = await house.door()
    source = await door.catalog(house.config_dir)
    return Office(door, source, door.desk(source))


async def audited(office: Office) -> list[tuple[object, ...]]:
    return await office.door.look("SELECT actor, action, subject, reason FROM audit ORDER BY id")


@pytest.fixture
async def office(house: DeskHouse) -> Office:
    return await office_of(house)


# --- the snapshot -----------------------------------------------------------------------------------------------------


async def test_a_bad_folder_does_not_open(house: DeskHouse) -> None:
    folder(house.config_dir, models=MODELS.replace('"4"', "4.0"))
    with pytest.raises(CatalogMistakes, match="quotes"):
        await office_of(house)


async def test_a_reload_swaps_the_snapshot_and_leaves_the_old_one_whole(house: DeskHouse, office: Office) -> None:
    pinned = office.source.current()
    folder(house.config_dir, models=MODELS + model_row("p/new"))
    assert await office.source.reload() is None
    assert "p/new" in office.source.current().models
    assert "p/new" not in pinned.models


async def test_a_bad_reload_keeps_the_old_snapshot_and_says_why(house: DeskHouse, office: Office) -> None:
    pinned = office.source.current()
    folder(house.config_dir, models=MODELS.replace('"4"', "4.0"))
    reason = await office.source.reload()
    assert reason is not None
    assert "models.toml: model[p/small].prices.output" in reason
    assert office.source.current() is pinned


async def test_every_revision_that_was_in_force_can_be_had_again(house: DeskHouse, office: Office) -> None:
    first = office.source.current()
    folder(house.config_dir, models=MODELS.replace('"4"', '"5"'))
    await office.source.reload()
    second = office.source.current()
    await office.set_model("p/small", active=False)
    later = await office_of(house)
    assert await later.source.at(first.revision) == _decided_by(first)
    assert await later.source.at(second.revision) == _decided_by(second)
    assert await later.source.at("no such") is None


def _decided_by(catalog: Catalog) -> Catalog:
    """What a snapshot keeps of a catalog: all that decides, and no address of a provider."""
    provider = catalog.providers["p"]
    address = withheld({"base_url": provider.base_url})["base_url"]
    return replace(catalog, providers={"p": replace(provider, base_url=address)})


async def test_a_stand_in_for_a_provider_stands_in_replays_too(house: DeskHouse) -> None:
    door = await house.door()
    source = await door.catalog(house.config_dir, {"p": "http://127.0.0.1:1/v1"})
    revision = source.current().revision
    await door.desk(source).create("model", "p/new", NEW_MODEL, WHY)
    again = await source.at(revision)
    assert again is not None
    assert again.providers["p"].base_url == "http://127.0.0.1:1/v1"


# --- trials -----------------------------------------------------------------------------------------------------------

DEARER = RowChange("model", "p/small", {"prices": {"input": "2", "output": "8"}})


async def test_a_trial_is_built_over_what_is_in_force_and_leaves_no_trace(office: Office) -> None:
    await office.set_model("p/small", name="Patched")
    before = (office.source.current(), await office.desk.patches(), await office.door.register.audit(None, 9))
    tried = await office.desk.trial([DEARER])
    assert tried is not None
    assert (tried.models["p/small"].name, tried.models["p/small"].tiers[0].prices.input) == ("Patched", 2 * 10**9)
    assert tried.revision != office.source.current().revision
    assert (office.source.current(), await office.desk.patches(), await office.door.register.audit(None, 9)) == before
    assert await office.source.at(tried.revision) is None


async def test_a_trial_without_changes_is_what_is_in_force(office: Office) -> None:
    await office.set_model("p/small", active=False)
    assert await office.desk.trial([]) == office.source.current()
    assert await office.desk.trial([], office.source.current().revision) == _decided_by(office.source.current())


async def test_a_trial_over_an_old_revision_has_nothing_that_came_later(house: DeskHouse, office: Office) -> None:
    old = office.source.current().revision
    folder(house.config_dir, models=MODELS + model_row("p/new"))
    await office.source.reload()
    tried = await office.desk.trial([DEARER, RowChange("model", "p/new", {"active": False})], old)
    assert tried is not None
    assert set(tried.models) == {"p/small", "p/large"}
    assert tried.models["p/small"].tiers[0].prices.input == 2 * 10**9
    assert await office.desk.trial([DEARER], "no such") is None


async def test_a_row_that_goes_is_gone_in_a_trial_and_what_names_it_speaks(office: Office) -> None:
    revision = office.source.current().revision
    for over in (None, revision):
        tried = await office.desk.trial([RowChange("alias", "gpt", {}, goes=True)], over)
        assert tried is not None
        assert "gpt" not in tried.aliases
    assert "gpt" in office.source.current().aliases
    needed = RowChange("model", "p/small", {}, goes=True)
    with pytest.raises(ValueError, match="p/small"):
        await office.desk.trial([needed])
    assert await office.desk.trial([needed], revision) is None


async def test_a_trial_expands_an_allow_list(office: Office) -> None:
    tried = await office.desk.trial([RowChange("plan", "basic", {"models": ["p/*"]})], office.source.current().revision)
    assert tried is not None
    assert tried.plans["basic"].models == ("p/small", "p/large")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (RowChange("model", "p/none", {"active": False}), "no model"),
        (RowChange("model", "p/small", {"colour": "red"}), "no field"),
        (RowChange("model", "p/small", {"free": True}), "operator's files"),
        (RowChange("provider", "p", {"base_url": "http://elsewhere"}), "Of a provider only"),
        (RowChange("plan", "basic", {"models": ["p/none"]}), "p/none"),
    ],
)
async def test_a_trial_that_could_not_be_written_cannot_be_tried(office: Office, change: RowChange, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        await office.desk.trial([change])


# --- an admin's changes -----------------------------------------------------------------------------------------------


async def test_a_patch_wins_over_the_file_at_once_and_survives_a_reload(house: DeskHouse, office: Office) -> None:
    await office.set_model("p/small", active=False, prices={"input": "9", "output": "9"})
    model = office.source.current().models["p/small"]
    assert (model.active, model.tiers[0].prices.input) == (False, 9 * 10**9)
    assert await office.source.reload() is None
    assert office.source.current().models["p/small"] == model
    assert (await office_of(house)).source.current().models["p/small"] == model


async def test_another_process_sees_a_patch_at_its_next_look(house: DeskHouse, office: Office) -> None:
    other = await office_of(house)
    await office.set_model("p/small", active=False)
    assert other.source.current().models["p/small"].active
    assert await other.source.refresh() is None
    assert not other.source.current().models["p/small"].active


async def test_files_that_an_admin_has_read_again_are_read_by_other_processes_at_their_next_look(
    house: DeskHouse, office: Office
) -> None:
    other = await office_of(house)
    folder(house.config_dir, models=MODELS + model_row("p/new"))
    assert await other.source.refresh() is None
    assert "p/new" not in other.source.current().models
    assert await office.desk.reload(WHY) is None
    assert await other.source.refresh() is None
    assert "p/new" in other.source.current().models
    assert await audited(office) == [("key:admin", "catalog.reload", "catalog:files", "because")]


async def test_files_with_a_mistake_leave_every_process_with_what_it_had(house: DeskHouse, office: Office) -> None:
    other = await office_of(house)
    folder(house.config_dir, models=MODELS.replace('"4"', "4.0"))
    assert "quotes" in (await office.desk.reload(WHY) or "")
    assert await other.source.refresh() is None
    assert await audited(office) == []


async def test_a_look_that_finds_nothing_new_changes_nothing(house: DeskHouse, office: Office) -> None:
    pinned = office.source.current()
    await office.door.directory.put_app(app("a1"), None, WHY)
    assert await office.source.refresh() is None
    assert office.source.current() is pinned


async def test_a_look_that_finds_what_does_not_fit_its_files_says_so_until_it_does(house: DeskHouse, office: Office) -> None:
    await office.desk.create("model", "p/new", NEW_MODEL, WHY)
    other = await office_of(house)
    await office.desk.create("alias", "mine", {"models": ["p/new"]}, WHY)
    folder(house.config_dir, aliases='[[alias]]\nid = "gpt"\nmodels = ["p/new"]\n')
    assert await other.source.reload() is None
    await office.desk.delete("alias", "mine", await office.etag("alias", "mine"), WHY)
    await office.desk.delete("model", "p/new", await office.etag("model", "p/new"), WHY)
    pinned = other.source.current()
    first = await other.source.refresh()
    assert first is not None
    assert "p/new" in first
    assert await other.source.refresh() == first
    assert other.source.current() is pinned


async def test_an_old_etag_is_refused_and_changes_nothing(office: Office) -> None:
    etag = await office.etag("model", "p/small")
    await office.set_model("p/small", active=False)
    with pytest.raises(VersionConflict):
        await office.desk.patch("model", "p/small", {"active": True}, etag, WHY)
    with pytest.raises(VersionConflict):
        await office.desk.delete("model", "p/small", etag, WHY)
    assert not office.source.current().models["p/small"].active


async def test_a_change_that_breaks_the_catalog_is_refused_in_words_and_changes_nothing(office: Office) -> None:
    pinned = office.source.current()
    etag = await office.etag("model", "p/large")
    with pytest.raises(ValueError, match="free = true"):
        await office.desk.patch("model", "p/large", {"prices": {"input": "0", "output": "1"}}, etag, WHY)
    with pytest.raises(ValueError, match="'p/large' names no model"):
        await office.desk.delete("model", "p/large", etag, WHY)
    with pytest.raises(ValueError, match="no provider 'q'"):
        await office.desk.create("model", "q/new", NEW_MODEL, WHY)
    with pytest.raises(ValueError, match="must be a whole number"):
        await office.desk.patch("model", "p/large", {"output_tokens_max": "many"}, etag, WHY)
    assert office.source.current() is pinned
    assert await office.desk.patches() == []
    assert await office.door.register.audit(None, 10) == []


async def test_a_provider_is_disabled_but_never_redirected(office: Office) -> None:
    etag = await office.etag("provider", "p")
    with pytest.raises(ValueError, match="Of a provider only"):
        await office.desk.patch("provider", "p", {"base_url": "https://evil.example"}, etag, WHY)
    with pytest.raises(ValueError, match="operator's files"):
        await office.desk.create("provider", "q", {"name": "Q", "base_url": "https://q.example"}, WHY)
    shown = await office.desk.patch("provider", "p", {"status": "disabled"}, etag, WHY)
    assert shown.value["status"] == "disabled"
    assert office.source.current().providers["p"].status == "disabled"


async def test_a_row_is_made_changed_and_deleted(office: Office) -> None:
    made = await office.desk.create("model", "p/new", NEW_MODEL, WHY)
    assert made.file_value is None
    with pytest.raises(VersionConflict):
        await office.desk.create("model", "p/new", NEW_MODEL, WHY)
    await office.set_model("p/new", active=False)
    assert not office.source.current().models["p/new"].active
    await office.desk.delete("model", "p/new", await office.etag("model", "p/new"), WHY)
    assert await office.desk.object("model", "p/new") is None
    assert await office.desk.patches() == []


async def test_a_deleted_row_of_the_files_stays_deleted_until_it_is_made_again(house: DeskHouse, office: Office) -> None:
    await office.desk.delete("alias", "gpt", await office.etag("alias", "gpt"), WHY)
    assert "gpt" not in (await office_of(house)).source.current().aliases
    await office.desk.create("alias", "gpt", {"models": ["p/small"]}, WHY)
    assert office.source.current().aliases["gpt"].models == ("p/small",)


async def test_a_plan_that_somebody_holds_is_not_deleted(office: Office) -> None:
    await office.desk.create("plan", "gold", {"name": "Gold", "models": ["p/*"]}, WHY)
    directory, gone = office.door.directory, RowChange("plan", "gold", {}, goes=True)
    assert await office.desk.trial([gone]) is not None
    await directory.put_entitlement(entitlement("u1", plan_id="gold"), None, WHY)
    await directory.put_entitlement(entitlement("u2", plan_id="basic", next=NextPlan("gold", NOW_MS)), None, WHY)
    await directory.put_app(app("a1", default_plan_id="gold", plans=("basic",)), None, WHY)
    await directory.put_app(app("a2", default_plan_id="basic", plans=("basic", "gold")), None, WHY)
    beginning, may_give = "apps whose users begin with it: 1", "apps that may give it: 1"
    needed = f"users who hold it: 1, users who get it next: 1, {beginning}, {may_give}"
    with pytest.raises(ValueError, match=needed):
        await office.desk.delete("plan", "gold", await office.etag("plan", "gold"), WHY)
    with pytest.raises(ValueError, match=needed):
        await office.desk.trial([gone])


async def test_the_diff_shows_how_each_patch_stands_against_todays_files(house: DeskHouse, office: Office) -> None:
    folder(house.config_dir, models=MODELS + model_row("p/extra"))
    await office.source.reload()
    await office.set_model("p/small", latency_tier="fast")
    await office.set_model("p/large", output_tokens_max=500)
    await office.set_model("p/extra", active=False)
    folder(house.config_dir, models=MODELS.replace("8_000\nprices", "9_000\nprices"))
    await office.source.reload()
    found = {(s.patch.object_id, s.patch.name): (s.state, s.file_value) for s in await office.desk.diff()}
    assert found == {
        ("p/small", "latency_tier"): ("plain", "medium"),
        ("p/large", "output_tokens_max"): ("shadowed", 9_000),
        ("p/extra", "active"): ("orphaned", None),
    }


async def test_a_patch_remembers_who_why_and_the_value_it_saw(office: Office) -> None:
    await office.set_model("p/small", active=False)
    (patch,) = await office.desk.patches()
    assert (patch.author, patch.reason, patch.base, patch.value) == ("key:admin", "because", True, False)
    (line,) = await office.door.register.audit(None, 10)
    assert (line.action, line.subject) == ("model.patch", "model:p/small")
    assert line.before is not None
    assert line.after is not None
    assert (line.before["active"], line.after["active"]) == (True, False)


async def test_snapshots_that_no_call_names_can_go(house: DeskHouse, office: Office) -> None:
    used, unused = office.source.current().revision, ""
    await office.door.ledger.apply([RecordCall(call(catalog_revision=used))])
    for price in ("5", "6"):
        unused = office.source.current().revision if price == "6" else unused
        folder(house.config_dir, plans=PLANS + f'multiplier = "{price}"\n')
        await office.source.reload()
    assert await office.source.prune(before_ms=house.clock.at_ms + 1) == 1
    assert await office.source.at(used) is not None
    assert await office.source.at(unused) is None
