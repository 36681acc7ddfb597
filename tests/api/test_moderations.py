"""Claims about `POST /v1/moderations`: OpenAI's shape from our verdict, and nothing in it that nobody judged."""

import pytest

from proxy.domain.pattern import Pattern
from proxy.domain.verdict import Rule
from tests import builders as b
from tests.api.house import House, code_of

WATCHING = b.rule_book(
    rules=(
        Rule("bad-word", "hazard", "violence", Pattern("stabword")),
        Rule("attack-word", "injection", "jailbreak", Pattern("obeyword")),
    ),
    risks={"violence": "disallowed", "jailbreak": "disallowed"},
    families={"qa": "general"},
    assistants={},
)


@pytest.fixture
def watched(house: House) -> House:
    house.shown.catalog = b.catalog(b.model("p/cheap"), rules=WATCHING)
    return house


async def test_a_text_is_judged_in_the_categories_that_the_rules_know(watched: House) -> None:
    answer = await watched.post(
        "/v1/moderations", await watched.user_key(), {"input": "a stabword", "model": "omni-moderation-latest"}
    )
    (result,) = answer.json()["results"]
    assert (answer.status_code, result["flagged"], result["hazards"]) == (200, True, ["violence"])
    assert result["categories"] == {"violence": True}
    assert result["category_scores"] == {"violence": 1.0}


async def test_each_text_of_a_list_has_its_own_result_and_parts_are_one_text(watched: House) -> None:
    key = await watched.user_key()
    several = (await watched.post("/v1/moderations", key, {"input": ["hello", "stabword"]})).json()["results"]
    parts = [{"type": "text", "text": "hello"}, {"type": "text", "text": "stabword"}]
    one = (await watched.post("/v1/moderations", key, {"input": parts})).json()["results"]
    assert [result["flagged"] for result in several] == [False, True]
    assert [result["flagged"] for result in one] == [True]


async def test_what_openai_has_no_name_for_is_flagged_without_a_category(watched: House) -> None:
    answer = await watched.post("/v1/moderations", await watched.user_key(), {"input": "obeyword"})
    (result,) = answer.json()["results"]
    assert (result["flagged"], result["hazards"], any(result["categories"].values())) == (True, ["jailbreak"], False)


@pytest.mark.parametrize("given", [{"input": []}, {}, {"input": [{"type": "image_url", "image_url": {"url": "x"}}]}])
async def test_nothing_to_judge_is_said(watched: House, given: object) -> None:
    answer = await watched.post("/v1/moderations", await watched.user_key(), given)
    assert code_of(answer) == (400, "invalid_request")
