"""What every end-to-end test stands on: two simulators, one gateway between them and us, and a key of each kind."""

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.e2e.harness import PROVIDER_KEY, WAIT_S, House, Simulator, Yard

HouseMaker = Callable[..., House]


@dataclass(frozen=True, slots=True)
class Keys:
    """A key of each kind. `other` belongs to another user than `user`, `free` to one on the smallest plan."""

    user: str
    other: str
    free: str
    app: str
    support: str
    admin: str


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the processes said."""
    report = yield
    yard = getattr(item, "funcargs", {}).get("yard")
    if isinstance(yard, Yard) and report.failed:
        for process in yard.running:
            words = process.popen.args
            report.sections.append((" ".join(words[2:]) if isinstance(words, list) else "process", process.tail))
    return report


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """All processes of a file end with it: no gateway that a test left running is there for those of another."""
    yard = Yard(tmp_path_factory.mktemp("yard"))
    yield yard
    yard.clear()


@pytest.fixture(autouse=True)
def _shown_on_failure(yard: Yard) -> None:
    """Every test has the yard among its arguments, for the report."""


@pytest.fixture(scope="module")
def sim(yard: Yard) -> Simulator:
    """A file's own, for it counts and keeps what it was asked."""
    return yard.simulator("sim", PROVIDER_KEY)


@pytest.fixture(scope="module")
def spare(yard: Yard) -> Simulator:
    return yard.simulator("spare")


@pytest.fixture(scope="module")
def house(yard: Yard, sim: Simulator, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The installation of a file's tests. Other files have their own: models that failed here are left alone for a while."""
    folder = tmp_path_factory.mktemp("house") / "home"
    made = House(yard, folder, (sim, spare), auth_failures_per_minute="100000", refused_calls_per_minute="100000")
    made.start()
    yield made
    made.gateway.kill()


@pytest.fixture(scope="module")
def keys(house: House) -> Keys:
    """The first admin's key is made by command, the others by that admin."""
    admin = house.key("admin", None, None, "--name", "first admin")
    with house.http(admin) as http:

        def made(path: str, **body: Any) -> Any:
            answer = http.post(f"/api/admin/{path}", json={"name": "test", "reason": "test", **body})
            assert answer.status_code == 201, answer.text
            return answer.json()

        for user, plan in (("ursula", "plus"), ("otto", "plus"), ("frieda", "free")):
            made("users", id=user, plan_id=plan)
        made("apps", id="shop", default_plan_id="plus", caps=[{"window": "month", "credits": "50000"}])
        return Keys(
            user=made("keys", kind="user", user_id="ursula", manage_keys=True)["key"],
            other=made("keys", kind="user", user_id="otto", manage_keys=True)["key"],
            free=made("keys", kind="user", user_id="frieda")["key"],
            app=made("keys", kind="app", app_id="shop")["key"],
            support=made("keys", kind="support")["key"],
            admin=admin,
        )


@pytest.fixture
def own_house(yard: Yard, tmp_path: Path) -> HouseMaker:
    """Makes an installation for one test alone, which may kill it."""
    numbers = count(1)

    def make(*providers: Simulator, **settings: str) -> House:
        return House(yard, tmp_path / f"house-{next(numbers)}", providers, **settings)

    return make


@pytest.fixture
def client(house: House, keys: Keys) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{house.url}/v1", api_key=keys.user, max_retries=0, timeout=WAIT_S) as openai:
        yield openai


@pytest.fixture
async def async_client(house: House, keys: Keys) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{house.url}/v1", api_key=keys.user, max_retries=0, timeout=WAIT_S) as openai:
        yield openai
