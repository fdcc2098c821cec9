"""The pages of docs/ are those that the code makes now."""

from pathlib import Path

import pytest

from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.report.explanation import AREAS, by_area, explained
from kubecheck.report.pages import NOTICE, leftovers, pages, write_pages

DOCS = Path(__file__).parents[4] / "docs"
EVERY = explained(load_checks(suites()), all_kinds())
PAGES = pages(EVERY)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_up_to_date(path):
    file = DOCS / path
    assert file.is_file(), "renew the pages: make docs"
    assert file.read_text(encoding="utf-8") == PAGES[path], "renew the pages: make docs"


def test_no_page_is_left_of_what_is_no_more():
    assert leftovers(EVERY, DOCS) == []


def test_everything_has_its_place():
    for each in EVERY:
        page = PAGES[f"checks/{each.area}.md" if each.area else "causes.md"]
        assert f"\n## {each.own_name}\n" in page
        assert f"(#{each.own_name})" in page


def test_every_area_is_told_in_words():
    assert set(by_area(EVERY)) == set(AREAS)


def test_pages_of_gone_areas_are_removed_and_others_are_kept(tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/old.md").write_text(f"{NOTICE}\nold")
    (tmp_path / "checks/notes.md").write_text("written by hand")
    write_pages(EVERY, tmp_path)
    assert {path.name for path in (tmp_path / "checks").iterdir()} == {
        "notes.md",
        *(Path(path).name for path in PAGES if path.startswith("checks/")),
    }


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.name)
def test_an_explanation_is_whole(each):
    assert each.title
    assert each.what
    assert each.source
    assert each.remedy
    assert each.at if each.area else each.confirm
