"""Learned quality as a part of the catalog: where it stands, what it changes of a revision, and that it comes back with one."""

from pathlib import Path

import pytest

from proxy.store.catalog.build import build, load, rebuild
from proxy.store.catalog.files import read_files
from proxy.store.catalog.mistakes import CatalogMistakes
from tests.store.catalog.folder import folder

LESSON = '[[learned]]\nfamily = "code"\nmodel = "p/small"\nquality = 0.9\n'


def test_a_lesson_counts_instead_of_the_models_own_row(tmp_path: Path) -> None:
    plain, taught = load(folder(tmp_path / "plain")), load(folder(tmp_path / "taught", learned=LESSON))
    small = taught.models["p/small"]
    assert (plain.quality(small, "code"), taught.quality(small, "code"), taught.quality(small, "text")) == (None, 0.9, None)


def test_lessons_have_a_revision_and_make_another_catalog_of_it(tmp_path: Path) -> None:
    plain, taught = load(folder(tmp_path / "plain")), load(folder(tmp_path / "taught", learned=LESSON))
    other = load(folder(tmp_path / "other", learned=LESSON.replace("0.9", "0.8")))
    assert plain.learned.revision == ""
    assert len({plain.revision, taught.revision, other.revision}) == 3
    assert taught.learned.revision != other.learned.revision


def test_a_snapshot_brings_its_own_lessons_back(tmp_path: Path) -> None:
    files = read_files(folder(tmp_path / "taught", learned=LESSON))
    built = build(files.sheet, files, {})
    again = rebuild(built.content, load(folder(tmp_path / "plain")), {})
    assert (again.learned, again.revision) == (built.catalog.learned, built.catalog.revision)


def test_a_lesson_about_a_model_that_is_gone_harms_nothing(tmp_path: Path) -> None:
    gone = load(folder(tmp_path, learned=LESSON.replace("p/small", "p/gone")))
    assert gone.learned.quality == {"code": {"p/gone": 0.9}}


def test_a_lesson_that_says_nothing_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(CatalogMistakes, match=r"learned\[0\]\.quality: must be at most 1"):
        load(folder(tmp_path, learned=LESSON.replace("0.9", "9")))
