"""What must come of every fault, said for all of them; and seen of a few of each kind. `make proof` asks for all."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from proxy.simulator.faults import FAULTS
from tests.e2e.harness import House, Simulator, Yard, wrong_in_books
from tests.proofs.faults.case import ask_all, looked_up, prepare
from tests.proofs.faults.cells import Cell, cells
from tests.proofs.faults.expected import WHY, expected
from tests.proofs.faults.heard import Heard

# One of each kind: of connecting, of status, of form, of what is said, of the middle of a stream, of its end.
FEW: Final = ["refused", "server_error", "key_revoked", "context_length", "html_200", "created_201", "only_spaces"]
FEW_STREAMED: Final = ["tool_name_missing", "nothings", "cut", "error_event", "reset_before_end", "bad_chunk"]


def _few() -> list[Cell]:
    """Each in one of its dialects, in turn."""
    names = [*FEW, *FEW_STREAMED]
    return [
        cell
        for cell in cells(names)
        if cell.stream == (cell.row.name in FEW_STREAMED)
        and cell.dialect == sorted(cell.row.dialects)[names.index(cell.row.name) % len(cell.row.dialects)]
    ]


ASKED: Final = _few()


def _name(cell: Cell) -> str:
    return f"{cell.row.name}-{cell.dialect}-{'stream' if cell.stream else 'whole'}-{cell.beside}"


@pytest.fixture(scope="module")
def answers(yard: Yard, spare: Simulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is wrong with each answer; all are asked at once."""
    house = House(yard, tmp_path_factory.mktemp("faults") / "house", (spare, spare), refused_calls_per_minute="100000")
    prepare(house, ASKED, spare, spare)
    house.start()
    heard: list[Heard] = asyncio.run(ask_all(house.url, house.key("user", "ann", "wide"), ASKED))
    seen = looked_up(house, ASKED, heard)
    house.gateway.kill()
    assert wrong_in_books(house.database) == []
    return {_name(one.cell): one.wrong for one in seen}


def test_each_kind_of_fault_comes_to_what_contract_6_says(answers: dict[str, str]) -> None:
    assert {name: wrong for name, wrong in answers.items() if wrong} == {}


def test_beside_a_healthy_model_all_is_whole_but_what_is_meant_or_cannot_be_told() -> None:
    """And of what is not, the page says why."""
    short = {cell.row.name for cell in cells() if cell.beside != "nobody" and expected(cell).says != "all"}
    meant = {row.name for row in FAULTS.values() if row.leaves == "refusal"}
    assert short <= meant | set(WHY)


def test_alone_every_fault_is_an_answer_or_an_error_that_is_not_the_callers() -> None:
    meant = {row.name for row in FAULTS.values() if row.leaves == "refusal"}
    for cell in cells():
        must = expected(cell)
        assert must.says != "beginning" or must.codes
        assert cell.row.name in meant or must.status <= {200, 502, 503, 504}


def test_the_page_of_faults_has_a_line_for_each() -> None:
    page = (Path(__file__).parents[2] / "docs" / "proofs" / "faults.md").read_text()
    assert [name for name in FAULTS if f"| `{name}` |" not in page] == []
