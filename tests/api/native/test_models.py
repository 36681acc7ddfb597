"""Claims about `GET /api/ai/models`: a picker finds what may be chosen, in order, and what would open the rest."""

from tests.api.house import House


async def test_assistants_stand_with_their_models_in_order_of_preference(house: House) -> None:
    told = (await house.get("/api/ai/models", await house.user_key("u1", "pro"))).json()
    general = told["assistants"][0]
    assert (general["id"], [m["id"] for m in general["models"]]) == ("general", ["p/cheap", "p/strong"])
    assert told["default"] == "general"
    assert [a["id"] for a in told["aliases"]] == ["gpt", "top"]
    assert [m["id"] for m in told["models"]] == ["p/cheap", "p/strong", "p/long"]


async def test_what_is_locked_names_the_plan_that_opens_it(house: House) -> None:
    told = (await house.get("/api/ai/models", await house.user_key())).json()
    general, scribe = told["assistants"]
    assert (general["available"], scribe["available"], scribe["unlocked_by"]) == (True, False, "pro")
    assert [(m["id"], m["available"], m["unlocked_by"]) for m in general["models"]] == [
        ("p/cheap", True, None),
        ("p/strong", False, "pro"),
    ]


async def test_no_prompt_and_no_retired_assistant_is_shown(house: House) -> None:
    answer = await house.get("/api/ai/models", await house.user_key("u1", "pro"))
    assert "SECRET" not in answer.text
    assert "retired" not in answer.text
    assert "q/" not in answer.text
