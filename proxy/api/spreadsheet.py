"""Rows of a report in, the same as CSV out (RFC 4180): no cell of it is anything a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import Response

# What begins a formula, in half and in full width, once a spreadsheet has taken off what it takes for blanks.
_FORMULA: Final = tuple("=+-@＝＋－＠")  # noqa: RUF001
_BLANK: Final = " \t\r\n\v\f\x00\xa0"


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Response:
    """A file to save as `name`.csv. Numbers stand as they are, words are made inert."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([inert(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue(), headers=headers, media_type="text/csv")


def inert(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell[:1] in tuple("\t\r\n") or cell.lstrip(_BLANK).startswith(_FORMULA) else cell
