"""The catalog as a whole through the admin's door: what files or proposed rows would change, before anything does."""

from tests.api.admin.office import HEADER_SECRET, STRONG, SYSTEM_PROMPT, Office


def rewrite(office: Office, old: str, new: str) -> None:
    path = office.config_dir / "catalog.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


async def test_files_that_say_what_they_said_would_change_nothing(office: Office) -> None:
    await office.patch("/models/p/cheap", name="Cheap")
    found = await office.read("/catalog/files")
    assert (found["changes"], found["mistakes"], found["revision"]) == ([], [], office.catalog.current().revision)


async def test_what_a_reload_would_change_is_told_field_by_field_and_changes_nothing(office: Office) -> None:
    before = office.catalog.current().revision
    rewrite(office, 'prices = { input = "10", output = "40" }', 'prices = { input = "12", output = "40" }')
    rewrite(office, '[[alias]]\nid = "gpt"', '[[alias]]\nid = "gpt-new"')
    found = await office.read("/catalog/files")
    model, gone, made = found["changes"]
    assert (model["id"], list(model["after"]), model["after"]["prices"]["input"]) == (STRONG, ["prices"], "12")
    assert (gone["kind"], gone["id"], gone["after"]) == ("alias", "gpt", None)
    assert (made["id"], made["before"]) == ("gpt-new", None)
    assert office.catalog.current().revision == before
    assert (await office.post("/catalog/reload")).json() == {"revision": found["revision"], "changed": True}


async def test_what_is_wrong_with_the_files_is_named(office: Office) -> None:
    rewrite(office, 'models = ["p/cheap"]', 'models = ["p/chaep"]')
    (mistake,) = (await office.read("/catalog/files"))["mistakes"]
    assert (mistake["file"], mistake["key"]) == ("catalog.toml", "plan[basic].models[0]")
    assert "names no model" in mistake["message"]


async def test_a_ceiling_in_the_files_is_told_of(office: Office) -> None:
    rewrite(office, "[policy]\n", '[[ceiling]]\nscope = "installation"\ndollars_per_day = "5"\n\n[policy]\n')
    found = await office.read("/catalog/files")
    assert (found["ceilings_differ"], found["rules_differ"], found["changes"]) == (True, False, [])


async def test_the_deletion_of_a_files_row_is_taken_back_and_no_other(office: Office) -> None:
    etag = (await office.get("/aliases/gpt")).headers["etag"]
    assert (await office.ask("DELETE", "/aliases/gpt?reason=over", if_match=etag)).status_code == 204
    assert (await office.post("/catalog/restore", kind="alias", id="gpt")).status_code == 204
    assert (await office.get("/aliases/gpt")).headers["etag"] == etag
    assert (await office.read("/catalog"))["patches"] == []
    assert (await office.audited(1))[0]["action"] == "alias.restore"
    await office.post("/aliases", id="mine", models=["p/cheap"])
    for name in ("gpt", "mine", "none"):
        assert (await office.post("/catalog/restore", kind="alias", id=name)).status_code == 409


async def test_ceilings_in_force_are_shown_with_the_file_that_sets_them(office: Office) -> None:
    assert (await office.read("/catalog"))["ceilings"] == []
    rewrite(office, "[policy]\n", '[[ceiling]]\nscope = "installation"\ndollars_per_day = "5"\n\n[policy]\n')
    assert (await office.read("/catalog"))["ceilings"] == []
    await office.ask("POST", "/catalog/reload")
    ceiling = {"scope": "installation", "dollars_per_day": "5", "file": "catalog.toml"}
    assert (await office.read("/catalog"))["ceilings"] == [ceiling]


async def test_a_proposal_is_laid_beside_what_is_in_force(office: Office) -> None:
    row = '[[model]]\nid = "p/cheap"\nfamily = "open"\ncontext_tokens_max = 100_000\noutput_tokens_max = 8_000\n'
    proposed = f'{row}prices = {{ input = "2", output = "4" }}\n'
    answer = await office.ask("POST", "/catalog/proposal", {"toml": proposed})
    (change,) = answer.json()["changes"]
    assert set(change["after"]) == {"prices", "stops_billing_on_close"}
    assert office.catalog.current().models["p/cheap"].tiers[0].prices.input == 10**9
    wrong = await office.ask("POST", "/catalog/proposal", {"toml": row + "pricse = 1\n"})
    assert {(m["file"], m["key"]) for m in wrong.json()["mistakes"]} >= {("proposal", "model[p/cheap].pricse")}
    noise = await office.ask("POST", "/catalog/proposal", {"toml": "<script>"})
    assert [m["key"] for m in noise.json()["mistakes"]] == ["text"]
    ceiling = await office.ask(
        "POST", "/catalog/proposal", {"toml": '[[ceiling]]\nscope = "installation"\ndollars_per_day = "5"'}
    )
    assert [m["key"] for m in ceiling.json()["mistakes"]] == ["ceiling"]


async def test_no_secret_and_no_prompt_stands_in_what_would_change(office: Office) -> None:
    rewrite(office, HEADER_SECRET, "another-secret")
    rewrite(office, SYSTEM_PROMPT, "Another prompt.")
    answer = await office.get("/catalog/files")
    assert {change["id"] for change in answer.json()["changes"]} == {"p", "general"}
    for secret in (HEADER_SECRET, "another-secret", SYSTEM_PROMPT, "Another prompt."):
        assert secret not in answer.text


async def test_supporters_see_nothing_of_the_catalog(office: Office) -> None:
    assert (await office.get("/catalog/files", office.support)).status_code == 403
    assert (await office.ask("POST", "/catalog/proposal", {"toml": ""}, office.support)).status_code == 403
    assert (await office.get("/model-use", office.support)).status_code == 403


async def test_who_uses_a_model_is_told_with_calls_cost_and_users(office: Office) -> None:
    assert (await office.read("/model-use"))["data"] == []
    key = await office.house.user_key("ada", plan_id="basic")
    for _ in range(2):
        assert (await office.call(key, model="p/cheap")).status_code == 200
    (found,) = (await office.read("/model-use?model=p/cheap"))["data"]
    assert (found["model"], found["calls"], found["users"], found["users_since_ms"]) == ("p/cheap", 2, 1, None)
    assert [(user["user_id"], user["calls"]) for user in found["keenest"]] == [("ada", 2)]
    assert found["raw_cost_nano_usd"] > 0
    assert (await office.read(f"/model-use?model={STRONG}"))["data"] == []
