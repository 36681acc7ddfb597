"""Lessons from a table: what is read, what is refused and where, and that the catalog reads what is written."""

from pathlib import Path

import pytest

from proxy.domain.learned import Lesson
from proxy.learning.written import WrittenLessons, file_text
from proxy.store.catalog.build import load
from proxy.store.catalog.sheet import LEARNED_FILE
from tests.store.catalog.folder import folder

TABLE = "model,family,quality,calls\np/small,code,0.9,120\np/large,code,0.25,80\np/large,general,1,3\n"


def test_a_table_is_read_by_the_names_of_its_columns() -> None:
    assert WrittenLessons(TABLE).lessons() == (
        Lesson("code", "p/small", 0.9),
        Lesson("code", "p/large", 0.25),
        Lesson("general", "p/large", 1.0),
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ("family,model\ncode,p/small\n", "line 1"),
        ("family,model,quality\ncode,p/small,0.5\ncode,p/large,good\n", "line 3"),
        ("family,model,quality\ncode,p/small,1.01\n", "line 2"),
        ("family,model,quality\ncode,p/small,nan\n", "line 2"),
        ("family,model,quality\n,p/small,0.5\n", "line 2"),
        ("family,model,quality\ncode,p/small\n", "line 2"),
    ],
)
def test_what_says_no_quality_is_refused_with_its_line(text: str, where: str) -> None:
    with pytest.raises(ValueError, match=where):
        WrittenLessons(text).lessons()


def test_the_catalog_reads_what_is_written(tmp_path: Path) -> None:
    home = folder(tmp_path)
    (home / LEARNED_FILE).write_text(file_text(WrittenLessons(TABLE).lessons()), encoding="utf-8")
    assert load(home).learned.quality == {"code": {"p/small": 0.9, "p/large": 0.25}, "general": {"p/large": 1.0}}
