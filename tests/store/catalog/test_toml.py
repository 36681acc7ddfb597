"""Claims about writing rows as TOML: what is written reads back as it was, in the form of the files we ship."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.store.catalog.files import read_files
from proxy.store.catalog.toml import row_text
from tests.architecture.sizes import ROOT

KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
PLAIN = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=12)
)
ROWS = st.dictionaries(KEYS, PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(KEYS, PLAIN, max_size=3), max_size=6)


@given(row=ROWS, tiers=st.lists(st.dictionaries(KEYS, PLAIN, min_size=1, max_size=3), min_size=1, max_size=2))
def test_what_is_written_reads_back_as_it_was(row: dict[str, Any], tiers: list[dict[str, Any]]) -> None:
    row = {**row, "tiers": tiers}
    assert tomllib.loads(row_text("model", row.items()))["model"] == [row]


def test_every_model_we_ship_reads_back_as_it_was() -> None:
    rows = read_files(ROOT / "config").sheet.rows["model"]
    assert rows
    for row in rows.values():
        assert tomllib.loads(row_text("model", row.items()))["model"] == [row]


def test_a_row_is_written_as_a_person_would() -> None:
    text = row_text(
        "model",
        [
            ("id", "p/x"),
            "a comment",
            ("context_tokens_max", 128_000),
            ("prices", {"input": "0.15"}),
            ("tiers", [{"input": "1"}]),
        ],
    )
    assert text == (
        '[[model]]\nid = "p/x"\n# a comment\ncontext_tokens_max = 128_000\nprices = { input = "0.15" }\n'
        '\n[[model.tiers]]\ninput = "1"\n'
    )


def test_a_long_list_stands_line_by_line() -> None:
    names = [f"name-{number:08d}" for number in range(12)]
    text = row_text("model", [("lacks", names)])
    assert text.splitlines()[1:3] == ["lacks = [", '    "name-00000000",']
    assert tomllib.loads(text)["model"] == [{"lacks": names}]
