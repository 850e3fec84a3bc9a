"""Ways to group pixels, of made-up evaluations: four starts of two folds, ten crowds each."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from mghp.errors import InputError
from mghp.report.study import MOST_WORDS
from mghp.runs.read import Run
from mghp.studies.groupings.study import CENTERS, DIFFERENCES, GROUPINGS, NO_FIELD, answer, drawings
from mghp.studies.groupings.ways import CROWDS, PHOTOGRAPHS, RENDERED, ways
from mghp.studies.registry import all_studies
from mghp.studies.verdicts.study import VERDICTS

STARTS = [(fold, seed) for fold in ("fold_a", "fold_b") for seed in (0, 1)]
PIXELS = 1000
ORACLES = ("predicted", "true_poses", "true_projection")


@pytest.fixture
def plant(tmp_path):
    """Plants runs of one way to group pixels, one a start, that are right on these shares of the pixels."""

    def plant_way(share, variant, experiment=PHOTOGRAPHS.together, starts=STARTS):
        runs = []
        for place, (fold, seed) in enumerate(starts):
            folder = tmp_path / f"{experiment}-{variant}-{fold}-{seed}"
            (folder / "media").mkdir(parents=True)
            start = f"runs/photographs_starts/{fold}-{seed}"
            config = {
                "data": {"name": "folder", "root": "x"},
                "network": {"weights": start},
                "training": {"continue_from": f"{start}/checkpoints/last.ckpt"},
            }
            (folder / "config.yaml").write_text(yaml.safe_dump(config))
            value = share + 0.002 * place
            metrics = {f"oracle/{oracle}/{name}": value for oracle in ORACLES for name in
                       ("owner_accuracy", "contested_owner_accuracy", "coverage")}  # fmt: skip
            told = {"experiment": experiment, "variant": variant, "seed": 0}
            (folder / "result.json").write_text(json.dumps({**told, "metrics": metrics | {"val/coverage": 0.5}}))
            rng = np.random.default_rng(place // 2)
            right = (PIXELS * (value + rng.normal(0, 0.05, 10))).round()
            rows = {"right": right, "labelled": PIXELS, "contested_right": right, "contested": PIXELS, "human": PIXELS}
            names = [f"{fold}_{number}" for number in range(10)]
            tables = [
                pd.DataFrame({"name": names, "tags": "dim overlap", "group": "crowds", "oracle": one, **rows})
                for one in ORACLES
            ]
            lonely = pd.DataFrame(
                {"name": ["alone"], "group": "singles", "oracle": "predicted", **dict.fromkeys(rows, 0)}
            )
            pd.concat([*tables, lonely]).to_csv(folder / "media" / "oracles.csv", index=False)
            runs.append(Run(folder))
        return runs

    return plant_way


@pytest.fixture
def planted(plant):
    shares = {"field_1": 0.69, "field_3": 0.7, "nearest": 0.6, "center": 0.695, "hybrid": 0.8}
    runs = [run for name, share in shares.items() for run in plant(share, name)]
    return runs + [run for name in ("field", "center") for run in plant(0.7, name, PHOTOGRAPHS.apart)]


def test_each_way_has_a_row_with_its_scores_over_starts(planted):
    rows = GROUPINGS.filled(planted).rows
    assert [row["way"] for row in rows] == [
        "field at 1 level", "field over 3 levels", "nearest keypoint", "person centre and offset",
        "regressed keypoints, field", "field alone", "centre alone",
    ]  # fmt: skip
    assert {row["starts"] for row in rows} == {4}
    assert rows[1]["contested owner accuracy, end to end"].mean == pytest.approx(0.703)


def test_differences_are_paired_by_start_and_told_by_one_rule(planted):
    rows = DIFFERENCES.filled(planted).rows
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
    first, second = answer(PHOTOGRAPHS, NO_FIELD, planted), answer(PHOTOGRAPHS, CENTERS, planted)
    assert first.startswith("Contested pixels, end to end, against nearest keypoint +10.0 [")
    assert "regressed keypoints, field -10.0 [" in second
    assert max(len(text.split()) for text in (first, second)) <= MOST_WORDS
    figure = drawings(planted)["groupings_photographs"]()
    assert len(figure.axes[0].get_yticklabels()) == 10


def test_without_runs_there_is_nothing(plant):
    assert {answer(crowds, baselines, []) for crowds in CROWDS for baselines in (NO_FIELD, CENTERS)} == {""}
    assert not drawings(plant(0.5, "nearest"))
    assert DIFFERENCES.filled([]).rows == []


def test_starts_and_their_ways_are_no_rows_of_other_tables(planted):
    of_groupings = {GROUPINGS.name, DIFFERENCES.name}
    tables = [table for study in all_studies().values() for table in study.tables]
    filled = {table.name for table in tables if table.filled(planted).rows}
    assert filled == {*of_groupings, VERDICTS.name}


def test_rendered_crowds_have_rows_answers_and_a_figure_of_their_own(plant, planted):
    rendered = [("", seed) for seed in range(4)]
    runs = plant(0.8, "field_3", RENDERED.together, rendered) + plant(0.7, "nearest", RENDERED.together, rendered)
    rows = GROUPINGS.filled([*planted, *runs]).rows
    assert [row["way"] for row in rows if row["pictures"] == "rendered crowds"] == [
        "field over 3 levels", "nearest keypoint",
    ]  # fmt: skip
    assert len(rows) == 9
    assert answer(RENDERED, NO_FIELD, [*planted, *runs]).endswith(
        "against nearest keypoint +10.0 [+10.0, +10.0] better."
    )
    assert set(drawings([*planted, *runs])) == {"groupings_photographs", "groupings_rendered_crowds"}


def test_one_start_is_no_evidence(plant):
    runs = [run for name in ("field_3", "nearest") for run in plant(0.5, name, starts=STARTS[:1])]
    (row,) = DIFFERENCES.filled(runs).rows
    assert row["owner accuracy, end to end"].verdict == "one seed"


def test_two_runs_of_one_way_and_start_are_refused(plant, tmp_path):
    runs = plant(0.5, "nearest", starts=STARTS[:1])
    copy = shutil.copytree(runs[0].path, tmp_path / "copy")
    runs.append(Run(copy))
    with pytest.raises(InputError, match=r"both of nearest from .*fold_a-0.*, seed 0; expected one of them"):
        ways(runs, PHOTOGRAPHS)


def test_other_pictures_are_refused(plant):
    runs = [*plant(0.5, "field_3"), *plant(0.6, "nearest")]
    file = runs[0].path / "media" / "oracles.csv"
    pd.read_csv(file).iloc[1:].to_csv(file, index=False)
    with pytest.raises(InputError, match="other pictures"):
        DIFFERENCES.filled(runs)
