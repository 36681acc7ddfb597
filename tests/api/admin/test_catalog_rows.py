"""Models, assistants, plans, aliases, providers and the policy through the admin's door."""

from typing import Any, Final

import pytest

from tests.api.admin.office import HEADER_SECRET, STRONG, SYSTEM_PROMPT, Office

NEW_MODEL: Final[dict[str, Any]] = {
    "id": "p/new/one",
    "upstream_name": "there",
    "family": "open",
    "context_tokens_max": 8_000,
    "output_tokens_max": 1_000,
    "prices": {"input": "1", "output": "2"},
}


async def test_a_model_is_read_under_its_id_with_slashes_and_says_its_version(office: Office) -> None:
    answer = await office.get(f"/models/{STRONG}")
    assert (answer.status_code, answer.json()["id"], answer.json()["family"]) == (200, STRONG, "frontier")
    assert answer.headers["etag"] == f'"{answer.json()["etag"]}"'


async def test_an_encoded_slash_means_the_same_model(office: Office) -> None:
    assert (await office.read("/models/p%2Forg%2Fstrong"))["id"] == STRONG


async def test_activation_is_in_force_when_the_answer_comes(office: Office) -> None:
    answer = await office.post(f"/models/{STRONG}/activate", active=False, reason="too dear")
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert office.catalog.current().models[STRONG].active is False


async def test_activation_needs_a_reason_and_records_it(office: Office) -> None:
    bare = await office.ask("POST", f"/models/{STRONG}/activate", {"active": False})
    assert (bare.status_code, bare.json()["error"]["param"]) == (400, "reason")
    await office.post(f"/models/{STRONG}/activate", active=False, reason="too dear")
    line = (await office.audited(1))[0]
    assert (line["subject"], line["reason"]) == (f"model:{STRONG}", "too dear")
    assert (line["before"]["active"], line["after"]["active"]) == (True, False)


async def test_activation_heeds_a_version_that_is_given(office: Office) -> None:
    body = {"active": False, "reason": "too dear"}
    answer = await office.ask("POST", f"/models/{STRONG}/activate", body, if_match='"stale"')
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")


async def test_an_unpriced_model_cannot_be_activated(office: Office) -> None:
    answer = await office.post("/models/p/unpriced/activate", active=True)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert "prices" in answer.json()["error"]["message"]


async def test_a_change_without_a_version_is_refused(office: Office) -> None:
    answer = await office.ask("PATCH", "/models/p/cheap", {"name": "Cheap", "reason": "a test"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (428, "precondition_required")


async def test_a_change_under_an_old_version_is_refused_and_changes_nothing(office: Office) -> None:
    old = (await office.get("/models/p/cheap")).headers["etag"]
    await office.patch("/models/p/cheap", name="Cheap")
    answer = await office.ask("PATCH", "/models/p/cheap", {"name": "Cheaper", "reason": "a test"}, if_match=old)
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")
    assert (await office.read("/models/p/cheap"))["name"] == "Cheap"


async def test_a_change_shows_the_files_value_beside_its_own(office: Office) -> None:
    answer = await office.patch("/models/p/cheap", output_tokens_max=4_000)
    assert answer.status_code == 200
    assert (answer.json()["output_tokens_max"], answer.json()["file"]["output_tokens_max"]) == (4_000, 8_000)


async def test_a_change_that_makes_no_sound_catalog_is_refused_in_words(office: Office) -> None:
    before = office.catalog.current().revision
    answer = await office.patch("/models/p/cheap", output_tokens_max="many")
    assert (answer.status_code, office.catalog.current().revision) == (400, before)
    assert "output_tokens_max" in answer.json()["error"]["message"]


async def test_free_models_are_the_operators_word_alone(office: Office) -> None:
    assert (await office.patch("/models/p/cheap", free=True)).status_code == 400


async def test_a_change_of_nothing_is_refused(office: Office) -> None:
    assert (await office.patch("/models/p/cheap")).status_code == 400


async def test_control_characters_never_reach_the_catalog(office: Office) -> None:
    answer = await office.patch("/models/p/cheap", name="Che\x00ap")
    assert (answer.status_code, "control characters" in answer.json()["error"]["message"]) == (400, True)


async def test_a_body_nested_without_end_is_refused(office: Office) -> None:
    deep: list[object] = []
    for _ in range(40):
        deep = [deep]
    assert (await office.patch("/models/p/cheap", tags=deep)).status_code == 400


async def test_an_unknown_model_is_not_found(office: Office) -> None:
    answer = await office.get("/models/p/none")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_model_lives_from_post_to_delete(office: Office) -> None:
    assert (await office.post("/models", **NEW_MODEL)).status_code == 201
    assert (await office.post("/models", **NEW_MODEL)).status_code == 409
    assert office.catalog.current().models["p/new/one"].upstream_name == "there"
    etag = (await office.get("/models/p/new/one")).headers["etag"]
    assert (await office.ask("DELETE", "/models/p/new/one?reason=over", if_match=etag)).status_code == 204
    assert "p/new/one" not in office.catalog.current().models
    assert [line["action"] for line in (await office.audited(2))] == ["model.delete", "model.create"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"id": "no-slash"}, "always contains a slash"),
        ({"id": "nobody/new"}, "provider"),
        ({"prices": None}, "prices"),
        ({"prices": {"input": "0", "output": "0"}}, "free"),
        ({"free": True, "prices": {"input": "0", "output": "0"}}, "operator's files only"),
    ],
)
async def test_a_model_that_is_wrong_is_not_made(office: Office, wrong: dict[str, Any], says: str) -> None:
    answer = await office.post("/models", **{**NEW_MODEL, **wrong})
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True), answer.text
    assert (await office.audited(1))[0]["action"] != "model.create"


async def test_a_model_that_a_plan_names_stays(office: Office) -> None:
    etag = (await office.get("/models/p/cheap")).headers["etag"]
    answer = await office.ask("DELETE", "/models/p/cheap?reason=over", if_match=etag)
    assert (answer.status_code, "p/cheap" in office.catalog.current().models) == (400, True)


async def test_an_assistant_lives_from_post_to_delete(office: Office) -> None:
    row = {"id": "poet", "name": "Poet", "family": "creative", "preferences": ["p/cheap"]}
    made = await office.post("/assistants", **row)
    assert (made.status_code, made.json()["file"]) == (201, None)
    assert (await office.post("/assistants", **row)).status_code == 409
    assert (await office.patch("/assistants/poet", enabled=False)).json()["enabled"] is False
    etag = (await office.get("/assistants/poet")).headers["etag"]
    assert (await office.ask("DELETE", "/assistants/poet?reason=over", if_match=etag)).status_code == 204
    assert (await office.get("/assistants/poet")).status_code == 404
    assert [line["action"] for line in (await office.audited(3))] == ["assistant.delete", "assistant.patch", "assistant.create"]


async def test_deleting_needs_version_and_reason(office: Office) -> None:
    etag = (await office.get("/plans/pro")).headers["etag"]
    assert (await office.ask("DELETE", "/plans/pro?reason=over")).status_code == 428
    assert (await office.ask("DELETE", "/plans/pro", if_match=etag)).status_code == 400
    assert (await office.ask("DELETE", "/plans/pro?reason=over", if_match=etag)).status_code == 204


async def test_a_plan_that_somebody_holds_stays(office: Office) -> None:
    await office.house.user("u1", "pro")
    etag = (await office.get("/plans/pro")).headers["etag"]
    answer = await office.ask("DELETE", "/plans/pro?reason=over", if_match=etag)
    assert (answer.status_code, "pro" in office.catalog.current().plans) == (400, True)


async def test_a_new_plan_is_offered_at_once(office: Office) -> None:
    row = {"id": "team", "name": "Team", "models": ["p/cheap"], "allowances": [{"window": "month", "credits": "2.5"}]}
    assert (await office.post("/plans", **row)).status_code == 201
    assert office.catalog.current().plans["team"].monthly_milli_credits == 2_500


async def test_an_alias_lives_from_post_to_delete(office: Office) -> None:
    assert (await office.read("/aliases/gpt"))["models"] == ["p/cheap", STRONG]
    assert (await office.post("/aliases", id="new", models=["p/none"])).status_code == 400
    assert (await office.post("/aliases", id="new", models=["p/cheap"])).status_code == 201
    assert (await office.patch("/aliases/new", models=[STRONG])).json()["models"] == [STRONG]
    etag = (await office.get("/aliases/new")).headers["etag"]
    assert (await office.ask("DELETE", "/aliases/new?reason=over", if_match=etag)).status_code == 204
    assert "new" not in office.catalog.current().aliases


async def test_the_policy_is_changed_under_its_version(office: Office) -> None:
    before = await office.read("/policy")
    assert (await office.ask("PATCH", "/policy", {"attempts_max": 2, "reason": "x"})).status_code == 428
    assert (await office.patch("/policy", attempts_max=0)).status_code == 400
    changed = (await office.patch("/policy", attempts_max=2)).json()
    assert (changed["attempts_max"], changed["file"]["attempts_max"]) == (2, before["attempts_max"])
    assert office.catalog.current().policy.attempts_max == 2
    assert (await office.audited(1))[0]["subject"] == "policy:policy"
    assert (await office.post("/policy", id="policy")).status_code == 405


async def test_a_provider_can_be_disabled_and_limited(office: Office) -> None:
    answer = await office.patch("/providers/p", status="disabled", concurrency_max=3)
    assert (answer.json()["status"], answer.json()["concurrency_max"]) == ("disabled", 3)
    assert office.catalog.current().providers["p"].status == "disabled"


async def test_a_provider_cannot_be_redirected(office: Office) -> None:
    answer = await office.patch("/providers/p", base_url="http://127.0.0.1:1/v1")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "base_url")
    assert "operator files" in answer.json()["error"]["message"]


async def test_header_values_of_providers_are_never_shown(office: Office) -> None:
    await office.patch("/providers/p", status="disabled")
    for path in ("/providers", "/providers/p", "/audit", "/catalog"):
        assert HEADER_SECRET not in (await office.get(path)).text
    assert (await office.read("/providers/p"))["headers"] == ["X-Extra"]


async def test_a_system_prompt_stands_on_its_assistants_page_and_nowhere_else(office: Office) -> None:
    assert (await office.read("/assistants/general"))["system_prompt"] == SYSTEM_PROMPT
    await office.patch("/assistants/general", system_prompt=f"{SYSTEM_PROMPT} Changed.")
    for path in ("/assistants", "/audit", "/catalog"):
        assert SYSTEM_PROMPT not in (await office.get(path)).text


async def test_the_catalog_shows_revision_and_how_changes_stand_to_the_files(office: Office) -> None:
    await office.patch("/models/p/cheap", name="Cheap")
    shown = await office.read("/catalog")
    assert shown["revision"] == office.catalog.current().revision
    patch = shown["patches"][0]
    assert (patch["id"], patch["field"], patch["value"], patch["state"]) == ("p/cheap", "name", "Cheap", "plain")


async def test_terms_that_no_book_can_count_are_refused_with_what_would_mend_them(office: Office) -> None:
    for path, field, value, most in (
        ("/plans/basic", "multiplier", "999999999", "1,000"),
        ("/policy", "credits_per_dollar", "999999999999", "1,000,000"),
    ):
        answer = await office.patch(path, **{field: value})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
        assert f"{field}: must be at most {most}" in answer.json()["error"]["message"]
    assert (await office.call(await office.house.user_key(), model="auto")).status_code == 200


async def test_a_reload_reads_the_files_again(office: Office) -> None:
    file = office.config_dir / "catalog.toml"
    file.write_text(file.read_text().replace("credits = 1_000", "credits = 1_500"))
    answer = await office.post("/catalog/reload")
    assert (answer.status_code, answer.json()["changed"]) == (200, True)
    assert (await office.read("/plans/basic"))["allowances"][0]["credits"] == "1500"


async def test_a_reload_is_audited_with_the_catalog_before_and_after(office: Office) -> None:
    before = office.catalog.current().revision
    file = office.config_dir / "catalog.toml"
    file.write_text(file.read_text().replace("credits = 1_000", "credits = 1_500"))
    await office.post("/catalog/reload", reason="spring prices")
    (line,) = await office.audited(1)
    assert (line["action"], line["subject"], line["reason"]) == ("catalog.reload", "catalog:files", "spring prices")
    assert line["actor"] == f"key:{office.admin.split('_')[2]}"
    assert (line["before"], line["after"]) == ({"revision": before}, {"revision": office.catalog.current().revision})
    file.write_text("nonsense = 1\n")
    assert (await office.post("/catalog/reload")).status_code == 409
    assert (await office.audited(1))[0] == line


async def test_a_reload_without_a_reason_is_audited_too(office: Office) -> None:
    assert (await office.ask("POST", "/catalog/reload")).status_code == 200
    (line,) = await office.audited(1)
    assert (line["action"], line["reason"], line["before"]) == ("catalog.reload", None, line["after"])


async def test_a_bad_file_keeps_the_old_catalog_and_says_why(office: Office) -> None:
    before = office.catalog.current().revision
    (office.config_dir / "more.toml").write_text("nonsense = 1\n")
    answer = await office.post("/catalog/reload")
    assert (answer.status_code, office.catalog.current().revision) == (409, before)
    assert "more.toml" in answer.json()["error"]["message"]
