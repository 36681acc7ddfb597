"""Claims about the table as a whole: every fault shows wherever it says so, and leaves what it says."""

import re
from pathlib import Path
from typing import Final

import pytest

from proxy.simulator.dialects.dialect import DIALECT_NAMES, DialectName
from proxy.simulator.faults import FAULTS
from proxy.simulator.faults.acts import Row
from proxy.simulator.faults.listing import modes, page
from proxy.simulator.tale import tale
from tests.simulator.speak import ASKED, WORDS, Got, call_bytes, got

STAGED: Final = [name for name, row in FAULTS.items() if not row.door]
# What would take too long to wait for as it is.
_HURRIED: Final = {
    "drip": "drip gap_ms=1",
    "first_token_late": "first_token_late after_ms=1",
    "gzip_bomb": "gzip_bomb mebibytes=1",
}
# In time, on the connection, or only in a long answer.
_SHOWN_ELSEWHERE: Final = ("dead_next", "silent_close", "first_token_late", "drip", "trailers", "blocks")
# The plain reader of these tests does not read them.
_READ_ELSEWHERE: Final = frozenset(
    {"many_lines", "gzip", "gzip_bomb", "cr", "mixed_ends", "no_space", "two_spaces", "json_for_stream", "content_list"}
    | {"word_after_end"}
)
PLAINLY_READ: Final = [
    name
    for name, row in FAULTS.items()
    if row.stream is not None and "openai" in row.dialects and row.needs is None and name not in _READ_ELSEWHERE
]
_PAGE: Final = Path(__file__).parents[3] / "docs" / "faults.md"


def shape(answer: Got) -> tuple[object, ...]:
    """An answer without what differs between two healthy ones."""
    body = re.sub(rb'sim\d+|"created":\d+', b"", b"\x00".join(answer.chunks))
    headers = {name: value for name, value in answer.headers.items() if name not in ("x-request-id", "content-length")}
    return answer.status, headers, body, answer.ended_properly, answer.end


async def staged(url: str, name: str, dialect: DialectName, mode: str) -> Got:
    row = FAULTS[name]
    asked = _HURRIED.get(name, name)
    return await got(
        url, call_bytes(dialect, mode == "stream", tools=bool(row.needs), model=_model(row), x_simulator_fault=asked)
    )


def _model(row: Row) -> str:
    return "sim-small" if row.needs else f"sim--tale={WORDS}"


@pytest.mark.parametrize("name", [name for name in STAGED if name not in _SHOWN_ELSEWHERE])
async def test_a_fault_shows_in_every_mode_and_dialect_it_names(url: str, name: str) -> None:
    row = FAULTS[name]
    for mode in modes(row):
        for dialect in DIALECT_NAMES:
            if dialect in row.dialects:
                sent = call_bytes(dialect, mode == "stream", tools=bool(row.needs), model=_model(row))
                healthy = await got(url, sent)
                assert shape(await staged(url, name, dialect, mode)) != shape(healthy), (mode, dialect)


@pytest.mark.parametrize("name", PLAINLY_READ)
async def test_what_a_fault_leaves_of_a_stream_is_what_it_says(url: str, name: str) -> None:
    row, expected = FAULTS[name], tale(ASKED, WORDS).split()
    said = (await staged(url, name, "openai", "stream")).said.split()
    match row.leaves:
        case "whole":
            assert [word for word in said if word in expected][: len(expected)] == expected
        case "part":
            assert said == expected[: len(said)]
            assert said or name == "role_odd"
        case "nothing":
            assert name in ("finish_error", "gzip_false", "encoding_unknown", "json_lines") or not "".join(said).strip()


def test_every_sentence_is_one_and_no_two_are_the_same() -> None:
    sentences = [row.says for row in FAULTS.values()]
    assert len(set(sentences)) == len(sentences)
    assert all(says[-1] == "." and "\n" not in says for says in sentences)


def test_names_are_words_that_a_model_name_can_hold() -> None:
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in FAULTS)


def test_the_page_in_docs_is_the_table() -> None:
    assert _PAGE.read_text() == page()
