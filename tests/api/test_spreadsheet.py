"""Claims about CSV: what goes in comes out of a reader, and nothing in it is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api.spreadsheet import csv_response, inert


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n x", "=cmd|' /C calc'!A0", "＝1", "\xa0@x"],  # noqa: RUF001
)
def test_what_a_spreadsheet_would_run_is_made_inert(cell: str) -> None:
    assert inert(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "p/m", "search", "2026-01-01", "a=b", "x-1", "'=1"])
def test_plain_words_stay_as_they_are(cell: str) -> None:
    assert inert(cell) == cell


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), st.integers()), max_size=5))
def test_a_reader_gets_every_cell_back_inert(rows: list[tuple[str, int]]) -> None:
    response = csv_response("report", ("name", "count"), rows)
    assert response.headers["content-disposition"] == 'attachment; filename="report.csv"'
    text = bytes(response.body).decode()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["name", "count"], *([inert(name), str(count)] for name, count in rows)]


def test_a_negative_number_is_no_formula() -> None:
    assert bytes(csv_response("report", ("n",), [(-5,)]).body) == b"n\r\n-5\r\n"
