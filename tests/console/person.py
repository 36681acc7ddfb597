"""Somebody before the console: opens pages, signs in, and remembers all that the browser complained of or asked other hosts."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Request, Response, WebError, expect

ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
AXE: Final = Path(__file__).parent / "vendor" / "axe.js"
WAIT_MS: Final = 10_000
# What a browser says of every answer that is no success; which answers those were is each journey's own affair.
_REFUSED: Final = "Failed to load resource: the server responded with a status of"


class Person:
    """One browser context, with one page at first. `complaints` are console errors, defects of scripts, breaches of policy."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.complaints: list[str] = []
        self._forgiven: list[str] = []
        self.hosts: set[str] = set()
        self.answers: list[Response] = []
        context.set_default_timeout(WAIT_MS)
        context.on("console", self._heard)
        context.on("weberror", self._stumbled)
        context.on("request", self._asked)
        context.on("response", self._answered)
        self.page = context.new_page()
        self.page.goto(f"{url}/ui")

    def sign_in(self, key: str) -> None:
        self.page.get_by_label("API key").fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def open(self, name: str) -> None:
        """A page by its name in the menu."""
        self.page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(self.page.locator("main").get_by_role("heading", level=1, name=name)).to_be_attached()

    def settle(self) -> None:
        """Waits until the page waits for nothing more."""
        expect(self.page.locator("main").get_by_text("Loading …")).to_have_count(0)

    def choose(self, model: str) -> None:
        self.page.locator(f"aside input[value='{model}']").evaluate(
            "input => input.closest('details')?.setAttribute('open', '')"
        )
        self.page.locator(f"aside input[value='{model}']").check()

    def say(self, text: str) -> None:
        self.page.get_by_label("Your message").fill(text)
        # An answer is whole a moment before its stream has ended, and until then nothing is sent.
        expect(self.page.locator("form.composer").get_by_role("button", name="Send")).to_be_visible()
        self.page.get_by_label("Your message").press("Enter")

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.page.locator("article.answer").last

    def ends(self, state: str) -> Locator:
        """The newest answer, once it has come to `state`."""
        expect(self.answer).to_have_attribute("data-state", state)
        return self.answer

    def barriers(self) -> list[str]:
        """What axe finds serious on the page as it is, in both themes: but for contrast, they have the same of everything."""
        if not self.page.evaluate("() => 'axe' in window"):
            # As a debugger would put it in, which no policy of a page concerns.
            self.page.evaluate(AXE.read_text())
        self.page.emulate_media(color_scheme="light")
        found = self._violations({})
        self.page.emulate_media(color_scheme="dark")
        found += self._violations({"runOnly": ["color-contrast"]})
        self.page.emulate_media(color_scheme="null")
        return found

    def _violations(self, options: dict[str, Any]) -> list[str]:
        found: list[dict[str, Any]] = self.page.evaluate("async (options) => (await axe.run(options)).violations", options)
        return [
            f"{rule['id']}: {node['html'][:160]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def forgive(self, mark: str) -> None:
        """What the browser itself notes, with this in it, is part of the journey."""
        self._forgiven.append(mark)

    def leave(self) -> None:
        self.context.close()
        assert [text for text in self.complaints if not any(mark in text for mark in self._forgiven)] == []
        assert self.hosts <= {self.url}, "a page asked another host"

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_REFUSED):
            self.complaints.append(message.text)

    def _stumbled(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _answered(self, answer: Response) -> None:
        self.answers.append(answer)

    def _asked(self, request: Request) -> None:
        scheme, _, rest = request.url.partition("://")
        if scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(f"{scheme}://{rest.partition('/')[0]}")
