"""The `signalbox` object: every option, strictly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.domain.chat import Options
from proxy.stages.intake.options import NAMES
from tests.stages.intake.requests import chat, param, refusal


def options(**given: Any) -> Options:
    return chat(signalbox=given).options


def wrong(**given: Any) -> str | None:
    return param(signalbox=given)


def test_every_option_is_read() -> None:
    given = {
        "explain": True,
        "mode": "economy",
        "avoid": ["p/a"],
        "only": ["p/b", "p/c"],
        "max_credits": "1.5",
        "allow_downgrade": False,
        "confirm": "call-1",
        "metadata": {"feature": "search box"},
        "conversation_id": "conv-1",
    }
    assert set(given) == NAMES
    assert options(**given) == Options(
        explain=True,
        mode="economy",
        avoid=("p/a",),
        only=("p/b", "p/c"),
        max_credits_milli=1_500,
        allow_downgrade=False,
        confirm="call-1",
        metadata={"feature": "search box"},
        conversation_id="conv-1",
    )


def test_no_options_and_null_options_are_the_defaults() -> None:
    assert chat(signalbox=None).options == options() == options(**dict.fromkeys(NAMES)) == Options()


@pytest.mark.parametrize(
    ("credits", "milli"), [(2, 2_000), (0, 0), (0.0005, 0), (1.9999, 1_999), ("0.001", 1), ("7", 7_000), (1e-5, 0)]
)
def test_a_cap_is_read_in_milli_credits_and_never_stretched(credits: object, milli: int) -> None:
    assert options(max_credits=credits).max_credits_milli == milli


@given(st.integers(0, 10**12), st.integers(0, 999))
def test_a_decimal_string_is_exact(whole: int, thousandths: int) -> None:
    if whole == 10**12:
        thousandths = 0
    assert options(max_credits=f"{whole}.{thousandths:03}").max_credits_milli == whole * 1_000 + thousandths


@pytest.mark.parametrize("credits", [-1, 1e300, 10**13, "-1", "1e3", "", "\u0661", " 1", "1.", True, [1], {}])
def test_a_cap_that_is_no_amount_is_refused(credits: object) -> None:
    assert wrong(max_credits=credits) == "signalbox.max_credits"


@pytest.mark.parametrize("given", [[], "explain", 1])
def test_options_must_be_an_object(given: object) -> None:
    assert param(signalbox=given) == "signalbox"


def test_an_unknown_option_is_refused_and_the_known_ones_are_listed() -> None:
    found = refusal(signalbox={"explains": True})
    assert found.param == "signalbox.explains"
    assert "allow_downgrade" in found.message


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"explain": "yes"}, "signalbox.explain"),
        ({"allow_downgrade": 0}, "signalbox.allow_downgrade"),
        ({"mode": "cheapest"}, "signalbox.mode"),
        ({"mode": ["fast"]}, "signalbox.mode"),
        ({"confirm": ""}, "signalbox.confirm"),
        ({"confirm": 5}, "signalbox.confirm"),
        ({"avoid": "p/a"}, "signalbox.avoid"),
        ({"avoid": ["p/a"] * 65}, "signalbox.avoid"),
        ({"only": ["p/a", "p\x00"]}, "signalbox.only[1]"),
        ({"only": [None]}, "signalbox.only[0]"),
        ({"metadata": []}, "signalbox.metadata"),
        ({"metadata": {f"k{i}": "v" for i in range(17)}}, "signalbox.metadata"),
        ({"metadata": {"two words": "v"}}, "signalbox.metadata"),
        ({"metadata": {"k" * 65: "v"}}, "signalbox.metadata"),
        ({"metadata": {"k": 5}}, "signalbox.metadata.k"),
        ({"metadata": {"k": "a\x00"}}, "signalbox.metadata.k"),
        ({"metadata": {"k": "v" * 257}}, "signalbox.metadata.k"),
    ],
)
def test_a_wrong_option_is_named(given: dict[str, Any], where: str) -> None:
    assert wrong(**given) == where


@pytest.mark.parametrize("given", ["", 7, "a\x00b", "x" * 10_000])
def test_a_conversation_is_named_by_a_plain_word(given: object) -> None:
    assert wrong(conversation_id=given) == "signalbox.conversation_id"
