import json

import pytest

from mghp.report.page.exhibit import Exhibit, Section
from mghp.report.page.write import LONG, Report, write_page
from mghp.report.table import Table
from mghp.runs.read import Run
from mghp.studies.filled import every_table
from mghp.studies.report import write_readings
from mghp.studies.sections import SECTIONS

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    about = {
        "metrics": {}, "experiment": HOSTILE, "variant": "", "seed": 3, "commit": "0123456789abcdef", "key": "k",
        "uncommitted_changes": True, "machine": "x86_64, 2 cores", "wall_seconds": 1800,
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(about))
    return Run(folder)


@pytest.fixture
def report(run, tmp_path):
    table = Table("T1", f"About {HOSTILE}", {"name": "", "score": ".2f"}, best={(0, "score")})
    table.add({"name": HOSTILE, "score": 0.5}, run)
    table.add({"name": "other", "score": 0.25}, run)
    files = [tmp_path / "out" / name for name in ("curve_a.png", "curve_a.svg", "gallery/run-0/index.html")]
    files[-1].parent.mkdir(parents=True)
    files[-1].write_text("<title>failures of &lt;run&gt; 0</title>")
    return Report("smoke", False, [run], [table], files)


def page_of(report, tmp_path, *exhibits):
    (tmp_path / "out").mkdir(exist_ok=True)
    return write_page(report, [Section("A section", exhibits)], tmp_path / "out").read_text()


def test_an_exhibit_shows_its_table_figures_galleries_and_readings(report, tmp_path):
    exhibit = Exhibit(
        "Does it?", lambda runs: [f"Yes, {len(runs)} run."], ("T1",), {"curve_": "A curve"}, ("gallery/",)
    )
    page = page_of(report, tmp_path, exhibit)
    for text in (
        "Does it?", "Yes, 1 run.", 'src="curve_a.png"', "A curve: a.", 'href="curve_a.svg"', 'href="T1.csv"',
        "Failures of &lt;run&gt; 0",
    ):  # fmt: skip
        assert text in page
    assert "<b>0.50</b>" in page
    assert "<b>0.25</b>" not in page
    assert "0123456789 (with uncommitted changes)" in page
    assert '<td class="number">30.0</td>' in page  # minutes
    assert "<dt>coupling</dt>" in page
    assert "rows: scroll" not in page


def test_what_is_not_there_is_left_out(report, tmp_path):
    empty = Exhibit("Nothing?", lambda runs: ["A sentence."], ("T2",), {"map_": "A map"}, ("other/",))
    page = page_of(report, tmp_path, empty)
    assert "Nothing?" not in page
    assert "A section" not in page


def test_every_string_is_escaped(report, tmp_path):
    page = page_of(report, tmp_path, Exhibit("Does it?", lambda runs: [HOSTILE], ("T1",)))
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") == 4  # caption, cell, sentence, provenance


def test_a_demonstration_is_called_one_and_evidence_is_not(report, tmp_path):
    exhibit = Exhibit("Does it?", lambda runs: [], ("T1",))
    assert "demonstration" in page_of(report, tmp_path, exhibit)
    standard = Report("standard", True, report.runs, report.tables, report.files)
    assert "demonstration" not in page_of(standard, tmp_path, exhibit)


def test_no_table_or_question_stands_twice():
    exhibits = [exhibit for section in SECTIONS for exhibit in section.exhibits]
    tables = [name for exhibit in exhibits for name in exhibit.tables]
    assert len(set(tables)) == len(tables)
    assert len({exhibit.question for exhibit in exhibits}) == len(exhibits)


def test_every_table_has_its_place():
    shown = {name for section in SECTIONS for exhibit in section.exhibits for name in exhibit.tables}
    named = [table.name for table in every_table([])]
    assert set(named) == shown
    assert len(set(named)) == len(named)


def test_a_long_table_says_how_long_it_is(run, report, tmp_path):
    for _ in range(LONG):
        report.tables[0].add({"name": "more", "score": 0.0}, run)
    page = page_of(report, tmp_path, Exhibit("Does it?", lambda runs: [], ("T1",)))
    assert f"({LONG + 2} rows: scroll in the box.)" in page


def test_readings_of_nothing_are_no_file(tmp_path):
    assert write_readings([], tmp_path) == []
    assert not list(tmp_path.iterdir())
