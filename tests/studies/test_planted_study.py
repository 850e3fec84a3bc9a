"""The study of CONTRIBUTING.md, added to the package and installed by another one, is in all that a report writes."""

import sys
from dataclasses import replace

import pytest
from planted_trainings import plant

from mghp.registry import Entry
from mghp.studies.output_names import present_report
from mghp.studies.parsing.study import STUDY as PARSING
from mghp.studies.registry import STUDIES
from mghp.studies.report import all_tables, write_report

TITLE, QUESTION, ANSWER = "Waiting", "Does a training wait for its data?", "At most 12.5 % of its time (2 trainings)."


@pytest.fixture
def runs(tmp_path):
    shares = {0: 0.125, 1: 0.03}
    folder = tmp_path / "runs"
    return [plant(folder, "waits", "", seed, 0.5, metrics={"time/waiting_share": shares[seed]}) for seed in shares]


@pytest.fixture
def module(snippet_of):
    """What the two sections show: a table, and below it the study."""
    return f"{snippet_of('Adding a table')}\n{snippet_of('Adding a study')}"


def added(module, install, left_as_it_was, monkeypatch):
    """Add it by a line, as a study of the package."""
    left_as_it_was(STUDIES)
    study = type(sys)("waiting")
    monkeypatch.setitem(sys.modules, "waiting", study)
    exec(module.partition("\nSTUDIES.add(")[0], vars(study))
    STUDIES.add(Entry("waiting", "waiting:STUDY", TITLE))


def installed(module, install, left_as_it_was, monkeypatch):
    """Install it as another package's, of which an entry point tells."""
    install(STUDIES, "waiting", "waiting", module)


@pytest.mark.parametrize("plant_it", [added, installed])
def test_a_planted_study_is_reported(plant_it, module, runs, install, left_as_it_was, monkeypatch, tmp_path):
    plant_it(module, install, left_as_it_was, monkeypatch)
    assert STUDIES.names[-1] == "waiting"
    out = tmp_path / "out"
    out.mkdir()
    page = write_report(runs, "planted runs", True, out).read_text()
    assert f"**{QUESTION}** {ANSWER}\n\n" in (out / "answers.md").read_text()
    assert (out / "waiting.md").read_text().endswith("| waits | 0 | 12.5 |\n| waits | 1 | 3.0 |\n")
    section = page.partition(f"<h2>{TITLE}</h2>")[2]
    for text in (QUESTION, ANSWER, 'src="waiting_shares.png"', 'href="waiting.csv"', '<td class="number">12.5</td>'):
        assert text in section
    files = {f"waiting.{ending}" for ending in ("csv", "json", "md", "tex")}
    files |= {f"waiting_shares.{ending}" for ending in ("png", "svg")}
    assert files | {"index.html", "answers.md"} <= set(present_report(out)) == {file.name for file in out.iterdir()}


def test_a_planted_table_stands_below_the_question_that_names_it(snippet_of, runs, monkeypatch):
    names = {}
    exec(snippet_of("Adding a table"), names)
    first, *others = PARSING.questions
    first = replace(first, tables=(*first.tables, names["WAITING"]))
    monkeypatch.setattr("mghp.studies.parsing.study.STUDY", replace(PARSING, questions=(first, *others)))
    tables = {table.name: table for table in all_tables(runs)}
    assert tables["waiting"].cells() == [["waits", "0", "12.5"], ["waits", "1", "3.0"]]
    assert [run.seed for (run,) in tables["waiting"].sources] == [0, 1]
