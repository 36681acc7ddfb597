"""Requests of a page in, the same out when a journey says so: what a slow network does by chance, done on purpose."""

from typing import Final

from playwright.sync_api import Page, Route

from tests.console.person import WAIT_MS

_LOOK_MS: Final = 10


class Held:
    """Requests that wait, each until it is taken out, or all of them and those to come until they are let go."""

    def __init__(self, page: Page, address: str, method: str = "GET") -> None:
        self.routes: list[Route] = []
        self._passes = False
        self._page, self._method = page, method
        page.route(address, self._take)

    def one(self) -> Route:
        """The next that waits."""
        for _ in range(WAIT_MS // _LOOK_MS):
            if self.routes:
                return self.routes.pop(0)
            # Lets what the browser says be heard.
            self._page.wait_for_timeout(_LOOK_MS)
        raise TimeoutError("nothing was asked for")

    def let_go(self) -> None:
        self._passes = True
        while self.routes:
            self.routes.pop().continue_()

    def _take(self, route: Route) -> None:
        if self._passes or route.request.method != self._method:
            route.continue_()
        else:
            self.routes.append(route)
