"""Claims about the words of `check --live`: there are some for every fault and every step on the way, and no secret in any."""

from typing import get_args

import pytest

from proxy.domain.errors import Fault, FaultKind
from proxy.inquiry import words
from proxy.upstream.reach import Reach
from tests.builders import model, provider

SHY = provider("p", base_url="https://api.example/secret-path/v1", key_variable="P_KEY")


@pytest.mark.parametrize("kind", get_args(FaultKind))
@pytest.mark.parametrize("status", [None, 400, 404, 429, 503])
@pytest.mark.parametrize("named", [True, False])
def test_every_fault_has_words_and_a_way_out(kind: FaultKind, status: int | None, named: bool) -> None:
    text = words.failure(SHY, Fault(kind, status=status, param="tools"), model("p/m") if named else None)
    assert text.endswith(".")
    assert "{" not in text
    assert len(text.split(". ")) >= 2 or ":" in text
    assert "secret-path" not in text


@pytest.mark.parametrize("step", get_args(Reach))
def test_every_step_on_the_way_has_words(step: Reach) -> None:
    text = words.failure(SHY, Fault("connect"), model("p/m"), step)
    assert text.startswith("address cannot be reached: ")
    assert "api.example" in text
    assert "secret-path" not in text


def test_tls_is_named_apart() -> None:
    for step in ("untrusted", "no_tls"):
        assert "TLS" in words.failure(SHY, Fault("connect"), None, step)


def test_a_provider_that_asks_for_a_key_nobody_named_is_told_how() -> None:
    assert "key_variable" in words.failure(provider("p"), Fault("our_key", status=401), model("p/m"))


@pytest.mark.parametrize(
    ("nano_usd", "text"), [(0, "$0"), (1, "$0.000000001"), (5_440, "$0.00000544"), (10**9, "$1"), (2_500_000_000, "$2.5")]
)
def test_fractions_of_a_cent_are_written_in_full(nano_usd: int, text: str) -> None:
    assert words.dollars(nano_usd) == text
