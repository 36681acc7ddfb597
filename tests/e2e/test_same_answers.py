"""One program with the official client, run against providers of every dialect: what it is told must not tell them apart."""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from openai import OpenAI

from tests.e2e.client_script import STEPS, Program, run, without
from tests.e2e.dialects import DIALECTS, UNTOLD, dialect_catalog
from tests.e2e.harness import WAIT_S, House, Simulator, Yard

# What the others are held against: callers speak its words.
NATIVE: Final = "openai"


@pytest.fixture(scope="module")
def told(yard: Yard, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    house = House(yard, tmp_path_factory.mktemp("same") / "home", [spare])
    (house.config / "dialects.toml").write_text(dialect_catalog(spare.url))
    house.start()
    with OpenAI(base_url=f"{house.url}/v1", api_key=house.key("user", "ann", "every"), max_retries=0, timeout=WAIT_S) as client:
        yield {name: run(Program(client, f"{name}/small", f"{name}/reason")) for name in DIALECTS}
    house.gateway.kill()


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != NATIVE])
@pytest.mark.parametrize("step", STEPS)
def test_a_program_is_told_the_same_whichever_dialect_its_provider_speaks(
    told: dict[str, dict[str, Any]], dialect: str, step: str
) -> None:
    untold = UNTOLD.get(dialect, ())
    assert without(told[dialect][step], untold) == without(told[NATIVE][step], untold)


def test_the_script_has_seen_what_it_compares(told: dict[str, dict[str, Any]]) -> None:
    seen = told[NATIVE]
    calls = seen["tools at once"]["choices"][0]["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["get_weather", "get_population"]
    assert seen["tools at once"]["choices"][0]["finish_reason"] == "tool_calls"
    assert "get_weather says 40 get_population says 41" in seen["results of tools"]["choices"][0]["message"]["content"]
    assert "I see an image." in seen["vision"]["choices"][0]["message"]["content"]
    assert seen["JSON schema"]["choices"][0]["message"]["parsed"].keys() == {"name", "cars", "stops", "night"}
    assert seen["reasoning"]["choices"][0]["message"]["reasoning_content"]
    assert seen["reasoning, streamed"]["thought"]
    assert seen["reasoning"]["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert "signal" not in seen["stop"]["choices"][0]["message"]["content"]
    assert seen["bound"]["choices"][0]["finish_reason"] == "length"
    assert seen["stream with usage"]["ends with usage"]
    assert seen["stream with usage"]["usage"] == [seen["whole"]["usage"]]
