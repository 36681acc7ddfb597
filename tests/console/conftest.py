"""What the journeys stand on: one gateway and one browser for each file, a person with a page for each test, and what no page
may do watched throughout."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.console.line import Line, lined
from tests.console.person import ARGUMENTS, WAIT_MS, Person
from tests.e2e.harness import PROVIDER_KEY, REPOSITORY, House, Yard

HERE = Path(__file__).parent
PersonMaker = Callable[..., Person]
Maker = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where the browser is; the script installs it or says the line to type."""
    found = subprocess.run([REPOSITORY / "scripts" / "chromium.sh"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.fail(found.stderr, pytrace=False)
    return found.stdout.strip()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # A claim waits as long as an act does: machines that run much else are slow.
    expect.set_options(timeout=WAIT_MS)
    # For a file at a time: while it is there its event loop runs, and a test of another file could not have its own.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[House]:
    """A gateway whose one provider is simulated."""
    yard = Yard(folder)
    try:
        made = House(yard, folder / "home", (yard.simulator("sim", PROVIDER_KEY), yard.simulator("spare")), **settings)
        made.start()
        yield made
    finally:
        yard.clear()


def maker(house: House, admin: str) -> Maker:
    """Makes something through the API as the administrator: a path and a body in, what was made out."""
    http = house.http(admin)

    def make(path: str, **body: Any) -> Any:
        answer = http.post(f"/api/admin/{path}", json={"reason": "test", **body})
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    return make


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The installation of a file's journeys. Users, rows and calls of other files are never in it."""
    with opened(tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def admin(house: House) -> str:
    return house.key("admin", None, None, "--name", "operator")


@pytest.fixture(scope="module")
def made(house: House, admin: str) -> Maker:
    return maker(house, admin)


@pytest.fixture
def user_key(made: Callable[..., Any]) -> Callable[..., str]:
    """A key of a new user on a plan."""

    def make(user_id: str, plan: str = "plus", **more: Any) -> str:
        made("users", id=user_id, name=user_id.title(), plan_id=plan)
        key: str = made("keys", kind="user", name="laptop", user_id=user_id, manage_keys=True, **more)["key"]
        return key

    return make


@pytest.fixture
def line(house: House) -> Iterator[Line]:
    """A way to the gateway that can be cut."""
    with lined(house.url) as made:
        yield made


@pytest.fixture
def person(browser: Browser, house: House) -> Iterator[PersonMaker]:
    """Somebody before a browser of their own; when the test is over, what their pages did is judged."""
    people: list[Person] = []

    def meet(key: str | None = None, url: str | None = None, **context: Any) -> Person:
        people.append(Person(browser.new_context(**context), url or house.url))
        if key is not None:
            people[-1].sign_in(key)
        return people[-1]

    yield meet
    for each in people:
        each.leave()


@pytest.fixture(scope="module")
def boss(browser: Browser, house: House, admin: str) -> Iterator[Person]:
    """An administrator who does all that a file tells of in one sitting."""
    boss = Person(browser.new_context(), house.url)
    boss.sign_in(admin)
    yield boss
    boss.leave()
