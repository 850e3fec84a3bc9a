import json
import sys
from itertools import count

import numpy as np
import pytest
import yaml

from mghp.config.dataset_names import dataset_label
from mghp.config.evaluation import FIELD_ORACLES
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.evaluation.assembly_alone import STEPS as RUN_STEPS
from mghp.evaluation.sides_by_coin import SIDES_BY_COIN
from mghp.metrics.parsing import parsing_metrics
from mghp.registry import Entry
from mghp.report.study import Study
from mghp.report.table import write_tables
from mghp.runs.read import Run
from mghp.studies.parsing.answers import training
from mghp.studies.parsing.published_table import P1
from mghp.studies.parsing.study import STUDY
from mghp.studies.parsing.tables import CEILINGS, NOT_MEASURED, OF_PERSONS, ORACLES, SCENE, SCORES, STEPS
from mghp.studies.registry import STUDIES

NO_JOINTS = "pascal_person_part"
"""A dataset that has no keypoints of its own."""

GOOD, FAIR = (dict.fromkeys(SCORES, value) for value in (0.75, 0.5))


def prefixed(prefix, scores):
    return {f"{prefix}/{name}": value for name, value in scores.items()}


@pytest.fixture
def plant(tmp_path):
    """A finished run folder with just what a table reads."""
    number = count()

    def plant_run(experiment, metrics, scene="default", seed=0, max_steps=100, data="synthetic", **about):
        folder = tmp_path / f"run{next(number)}"
        folder.mkdir()
        config = {"data": {"name": data, "synthetic": {"scene": scene}}, "trainer": {"max_steps": max_steps}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        content = {"experiment": experiment, "variant": "", "seed": seed, "commit": "abc", "key": "k"}
        (folder / "result.json").write_text(json.dumps({**content, "metrics": metrics, **about}))
        return Run(folder)

    return plant_run


@pytest.fixture
def trained(plant):
    def plant_training(**options):
        times = {"train/steps": 100, "time/train_seconds": 120, "time/waiting_share": 0.02}
        return plant("ten", times | prefixed("val", FAIR), **options)

    return plant_training


def tables(*runs):
    return {table.name: table.filled(runs) for table in STUDY.tables}


def test_names_are_those_that_runs_write():
    assert set(STEPS) >= set(RUN_STEPS)
    assert set(ORACLES) == set(FIELD_ORACLES)
    assert set(CEILINGS) == {SIDES_BY_COIN}
    assert set(SCORES) <= set(parsing_metrics(DENSEPOSE_COCO).compute())


def test_a_training_is_scored_by_its_evaluation(trained, plant):
    runs = [trained(), plant("ten_evaluation", prefixed("val", GOOD))]
    (row,) = tables(*runs)["scores"].rows
    assert row["part mIoU"] == row["grouping"] == 0.75
    assert (row["minutes"], row["waiting [%]"], row["steps"]) == (2, 2, 100)


@pytest.mark.parametrize("other", [{"seed": 1}, {"max_steps": 200}])
def test_or_else_by_its_own_validation(trained, plant, other):
    """An evaluation of another seed or length says nothing about this one."""
    runs = [trained(), plant("ten_evaluation", prefixed("val", GOOD), **other)]
    (row,) = tables(*runs)["scores"].rows
    assert row["part mIoU"] == 0.5
    assert len(tables(trained())["scores"].rows) == 1


def test_the_times_of_a_resumed_training_are_blank(trained):
    resumed, whole = trained(seed=1, resumed=True), trained()
    table = tables(whole, resumed)["scores"]
    assert [row[-2:] for row in table.cells()] == [["2.0", "2.0"], ["", ""]]
    assert "Blank: the training was resumed" in table.caption
    assert "Blank" not in tables(whole)["scores"].caption
    assert training([resumed]).endswith("after 100 steps.")


def test_two_seeds_are_two_rows(trained):
    assert [row["seed"] for row in tables(trained(), trained(seed=1))["scores"].rows] == ["0", "1"]


def test_what_a_study_keeps_to_itself_is_left_out(trained, left_as_it_was, monkeypatch):
    left_as_it_was(STUDIES)
    module = type(sys)("ours")
    module.STUDY = Study((), experiments=("ten",))
    monkeypatch.setitem(sys.modules, "ours", module)
    assert len(tables(trained())["scores"].rows) == 1
    STUDIES.add(Entry("ours", "ours:STUDY", "Ours"))
    assert not tables(trained())["scores"].rows


def test_oracles_and_steps_stand_in_order(plant):
    backwards = {}
    for name in reversed((*ORACLES, *CEILINGS)):
        backwards |= prefixed(f"oracle/{name}", GOOD)
    (evaluated, assembled) = (
        plant("ten_evaluation", backwards),
        plant("assembly", {k: v for name in reversed(STEPS) for k, v in prefixed(f"assembly/{name}", FAIR).items()}),
    )
    found = tables(evaluated, assembled)
    assert [row["true"] for row in found["oracles"].rows] == [*ORACLES.values(), *CEILINGS.values()]
    assert "By a coin: " in found["oracles"].caption
    assert {row["experiment"] for row in found["oracles"].rows} == {"ten"}
    assert [row["step"] for row in found["assembly"].rows] == list(STEPS.values())
    assert not found["scores"].rows


def test_tags_say_how_many_pictures(plant):
    metrics = {"tag/dim/person_iou": 0.25, "tag/dim/pictures": 7, "tag/upside_down/person_iou": 0.5}
    rows = tables(plant("ten_evaluation", metrics, scene="hard"))["tags"].rows
    assert [row["tag"] for row in rows] == ["dim", "upside-down"]
    assert (rows[0]["person IoU"], rows[0]["pictures"], rows[0][SCENE]) == (0.25, 7, "hard")
    assert np.isnan(rows[1]["pictures"])


def test_tables_without_runs_are_not_written(trained, tmp_path):
    out = tmp_path / "results"
    assert {file.stem for file in write_tables(tables(trained()).values(), out)} == {"scores", "P1"}


def test_a_run_on_real_pictures_is_shown_with_its_dataset(trained, plant):
    """Its config has a scene too, which is nobody's."""
    oracle = prefixed("oracle/predicted", FAIR) | {"tag/dim/person_iou": 0.25, "tag/dim/pictures": 7}
    assembly = prefixed("assembly/projection", FAIR)
    found = tables(trained(data="mhp_v2"), plant("ten_evaluation", oracle | assembly, data="mhp_v2"))
    for name in ("scores", "oracles", "assembly", "tags"):
        assert [row[SCENE] for row in found[name].rows] == ["LV-MHP v2"], name
    assert training([trained(data="mhp_v2")]).startswith("ten on LV-MHP v2, seed 0, the longest of 1: AP^p")


def test_where_parts_alone_were_trained_persons_scores_were_not_measured(trained, plant):
    """They read 0.0 in the run: nobody was looked for."""
    alone = dict.fromkeys(SCORES, 0.0) | {"mean_iou": 0.25, "keypoint_ap": np.nan, "keypoint_ap_50": np.nan}
    runs = [trained(data=NO_JOINTS), plant("ten_evaluation", prefixed("val", alone), data=NO_JOINTS)]
    table = tables(*runs)["scores"]
    assert table.rows[0]["part mIoU"] == 0.25
    assert {table.rows[0][SCORES[name]] for name in OF_PERSONS} == {NOT_MEASURED}
    assert table.markdown().count(NOT_MEASURED) == len(OF_PERSONS)
    assert training(runs) == (
        f"ten on {dataset_label(NO_JOINTS)}, seed 0, the longest of 1: part mIoU 25.0 %, persons not measured, after "
        "100 steps in 2.0 minutes."
    )
    (ours,) = [row for row in P1.filled([runs[1]]).rows if row["method"].startswith("ours, ")]
    assert (ours["part mIoU"], ours["AP^p averaged"], ours["AP^r averaged"]) == ("25.0", NOT_MEASURED, NOT_MEASURED)


def test_persons_told_apart_without_keypoints_to_compare_are_measured(trained, plant):
    """By a parser of another dataset, say."""
    known = GOOD | {"keypoint_ap": np.nan, "keypoint_ap_50": np.nan}
    (row,) = tables(trained(data="cihp"), plant("ten_evaluation", prefixed("val", known), data="cihp"))["scores"].rows
    assert row["grouping"] == 0.75
