"""Sees what other processes changed: accounts and catalog are asked to look again, and a catalog that had to be refused is
told of once; changes nothing itself."""

import logging
from collections.abc import Awaitable, Callable

from proxy.ports import Recorder

_LOG = logging.getLogger("signalbox")


class Watch:
    """`look` runs on a schedule, `reload` when an operator asks. The catalog says why its old snapshot had to stay."""

    def __init__(
        self,
        accounts: Callable[[], Awaitable[None]],
        catalog: Callable[[], Awaitable[str | None]],
        catalog_files: Callable[[], Awaitable[str | None]],
        recorder: Recorder,
    ) -> None:
        self._accounts = accounts
        self._catalog = catalog
        self._catalog_files = catalog_files
        self._recorder = recorder
        self._told: str | None = None

    async def look(self) -> None:
        await self._accounts()
        self._tell(await self._catalog())

    async def reload(self) -> None:
        """Reads the catalog's files again; the refusal, if any, is in the log."""
        self._tell(await self._catalog_files())
        _LOG.info("catalog files read again")

    def _tell(self, why: str | None) -> None:
        if why is not None and why != self._told:
            self._recorder.incident("catalog_refused")
            _LOG.error("the old catalog stays in force: %s", why)
        self._told = why
