"""Takes a picture of each page, wide and on a phone, light and dark: `python -m tests.console.pictures FOLDER`; what they show
is a demo gateway of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import httpx2
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.console.person import ARGUMENTS, Person
from tests.e2e.harness import REPOSITORY, WAIT_S, Process, environment

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
SIZES: Final[Mapping[str, ViewportSize]] = {"wide": {"width": 1200, "height": 800}, "phone": {"width": 390, "height": 800}}
# Pages that are pictured as far as one screen shows them.
_OF_ONE_SCREEN: Final = ("chat", "chat-empty", "review", "thumbs", "docs", "chat-failed", "chat-capped", "session-ended")
QUESTION: Final = "Write a Python function that merges two sorted lists"
PROPOSED: Final = """[[assistant]]
id = "coder"
name = "Coder"
family = "code"
preferences = ["openai/gpt-4.1", "openai/gpt-4o-mini"]
"""
LOCKED: Final = "openrouter/anthropic/claude-sonnet-4.5"
ASKED: Final = ("auto", "watch-resets", "coder", "watch-dead", LOCKED, "writer", "openai/gpt-4o-mini")
PEOPLE: Final = {
    "annegret": "Annegret von der Heyden-Rothenberg zu Lichtenwald-Oberstein, Forschung und Entwicklung, Haus 4",
    "noa": "\u05e0\u05d5\u05e2\u05d4 \u05dc\u05d5\u05d9",
    "empty": "Nobody so far",
    "poor": "Short of credits",
}


class Demo:
    """A demo gateway with some calls behind it."""

    def __init__(self, process: Process) -> None:
        self.url = process.until("base URL").split()[-1].removesuffix("/v1")
        self.user = process.until("user key").split()[-1]
        self.admin = process.until("admin key").split()[-1]

    def post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        return httpx2.post(self.url + path, json=body, headers={"authorization": f"Bearer {self.user}"}, timeout=WAIT_S)

    def ask(self, path: str, **body: Any) -> Any:
        """Something that an administrator does; with a reason."""
        headers = {"authorization": f"Bearer {self.admin}"}
        answer = httpx2.post(f"{self.url}/api/admin/{path}", json={"reason": "For the pictures", **body}, headers=headers)
        return answer.json()

    def settle(self) -> dict[str, str]:
        """Users of all kinds, and a ledger that was looked at; gives their keys."""
        for user_id, name in PEOPLE.items():
            caps = [{"window": "day", "credits": "0.01"}] if user_id == "poor" else []
            self.ask("users", id=user_id, name=name, plan_id="free", caps=caps)
        keys = {user_id: self.ask("keys", kind="user", name="laptop", user_id=user_id)["key"] for user_id in PEOPLE}
        self.ask("users/noa/grants", kind="grant", amount="25")
        self.ask("budget/verify")
        return keys

    def live(self) -> str:
        """Makes some calls and a request for more; gives the id of a call that failed over."""
        told = ""
        for model in ASKED:
            answer = self.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": QUESTION}]})
            if model == "watch-resets":
                told = answer.headers["x-signalbox-call"]
        words = {"subject": "model", "target": LOCKED, "words": "For the billing module."}
        self.post("/api/plan-requests", words)
        for text in ("Plan a week of meals without meat", "What does this error from git mean?"):
            self.post("/api/ai/chat", {"message": text, "stream": False})
        self._app()
        return told

    def _app(self) -> None:
        caps = [{"window": "month", "credits": "50000"}]
        body = {
            "id": "shop",
            "name": "Shop assistant",
            "default_plan_id": "free",
            "plans": ["plus"],
            "caps": caps,
            "reason": "x",
        }
        headers = {"authorization": f"Bearer {self.admin}"}
        httpx2.post(f"{self.url}/api/admin/apps", json=body, headers=headers, timeout=WAIT_S).raise_for_status()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chromium = subprocess.run(
        [REPOSITORY / "scripts" / "chromium.sh"], capture_output=True, text=True, check=True
    ).stdout.strip()
    with _demo() as demo, sync_playwright() as playwright:
        call, keys = demo.live(), demo.settle()
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for theme in THEMES:
            for size in SIZES:
                _take(browser, demo, call, (theme, size), folder)
                _take_trouble(browser, demo, keys, (theme, size), folder)
        browser.close()


@contextmanager
def _demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as place:
        settings = {
            "SIGNALBOX_PORT": "0",
            "SIGNALBOX_DATABASE_URL": f"sqlite:///{place}/books.db",
            "SIGNALBOX_CONFIG_DIR": os.fspath(REPOSITORY / "config"),
            "SIGNALBOX_CONVERSATIONS": "true",
        }
        process = Process(["proxy", "demo", "--faults"], environment(**settings), Path(place) / "log")
        try:
            yield Demo(process)
        finally:
            process.popen.terminate()
            process.wait()
            process.kill()


def _shooter(look: tuple[Theme, str], folder: Path) -> Callable[[Page, str], None]:
    theme, size = look

    def shot(page: Page, name: str) -> None:
        # A page that follows the gateway never falls silent.
        page.wait_for_load_state("load")
        expect(page.get_by_text("Loading …")).to_have_count(0)
        # Charts are drawn in the frame after their figures have come.
        time.sleep(0.4)
        page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=name not in _OF_ONE_SCREEN)

    return shot


def _take_trouble(browser: Browser, demo: Demo, keys: Mapping[str, str], look: tuple[Theme, str], folder: Path) -> None:
    """Pages with nothing on them yet, and what is said when something went wrong."""
    theme, size = look
    shot = _shooter(look, folder)
    nobody, poor, boss = (Person(browser.new_context(viewport=SIZES[size], color_scheme=theme), demo.url) for _ in range(3))
    nobody.sign_in(keys["empty"])
    nobody.open("Usage")
    shot(nobody.page, "usage-empty")
    nobody.open("Chat")
    poor.sign_in(keys["poor"])
    for somebody, model, name in ((nobody, "watch-dead", "chat-failed"), (poor, "writer", "chat-capped")):
        if size == "wide":
            somebody.choose(model)
        else:
            somebody.page.get_by_role("button", name="Answered by").click()
            somebody.page.get_by_role("dialog").locator("summary").click()
            somebody.page.get_by_role("dialog").locator(f"input[value='{model}']").press("Space")
        somebody.say(QUESTION)
        somebody.ends("failed")
        shot(somebody.page, name)
    poor.open("Usage")
    shot(poor.page, "usage-capped")
    boss.sign_in(demo.admin)
    boss.open("Support")
    boss.page.get_by_label("Call id, request id").fill("call_of_somebody")
    boss.context.clear_cookies()
    boss.page.get_by_role("button", name="Look up").click()
    expect(boss.page.get_by_role("dialog")).to_be_visible()
    shot(boss.page, "session-ended")
    for person in (nobody, poor, boss):
        person.leave()


def _take(browser: Browser, demo: Demo, call: str, look: tuple[Theme, str], folder: Path) -> None:
    theme, size = look
    shot = _shooter(look, folder)
    for key, visit in ((demo.user, _user), (demo.admin, _admin)):
        somebody = Person(browser.new_context(viewport=SIZES[size], color_scheme=theme), demo.url)
        if key == demo.user:
            shot(somebody.page, "sign-in")
        somebody.sign_in(key)
        visit(somebody, call, shot)
        somebody.leave()


def _user(somebody: Person, call: str, shot: Callable[[Page, str], None]) -> None:
    page = somebody.page
    shot(page, "chat-empty")
    somebody.say(QUESTION)
    somebody.ends("done").get_by_role("button", name="Why this model").click()
    page.get_by_label("Your message").fill("Now explain it in a table, please")
    page.wait_for_timeout(1_200)
    shot(page, "chat")
    somebody.answer.get_by_role("button", name="Hide why").click()
    somebody.answer.get_by_role("button", name="Bad answer").click()
    shot(page, "thumbs")
    for name in ("Usage", "Start"):
        somebody.open(name)
        shot(page, name.lower())
    page.goto(f"{somebody.url}/ui#/usage/{call}")
    shot(page, "call")
    page.goto(f"{somebody.url}/docs#post_api_feedback")
    page.get_by_role("table", name="Body").scroll_into_view_if_needed()
    shot(page, "docs")


def _admin(somebody: Person, call: str, shot: Callable[[Page, str], None]) -> None:
    page = somebody.page
    page.goto(f"{somebody.url}/ui#/support/{call}")
    shot(page, "support")
    page.goto(f"{somebody.url}/ui#/support/demo")
    shot(page, "support-user")
    for name in ("Overview", "Users", "Health", "Budget", "Audit"):
        somebody.open(name)
        shot(page, name.lower())
    somebody.open("Requests")
    page.get_by_role("button", name="Decide").first.click()
    shot(page, "requests")
    _desk(somebody, shot)


def _desk(somebody: Person, shot: Callable[[Page, str], None]) -> None:
    """Where administrators change things."""
    page = somebody.page
    for name, place in (
        ("models", "models"),
        ("model", "models/openai%2Fgpt-4o-mini"),
        ("assistants", "assistants"),
        ("assistant", "assistants/coder"),
        ("plans", "plans"),
        ("aliases", "aliases"),
        ("alias", "aliases/gpt-4o-mini"),
        ("policy", "policy"),
        ("app-new", "apps/new"),
        ("keys", "keys"),
        ("user", "users/demo"),
        ("misuse", "misuse"),
        ("files", "files"),
    ):
        page.goto(f"{somebody.url}/ui#/{place}")
        shot(page, name)
    page.get_by_label("Rows in TOML").fill(PROPOSED)
    page.get_by_role("button", name="Compare", exact=True).click()
    shot(page, "proposal")
    page.goto(f"{somebody.url}/ui#/plans/plus")
    shot(page, "plan")
    page.get_by_label("Multiplier on raw cost").fill("1.5")
    page.get_by_label("Models", exact=True).fill("tag:cheap")
    page.get_by_role("button", name="Review the change").click()
    page.get_by_text("Who would notice most").wait_for()
    shot(page, "review")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Discard").click()
    _makings(page, somebody.url, shot)


def _makings(page: Page, url: str, shot: Callable[[Page, str], None]) -> None:
    """What administrators make, before and after."""
    page.goto(f"{url}/ui#/models/new?like=openai%2Fgpt-4o-mini")
    page.get_by_label("Id, as callers write it").fill("openai/gpt-4o-nano")
    page.get_by_label("Every plan that lists it").check()
    page.get_by_role("button", name="See the last 30 days with it").click()
    page.get_by_text("replayed calls").wait_for()
    shot(page, "model-new")
    # What was written there is left.
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto(f"{url}/ui#/apps/shop")
    page.wait_for_load_state("networkidle")
    shot(page, "app")
    page.goto(f"{url}/ui#/apps")
    shot(page, "apps")
    page.goto(f"{url}/ui#/keys")
    page.get_by_role("button", name="Caps: ").first.click()
    shot(page, "caps")


if __name__ == "__main__":
    main()
