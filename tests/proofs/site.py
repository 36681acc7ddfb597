"""What a proof is built on: a yard of processes, a folder, the books' place; houses of gateways out of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

from tests.e2e.harness import House, Simulator, Yard
from tests.proofs.stores import Store
from tests.proofs.terms import CATALOG


class ProofHouse(House):
    """A gateway whose books are in `store`, with the catalog of the proofs."""

    def __init__(self, yard: Yard, folder: Path, simulator: Simulator, store: Store, settings: dict[str, str]) -> None:
        super().__init__(yard, folder, [simulator], refused_calls_per_minute="100000", **settings)
        self.store = store
        self.env["SIGNALBOX_DATABASE_URL"] = store.url
        (self.config / "proof.toml").write_text(CATALOG)

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        return self.store.rows(query, *values)


@dataclass(frozen=True, slots=True)
class Site:
    """One proof's ground."""

    yard: Yard
    folder: Path
    store: Store

    def house(self, simulator: Simulator, **settings: str) -> ProofHouse:
        """A gateway that is not started yet."""
        return ProofHouse(self.yard, self.folder / "house", simulator, self.store, settings)

    @contextmanager
    def running(self, house: ProofHouse, gateways: int, workers: int = 1) -> Iterator[list[str]]:
        """Starts `gateways` of them on the same books, the first with so many workers; their addresses. In the end nothing runs
        any more."""
        house.start(*(("--workers", str(workers)) if workers > 1 else ()))
        urls = [house.url]
        for number in range(1, gateways):
            process = self.yard.start(f"gateway-{number}", ["proxy", "serve"], house.env)
            urls.append(process.until("listening on").split()[-1])
        try:
            yield urls
        finally:
            self.yard.clear()
