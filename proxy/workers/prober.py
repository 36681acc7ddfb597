"""Probes models that nobody has called for long, one at a time: catalog and health board in, calls of our own out; chooses by
the stage's rule and judges no answer."""

from collections.abc import Awaitable, Callable, Container

from proxy.domain.catalog import Catalog, Model
from proxy.domain.errors import Refusal
from proxy.ports import CatalogSource, Clock, HealthBoard
from proxy.stages.health import probing
from proxy.stages.health.probing import Silence


class Prober:
    """`look` runs on a schedule and makes one call at most. `keyed` are the providers whose key we have; nobody is probed
    before `silence_ms` have passed since the start, for a restart must cost nothing."""

    def __init__(
        self,
        board: HealthBoard,
        catalog: CatalogSource,
        keyed: Container[str],
        probe: Callable[[Model], Awaitable[Refusal | None]],
        clock: Clock,
        silence_ms: int,
    ) -> None:
        self._board = board
        self._catalog = catalog
        self._keyed = keyed
        self._probe = probe
        self._clock = clock
        self._silence = Silence(silence_ms, clock.now_ms())
        self._probed_at_ms: dict[str, int] = {}

    async def look(self) -> None:
        """One round. A probe that could not be made, under a ceiling that is reached say, waits as long as one that was."""
        catalog, now_ms = self._catalog.current(), self._clock.now_ms()
        known = {id: at_ms for id, at_ms in self._probed_at_ms.items() if id in catalog.models}
        model = probing.due(catalog, self._board.report(), self._reachable(catalog), known, self._silence, now_ms)
        if model is not None:
            self._probed_at_ms = known | {model.id: now_ms}
            await self._probe(model)

    def _reachable(self, catalog: Catalog) -> frozenset[str]:
        rows = catalog.providers.values()
        return frozenset(row.id for row in rows if row.key_variable is None or row.id in self._keyed)
