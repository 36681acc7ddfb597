"""Claims about who has a fault, and when."""

import pytest

from proxy.simulator.behaviour import Chosen
from proxy.simulator.dialects.dialect import DIALECT_NAMES
from proxy.simulator.faults import FAULTS
from proxy.simulator.faults.acts import Break
from proxy.simulator.faults.choosing import (
    MIXED,
    UnknownFaultError,
    act_of,
    falls_on,
    in_prompt,
    mixture,
    read,
    read_in_name,
)


def test_a_fault_is_a_name_and_numbers() -> None:
    wanted = Chosen("cut", {"at": 17}, times=2, percent=50, only="sim-a")
    assert read("cut at=17 times=2 percent=50 only=sim-a") == wanted
    assert read_in_name("cut:at=17:times=2:percent=50:only=sim-a") == wanted
    assert read_in_name("cut.at.17.times.2.percent.50.only.sim-a") == wanted


def test_a_line_of_the_prompt_may_ask_for_one() -> None:
    assert in_prompt("Hello\nsimulator-fault: cut at=3\nbye") == Chosen("cut", {"at": 3})
    assert in_prompt("What is a simulator-fault: cut?") is None


@pytest.mark.parametrize("words", ["", "tpyo", "cut to=5", "cut at", "cut at=-1", "status status=200", "refused"])
def test_a_typo_is_an_error(words: str) -> None:
    with pytest.raises(UnknownFaultError):
        read(words)


def test_it_heals_after_so_many_times() -> None:
    assert [falls_on(Chosen("cut", times=2), "sim", seen) for seen in range(4)] == [True, True, False, False]


def test_a_share_of_calls_has_it_and_always_the_same_ones() -> None:
    chosen = Chosen("cut", percent=50)
    fallen = [falls_on(chosen, "sim", seen) for seen in range(2_000)]
    assert fallen == [falls_on(chosen, "sim", seen) for seen in range(2_000)]
    assert 900 < sum(fallen) < 1_100
    assert not any(falls_on(Chosen("cut", percent=0), "sim", seen) for seen in range(50))


def test_only_models_of_a_name_have_it() -> None:
    chosen = Chosen("cut", only="sim-bad")
    assert falls_on(chosen, "sim-bad--tale=9", 0)
    assert not falls_on(chosen, "sim-good", 0)


def test_numbers_replace_the_usual_ones() -> None:
    assert act_of(Chosen("cut"), "openai", True, 0) == ("cut", Break("cut", 5))
    assert act_of(Chosen("cut", {"at": 17}), "openai", True, 0) == ("cut", Break("cut", 17))


def test_where_a_fault_cannot_show_nothing_is_staged() -> None:
    assert act_of(Chosen("no_done"), "openai", False, 0) == ("no_done", None)
    assert act_of(Chosen("no_done"), "gemini", True, 0) == ("no_done", None)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_the_mixture_holds_whatever_another_provider_could_make_good(dialect: str, stream: bool) -> None:
    name = next(known for known in DIALECT_NAMES if known == dialect)
    mixed = {row.name for row in mixture(name, stream)}
    assert {"reset", "mute", "server_error", "key_limited", "quota_out", "empty"} <= mixed
    assert not mixed & {"bad_request", "content_refused", "deltas_doubled", "drip", "refused"}
    drawn = [act_of(Chosen(MIXED), name, stream, seen) for seen in range(1_000)]
    assert all(act is not None for _, act in drawn)
    assert len({known for known, _ in drawn}) > len(mixed) * 0.9


def test_there_are_rows_for_every_phase() -> None:
    assert {row.phase for row in FAULTS.values()} == {"connect", "headers", "body", "stream"}
