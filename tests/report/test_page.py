import json
import re

import pytest
from PIL import Image

from mghp.report.page.write import LONG, Report, write_page
from mghp.report.study import Question, Study
from mghp.report.table import Column, Table, TableOf
from mghp.runs.read import Run

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


def shown(text, answer="", table="T1", **others):
    """A question below which the table of this name stands."""
    declared = TableOf(table, "", Column("name", str), rows=lambda runs: [])
    return Question(text, lambda runs: answer, (declared,), **others)


def page_of(report, tmp_path, *questions):
    (tmp_path / "out").mkdir(exist_ok=True)
    return write_page(report, {"A section": Study(questions)}, tmp_path / "out").read_text()


def test_a_question_shows_its_answer_table_figures_and_galleries(report, tmp_path):
    question = shown("Does it?", "Yes, one run.", figures={"curve_": "A curve"}, galleries=("gallery/",))
    page = page_of(report, tmp_path, question)
    for text in (
        "Does it?", "Yes, one run.", 'src="curve_a.png"', "A curve: a.", 'href="curve_a.svg"', 'href="T1.csv"',
        "Failures of &lt;run&gt; 0",
    ):  # fmt: skip
        assert text in page
    assert "<b>0.50</b>" in page
    assert "<b>0.25</b>" not in page
    assert "0123456789 (with uncommitted changes)" in page
    assert '<td class="number">30.0</td>' in page  # minutes
    assert "<dt>coupling</dt>" in page


def test_answers_stand_first_and_lead_to_their_questions(report, tmp_path):
    page = page_of(report, tmp_path, shown("Does it?", "Yes."), shown("Does that?"))
    answers, rest = page.split("</section>", 1)
    assert '<a href="#does-it">Does it?</a></h3>\n<p class="answer">Yes.</p>' in answers
    assert "Does that?" not in answers
    assert '<article id="does-it">' in rest
    assert '<p class="answer">Yes.</p>' in rest
    assert '<a href="#s1">A section</a>' in rest
    assert '<section id="s1">' in rest
    assert 'class="answers"' not in page_of(report, tmp_path, shown("Does that?"))


def test_an_answer_opens_with_its_first_figure_and_the_section_has_all_of_them(report, tmp_path):
    files = [tmp_path / "out" / f"{name}.png" for name in ("curve_a", "curve_b", "map")]
    with_more = Report("smoke", False, report.runs, report.tables, files)
    question = shown("Does it?", "Yes.", figures={"map": "A map", "curve_": "A curve"})
    answers, rest = page_of(with_more, tmp_path, question).split("</section>", 1)
    assert re.findall('src="(.*?)"', answers) == ["map.png"]
    assert re.findall('src="(.*?)"', rest) == ["map.png", "curve_a.png", "curve_b.png"]
    assert "<summary>A curve: 1 more</summary>" in rest


def test_tables_are_folded_under_the_first_sentence_of_their_caption(run, tmp_path):
    table = Table("T1", "Scores of all. Their words follow. So do more.", {"name": ""})
    table.add({"name": "one"}, run)
    page = page_of(Report("smoke", False, [run], [table], []), tmp_path, shown("Does it?", "Yes."))
    folded = page[page.index('<details class="of-table">') : page.index("</table>")]
    assert "<summary><b>T1</b> Scores of all (1 row)</summary>" in folded
    assert '<p class="caption">Their words follow. So do more.</p>' in folded
    assert "<details open" not in folded


def test_what_is_not_there_is_left_out(report, tmp_path):
    empty = shown("Nothing?", "", "T2", figures={"map_": "A map"}, galleries=("other/",))
    page = page_of(report, tmp_path, empty)
    assert "Nothing?" not in page
    assert "A section" not in page


def test_an_answer_is_shown_where_nothing_else_is_there(report, tmp_path):
    page = page_of(report, tmp_path, shown("Nothing?", "A sentence.", "T2"))
    assert page.count("A sentence.") == 2


def test_every_string_is_escaped(report, tmp_path):
    page = page_of(report, tmp_path, shown("Does it?", HOSTILE))
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") == 5  # caption, cell, answer twice, provenance


def test_a_demonstration_is_called_one_and_evidence_is_not(report, tmp_path):
    assert "demonstration" in page_of(report, tmp_path, shown("Does it?"))
    standard = Report("standard", True, report.runs, report.tables, report.files)
    assert "demonstration" not in page_of(standard, tmp_path, shown("Does it?"))


def test_a_long_table_says_how_long_it_is_and_scrolls_in_its_box(run, report, tmp_path):
    short = page_of(report, tmp_path, shown("Does it?"))
    for _ in range(LONG):
        report.tables[0].add({"name": "more", "score": 0.0}, run)
    page = page_of(report, tmp_path, shown("Does it?"))
    assert f"({LONG + 2} rows)" in page
    assert 'class="table long"' in page
    assert 'class="table long"' not in short


@pytest.fixture
def wide_page(run, tmp_path):
    """A page with a wide figure and a table of many columns."""
    file = tmp_path / "out" / "map.png"
    file.parent.mkdir()
    Image.new("RGB", (1400, 500), "white").save(file)
    table = Table("T1", "Scores.", {f"column {k}": ".2f" for k in range(20)})
    table.add({f"column {k}": 0.5 for k in range(20)}, run)
    page_of(
        Report("smoke", True, [run], [table], [file]), tmp_path, shown("Does it?", "Yes.", figures={"map": "A map"})
    )
    return file.with_name("index.html").resolve().as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_and_a_figure_lies_on_a_light_card(chromium, wide_page, scheme):
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    chromium.get(wide_page)
    chromium.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
    assert chromium.execute_script("return document.documentElement.scrollWidth") == 390
    # What is wider than the screen scrolls in a box of its own.
    ends = "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > 390)"
    assert chromium.execute_script(f"return {ends}.every(one => one.closest('.table'))")
    assert chromium.execute_script("return document.images.length") == 2
    grounds = (
        "[document.body, ...document.querySelectorAll('.sheet')].map(one => getComputedStyle(one).backgroundColor)"
    )
    body, *cards = chromium.execute_script(f"return {grounds}")
    assert (body == "rgb(255, 255, 255)") == (scheme == "light")
    assert all(min(map(int, re.findall("[0-9]+", card))) > 220 for card in cards)
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
