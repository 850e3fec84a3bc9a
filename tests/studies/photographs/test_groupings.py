"""Ways to group pixels, of made-up evaluations: four starts of two folds, ten crowds each."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from mghp.errors import InputError
from mghp.report.study import MOST_WORDS
from mghp.runs.read import Run
from mghp.studies.photographs import groupings
from mghp.studies.photographs.study import STUDY, drawings

STARTS = [(fold, seed) for fold in ("fold_a", "fold_b") for seed in (0, 1)]
PIXELS = 1000
ORACLES = ("predicted", "true_poses", "true_projection")


@pytest.fixture
def plant(tmp_path):
    """Plants runs of one way to group pixels, one a start, that are right on these shares of the pixels."""

    def plant_way(share, experiment=groupings.STARTS, variant="", starts=STARTS, **assembly):
        runs = []
        for place, (fold, seed) in enumerate(starts):
            folder = tmp_path / f"{experiment}-{variant}-{sorted(assembly.items())}-{fold}-{seed}".replace("/", "")
            (folder / "media").mkdir(parents=True)
            network = {"levels": 3, "weights": f"runs/photographs_starts/{fold}-{seed}" if variant else None}
            config = {"data": {"name": "folder", "root": "x"}, "assembly": assembly, "network": network}
            (folder / "config.yaml").write_text(yaml.safe_dump(config))
            value = share + 0.002 * place
            metrics = {f"oracle/{oracle}/{name}": value for oracle in ORACLES for name in
                       ("owner_accuracy", "contested_owner_accuracy", "coverage")}  # fmt: skip
            told = {"experiment": experiment, "variant": variant or fold, "seed": 0 if variant else seed}
            (folder / "result.json").write_text(json.dumps({**told, "metrics": metrics | {"val/coverage": 0.5}}))
            rng = np.random.default_rng(place // 2)
            right = (PIXELS * (value + rng.normal(0, 0.05, 10))).round()
            rows = {"right": right, "labelled": PIXELS, "contested_right": right, "contested": PIXELS, "human": PIXELS}
            names = [f"{fold}_{number}" for number in range(10)]
            tables = [pd.DataFrame({"name": names, "group": "crowds", "oracle": one, **rows}) for one in ORACLES]
            lonely = pd.DataFrame(
                {"name": ["alone"], "group": "singles", "oracle": "predicted", **dict.fromkeys(rows, 0)}
            )
            pd.concat([*tables, lonely]).to_csv(folder / "media" / "oracles.csv", index=False)
            runs.append(Run(folder))
        return runs

    return plant_way


@pytest.fixture
def planted(plant):
    ways = {"field": 0.7, "nearest": 0.6, "center": 0.695, "hybrid": 0.8}
    runs = [run for name, share in ways.items() for run in plant(share, grouping=name)]
    runs += plant(0.69, grouping="field", levels=1)
    return runs + [run for name in ("field", "center") for run in plant(0.7, groupings.APART, name, grouping=name)]


def test_each_way_has_a_row_with_its_scores_over_starts(planted):
    rows = groupings.GROUPINGS.filled(planted).rows
    assert [row["way"] for row in rows] == [
        "field at 1 level", "field over 3 levels", "nearest keypoint", "person centre and offset",
        "regressed keypoints, field", "field alone", "centre alone",
    ]  # fmt: skip
    assert {row["starts"] for row in rows} == {4}
    assert rows[1]["contested owner accuracy, end to end"].mean == pytest.approx(0.703)


def test_differences_are_paired_by_start_and_told_by_one_rule(planted):
    rows = groupings.DIFFERENCES.filled(planted).rows
    found = {(row["field"], row["against"]): row["contested owner accuracy, true persons"] for row in rows}
    assert {names[1]: (round(cell.difference.mean, 3), cell.verdict) for names, cell in found.items()} == {
        "nearest keypoint": (0.1, "better"),
        "field at 1 level": (0.01, "better"),
        "person centre and offset": (0.005, "better"),
        "regressed keypoints, field": (-0.1, "worse"),
        "centre alone": (0.0, "no effect"),
    }
    assert {row["starts"] for row in rows} == {4}


def test_answers_and_the_figure_tell_the_field_s_differences(planted):
    first, second = groupings.answer_on_refinement(planted), groupings.answer_on_centers(planted)
    assert first.startswith("Contested pixels, end to end, against nearest keypoint +10.0 [")
    assert "regressed keypoints, field -10.0 [" in second
    assert max(len(text.split()) for text in (first, second)) <= MOST_WORDS
    figure = drawings(planted)["groupings"]()
    assert len(figure.axes[0].get_yticklabels()) == 10


def test_without_runs_there_is_nothing(plant):
    assert groupings.answer_on_refinement([]) == groupings.answer_on_centers([]) == ""
    assert not groupings.grouping_drawings(plant(0.5, grouping="nearest"))
    assert groupings.DIFFERENCES.filled([]).rows == []


def test_starts_and_their_ways_are_no_rows_of_other_tables(planted):
    of_groupings = {groupings.GROUPINGS.name, groupings.DIFFERENCES.name}
    filled = {table.name for table in STUDY.tables if table.filled(planted).rows}
    assert filled == of_groupings


def test_one_start_is_no_evidence(plant):
    runs = [run for name in ("field", "nearest") for run in plant(0.5, starts=STARTS[:1], grouping=name)]
    (row,) = groupings.DIFFERENCES.filled(runs).rows
    assert row["owner accuracy, end to end"].verdict == "one seed"


def test_two_runs_of_one_way_and_start_are_refused(plant, tmp_path):
    runs = plant(0.5, grouping="nearest") + plant(0.6, grouping="nearest", max_distance=3)
    with pytest.raises(InputError, match="both of nearest from fold_a 0; expected one of them"):
        groupings.ways(runs)


def test_other_pictures_are_refused(plant):
    runs = [*plant(0.5, grouping="field"), *plant(0.6, grouping="nearest")]
    file = runs[0].path / "media" / "oracles.csv"
    pd.read_csv(file).iloc[1:].to_csv(file, index=False)
    with pytest.raises(InputError, match="other pictures"):
        groupings.DIFFERENCES.filled(runs)
