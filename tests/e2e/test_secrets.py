"""No secret of a provider is found anywhere: neither its key and address, nor what it says of itself."""

import pytest

from tests.e2e.dialects import DIALECTS
from tests.e2e.gossip import PATH
from tests.e2e.harness import Simulator, Yard
from tests.e2e.planted import HEADER, KEYS, PLACES, Found, planted

# All manners are gone through in the proofs.
MANNERS = ("status-401", "status-500", "html", "event", "garbled", "well")


@pytest.fixture(scope="module")
def found(yard: Yard, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Found:
    return planted(yard, tmp_path_factory.mktemp("gossip") / "home", spare, MANNERS)


def test_the_secrets_were_really_planted(found: Found) -> None:
    assert {PATH, HEADER, *KEYS.values()} <= {secret for secret in found.secrets if secret in found.asked}
    assert all(found.asked.count(manner) >= len(DIALECTS) for manner in MANNERS)
    assert sum("hello" in text for text in found.told["user"] if text.startswith("200")) >= 2 * len(DIALECTS)
    assert sum(text.startswith("200") for text in found.told["admin"]) > len(found.told["admin"]) / 2


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_of_a_provider_is_found(found: Found, place: str) -> None:
    assert found.told[place]
    assert found.leaks(place) == []
