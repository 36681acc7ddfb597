"""The audit log and health through the admin's door."""

from proxy.domain.errors import Fault
from tests.api.admin.office import Office


async def test_every_write_says_who_when_what_and_why(office: Office) -> None:
    await office.post("/users", id="ada", name="Ada", reason="new colleague")
    await office.patch("/users/ada", suspended=True, reason="left")
    line = (await office.audited(1))[0]
    assert (line["actor"], line["subject"], line["reason"]) == (f"key:{office.admin.split('_')[2]}", "user:ada", "left")
    assert (line["before"]["suspended"], line["after"]["suspended"]) == (False, True)
    assert line["at_ms"] > 0


async def test_a_refused_write_leaves_no_line(office: Office) -> None:
    await office.house.user("ada")
    before = await office.audited()
    await office.ask("PATCH", "/users/ada", {"name": "X", "reason": "a test"}, if_match='"9"')
    await office.patch("/models/p/cheap", output_tokens_max="many")
    assert await office.audited() == before


async def test_lines_are_read_page_by_page_newest_first(office: Office) -> None:
    for name in ("ada", "bob"):
        await office.house.user(name)
    every = await office.audited()
    first = await office.read("/audit?limit=3")
    rest = await office.read(f"/audit?before={first['next_before']}")
    assert first["data"] + rest["data"] == every
    assert [line["id"] for line in every] == sorted((line["id"] for line in every), reverse=True)


async def test_health_shows_each_provider_and_model_as_it_fares(office: Office) -> None:
    healthy = await office.read("/health")
    assert [(p["id"], p["status"], p["down"]) for p in healthy["providers"]] == [("p", "active", False)]
    assert {m["id"]: (m["score"], m["open"]) for m in healthy["models"]}["p/cheap"] == (1.0, False)
    await office.patch("/providers/p", status="disabled")
    office.house.parts.health.observe("p/cheap", "p", Fault("our_key"), None)
    ill = await office.read("/health")
    assert [(p["status"], p["down"]) for p in ill["providers"]] == [("disabled", True)]
    assert ill["catalog_revision"] == office.catalog.current().revision
