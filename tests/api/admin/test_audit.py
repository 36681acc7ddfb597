"""The audit log and health through the admin's door."""

from proxy.domain.errors import Fault
from proxy.domain.health import Tried
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
    cheap = {m["id"]: m for m in healthy["models"]}["p/cheap"]
    assert (cheap["score"], cheap["open"], cheap["breaker"]["phase"], cheap["heard_at_ms"]) == (1.0, False, "closed", None)
    await office.patch("/providers/p", status="disabled")
    _tried(office, Fault("our_key"))
    ill = await office.read("/health")
    (provider,) = ill["providers"]
    assert (provider["status"], provider["down"], provider["breaker"]["why"]) == ("disabled", True, "our_key")
    assert ill["catalog_revision"] == office.catalog.current().revision


async def test_health_shows_what_opened_a_breaker_since_when_and_when_it_is_tried_again(office: Office) -> None:
    for _ in range(5):
        _tried(office, Fault("server_error", status=500))
    cheap = {m["id"]: m for m in (await office.read("/health"))["models"]}["p/cheap"]
    assert (cheap["open"], cheap["attempts"] > 4, cheap["success_share"]) == (True, True, 0.0)
    breaker = cheap["breaker"]
    assert (breaker["phase"], breaker["why"]) == ("open", "server_error")
    assert breaker["since_ms"] < breaker["retry_at_ms"]


def _tried(office: Office, fault: Fault) -> None:
    board = office.house.parts.health
    permit = board.admit("p/cheap", "p")
    assert permit is not None
    board.ended(permit, Tried(fault))
