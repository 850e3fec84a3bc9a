import json

import pytest

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.gallery.cases import CAUSES, KINDS, read_cases
from mghp.pictures.style import save_drawings
from mghp.report.study import MOST_WORDS
from mghp.runs.read import Run
from mghp.studies.failures.figures import failure_drawings, failure_figure, mending_figure, worst_figure
from mghp.studies.failures.study import answer
from mghp.studies.failures.tables import KINDS_AND_CAUSES, KINDS_AND_TAGS, failure_groups
from mghp.studies.speed.made_cases import made_run


@pytest.fixture
def runs(tmp_path):
    """Two seeds of one experiment, and a run without cases."""

    def run(name, experiment, metrics, scene="hard"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.yaml").write_text(f"data: {{name: synthetic, synthetic: {{scene: {scene}}}}}")
        content = {"metrics": metrics, "experiment": experiment, "variant": "full", "seed": int(name[-1])}
        (folder / "result.json").write_text(json.dumps(content))
        return Run(folder)

    counts = [
        {"failures/persons": 10, "failures/right": 6, "failures/missed": 3, "failures/missed/keypoints": 2,
         "failures/missed/other": 1, "failures/spurious": 1, "failures/spurious/limbs": 1},
        {"failures/persons": 30, "failures/right": 29, "failures/missed": 1, "failures/missed/keypoints": 1},
    ]  # fmt: skip
    every = ("missed", "merged", "split", "left_right", "wrong_person", "wrong_part", "spurious")
    causes = ("parts", "keypoints", "limbs", "field", "several", "other")
    zero = {f"failures/{kind}{cause}": 0 for kind in every for cause in ("", *(f"/{name}" for name in causes))}
    some = [run(f"seed{seed}", "crowd_failures", zero | count) for seed, count in enumerate(counts)]
    return [*some, run("other5", "crowd", {"val/grouping": 0.7})]


def test_persons_are_counted_by_kind_and_by_what_mends_them(runs):
    table = KINDS_AND_CAUSES.filled(runs)
    by_kind = {row["kind"]: row for row in table.rows}
    assert by_kind["missed"]["persons"] == 4
    assert by_kind["missed"]["persons [%]"] == pytest.approx(10)
    assert by_kind["missed"]["true keypoints"] == 3
    assert by_kind["missed"]["nothing"] == 1
    assert by_kind["spurious"]["true limbs"] == 1
    assert by_kind["right"]["persons [%]"] == pytest.approx(87.5)
    assert {row["experiment"] for row in table.rows} == {"crowd"}
    assert all(row["seeds"] == 2 and len(of) == 2 for row, of in zip(table.rows, table.sources, strict=True))


def test_cases_are_counted_by_tag_and_drawn(tmp_path):
    made = made_run(Config(experiment="made_up", runs=str(tmp_path)), 64)
    cases = read_cases(made)
    rows = {row["tag"]: row for row in KINDS_AND_TAGS.filled([Run(made)]).rows}
    assert rows["all"]["cases"] == 64
    assert rows["all"]["missed"] == pytest.approx(100 / 8)
    assert rows["upside down"]["cases"] == sum("upside_down" in case["tags"] for case in cases.cases)
    assert sum(rows["dim"][words] for words in KINDS.values()) == pytest.approx(100)
    worst = worst_figure(cases, 3)
    shown = [axes.get_title() for axes in worst.axes if axes.images]
    assert len(shown) == 3 * len(cases.tags)
    assert not any(title.startswith("right") for title in shown)
    dots = sorted(line.get_xdata()[0] for line in mending_figure(cases).axes[0].lines)
    by_cause = [[case["score"] for case in cases.cases if case["cause"] == cause] for cause in CAUSES]
    assert dots == pytest.approx(sorted(sum(scores) / len(scores) for scores in by_cause))


@pytest.fixture
def photographs_run(runs, tmp_path):
    """A run on photographs that counted three persons and shows nobody."""
    folder = tmp_path / "photos0"
    (folder / "media").mkdir(parents=True)
    splits = "splits: {validation: val}"
    (folder / "config.yaml").write_text(f"data: {{name: folder, root: ../shared/persons, {splits}}}")
    metrics = dict.fromkeys(runs[0].result["metrics"], 0)
    metrics |= {"failures/persons": 2, "failures/right": 1, "failures/left_right": 1, "failures/left_right/parts": 1}
    content = {"metrics": metrics, "experiment": "photographs_failures", "variant": "", "seed": 0}
    (folder / "result.json").write_text(json.dumps(content))
    (folder / "media" / "failures.csv").write_text(
        "picture,true_person,kind,cause,score,tags\n01,0,left_right,parts,0.2,dim overlap\n"
        "01,1,right,,0.9,overlap\n01,,spurious,keypoints,0.0,\n"
    )
    return Run(folder)


def test_all_persons_of_photographs_are_counted_by_tag_though_none_is_shown(photographs_run):
    rows = {row["tag"]: row for row in KINDS_AND_TAGS.filled([photographs_run]).rows}
    assert [(tag, row["cases"]) for tag, row in rows.items()] == [("all", 3), ("dim", 1), ("overlap", 2)]
    assert rows["overlap"]["sides swapped"] == rows["overlap"]["right"] == 50
    assert rows["all"]["pictures"] == "persons val"


def test_photographs_stand_beside_rendered_pictures_under_their_own_name(runs, photographs_run):
    both = [*runs, photographs_run]
    groups = [(group.pictures, group.name) for group in failure_groups(both)]
    assert groups == [("hard", "crowd_full_hard"), ("persons val", "photographs_persons_val")]
    assert answer(both) == (
        "Most frequent on hard: 'missed' (80 %), mended by true keypoints; "
        "persons val: 'sides swapped' (100 %), mended by true parts."
    )
    assert len(answer(both).split()) <= MOST_WORDS


def test_runs_without_cases_fill_nothing(runs, tmp_path):
    assert KINDS_AND_CAUSES.filled(runs[2:]).rows == []
    assert failure_drawings(runs[2:]) == {}


def test_the_figure_has_a_bar_of_every_kind_and_cause(runs, tmp_path):
    figure = failure_figure(failure_groups(runs)[0].runs)
    axes = figure.axes[0]
    assert len(axes.patches) == 7 * 6
    widths = sum(patch.get_width() for patch in axes.patches)
    assert widths == pytest.approx(100 * 5 / 40)
    files = save_drawings(failure_drawings(runs), tmp_path / "out")
    assert [file.name for file in files] == ["failures_crowd_full_hard.png", "failures_crowd_full_hard.svg"]


def test_other_pictures_are_a_group_of_their_own(runs):
    other = runs[1].path / "config.yaml"
    other.write_text(other.read_text().replace("hard", "crossing"))
    groups = failure_groups(runs)
    assert [(group.name, len(group.runs)) for group in groups] == [("crowd_full_hard", 1), ("crowd_full_crossing", 1)]
    assert [row["persons"] for row in KINDS_AND_CAUSES.filled(runs).rows if row["kind"] == "missed"] == [3, 1]


def test_two_runs_of_one_seed_are_told(runs):
    result = runs[1].path / "result.json"
    result.write_text(result.read_text().replace('"seed": 1', '"seed": 0'))
    with pytest.raises(InputError, match=r"seed0 and .*seed1: two runs of one seed"):
        failure_groups([Run(run.path) for run in runs])


def test_the_answer_names_the_frequent_kind_and_what_mends_most(runs):
    assert answer(runs) == (
        "35 of 40 persons are right; most failures are 'missed' (80 %); most are mended by true keypoints (60 %) "
        "(2 seeds)."
    )
    assert "one seed: no evidence" in answer(runs[:1])
    assert answer(runs[2:]) == ""
