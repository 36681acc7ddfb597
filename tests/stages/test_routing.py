"""The routing report: what belongs together is summed, what is absent says so, and lines stand under their headings."""

from dataclasses import fields, replace
from typing import Any, Final

from proxy.domain.feedback import Opinion
from proxy.domain.rollup import TTFT_BOUNDS_MS, Tally, TallyRow
from proxy.stages import routing

_ZEROS: Final[dict[str, Any]] = {field.name: 0 for field in fields(Tally)}
_NOTHING: Final = Tally(**(_ZEROS | {"ttft_calls": (0,) * (len(TTFT_BOUNDS_MS) + 1)}))
FAMILIES: Final = {"general": "general", "chatty": "general", "coder": "code"}


def tally(group: str, **sums: Any) -> TallyRow:
    return TallyRow(group, replace(_NOTHING, **sums))


def one_first_token(ttft_ms: int) -> dict[str, Any]:
    return {"ttft_ms": ttft_ms, "ttft_calls": (1, *_NOTHING.ttft_calls[1:])}


def test_assistants_of_one_family_are_one_row_a_model() -> None:
    calls = [
        tally("general|p/a", calls_served=2, attempts=3, faults=1, credits_milli=1_500, raw_nano_usd=7, **one_first_token(100)),
        tally("chatty|p/a", calls_served=1, attempts=1, credits_milli=500, raw_nano_usd=3, **one_first_token(300)),
        tally("coder|p/a", calls_served=4, attempts=4),
    ]
    code, general = routing.rows(calls, [], FAMILIES)
    assert (code.family, code.calls, code.ttft_mean_ms) == ("code", 4, None)
    assert (general.family, general.calls, general.attempts, general.failures) == ("general", 3, 4, 1)
    assert (general.credits_milli, general.raw_nano_usd, general.ttft_mean_ms) == (2_000, 10, 200)


def test_thumbs_and_downgrades_stand_beside_the_calls_they_are_about() -> None:
    said = [Opinion("coder", "p/a", ups=3, downs=1), Opinion("coder", "p/a", downgrades=2), Opinion("", "p/a", downs=5)]
    named, code = routing.rows([tally("coder|p/a", calls_served=9)], said, FAMILIES)
    assert (code.thumbs_up, code.thumbs_down, code.downgrades) == (3, 1, 2)
    assert (named.family, named.calls, named.thumbs_down) == ("-", 0, 5), "a model that was named is in no family"


def test_an_assistant_that_is_gone_is_named_by_its_id() -> None:
    (row,) = routing.rows([tally("retired|p/a", calls_served=1)], [], FAMILIES)
    assert row.family == "retired"


def test_calls_that_reached_no_model_are_left_out() -> None:
    assert routing.rows([tally("general|", calls_refused=4)], [], FAMILIES) == []


def test_the_most_called_of_a_family_stand_first() -> None:
    found = routing.rows([tally("coder|p/a", calls_served=1), tally("coder|p/b", calls_served=2)], [], FAMILIES)
    assert [row.model for row in found] == ["p/b", "p/a"]


def test_a_table_has_its_numbers_under_their_headings() -> None:
    made = tally("coder|p/a", calls_served=12, credits_milli=1_500, raw_nano_usd=1_234_567_890)
    head, line = routing.table(routing.rows([made], [], FAMILIES))
    assert line.split() == ["code", "p/a", "12", "1.5", "1.2345", "-", "0", "0", "0", "0"]
    assert [head.index(word) + len(word) for word in ("calls", "credits", "failures", "downgrades")] == [
        line.index("12") + 2,
        line.index("1.5") + 3,
        head.index("failures") + 8,
        len(line),
    ]
    assert routing.table([]) == ["  ".join(routing.HEADINGS)]


def test_programs_read_the_same_numbers() -> None:
    (row,) = routing.as_json(routing.rows([tally("coder|p/a", calls_served=1, credits_milli=1_500)], [], FAMILIES))
    assert (row["family"], row["model"], row["calls"], row["credits"], row["ttft_mean_ms"]) == ("code", "p/a", 1, "1.5", None)
