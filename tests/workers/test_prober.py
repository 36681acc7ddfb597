"""Claims about the prober: one probe a round, each model once in a silence, nobody it has no key for."""

from proxy.domain.catalog import Catalog, Model
from proxy.domain.errors import Refusal
from proxy.workers.prober import Prober
from tests import builders as make
from tests.contracts.set_clock import SetClock
from tests.pipeline.board import RememberingBoard

SILENCE_MS = 60_000


class Shown:
    """Implements CatalogSource over one snapshot."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def current(self) -> Catalog:
        return self.catalog

    async def at(self, revision: str) -> Catalog | None:
        return self.catalog

    async def reload(self) -> str | None:
        return None


class Post:
    """A prober and whom it probed. Probes are refused, as under a ceiling."""

    def __init__(self, catalog: Catalog, *keyed: str) -> None:
        self.clock, self.probed = SetClock(), list[str]()
        self.prober = Prober(RememberingBoard(), Shown(catalog), keyed, self._probe, self.clock, SILENCE_MS)

    async def _probe(self, model: Model) -> Refusal | None:
        self.probed.append(model.id)
        return Refusal("budget_cap_reached", "")

    async def looks(self, times: int) -> list[str]:
        for _ in range(times):
            await self.prober.look()
        return self.probed


async def test_after_a_start_nobody_is_probed_before_the_silence_has_lasted() -> None:
    post = Post(make.catalog(make.model("p/a")))
    assert await post.looks(3) == []
    post.clock.at_ms += SILENCE_MS
    assert await post.looks(1) == ["p/a"]


async def test_each_model_is_probed_once_in_a_silence_even_if_the_probe_was_refused() -> None:
    post = Post(make.catalog(make.model("p/a"), make.model("p/b")))
    post.clock.at_ms += SILENCE_MS
    assert await post.looks(5) == ["p/a", "p/b"]
    post.clock.at_ms += SILENCE_MS
    assert await post.looks(5) == ["p/a", "p/b", "p/a", "p/b"]


async def test_a_provider_whose_key_is_not_set_is_not_probed() -> None:
    keyed, keyless = make.provider("p", key_variable="P_KEY"), make.provider("q", key_variable="Q_KEY")
    post = Post(make.catalog(make.model("p/a"), make.model("q/b"), keyed, keyless), "p")
    post.clock.at_ms += SILENCE_MS
    assert await post.looks(3) == ["p/a"]
