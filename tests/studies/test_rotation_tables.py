import numpy as np
import pytest
from mghp.studies.rotation.readings import rotation_readings
from planted_trainings import plant_rotations

from mghp.studies.rotation.tables import TEST_SETS, by_angle, rotation_scores, rotation_tables


def trade(upside_down=0.05, overall=-0.05):
    """Scores by angle and test set."""
    gains = dict.fromkeys(TEST_SETS, overall) | {"upside_down": upside_down}
    return {180.0: {scene: 0.4 + gain for scene, gain in gains.items()}, 0.0: dict.fromkeys(TEST_SETS, 0.4)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return plant_rotations(tmp_path_factory.mktemp("runs"), trade())


def test_angles_are_rows_in_order_and_test_sets_columns(runs):
    scores, differences, full = rotation_tables(runs)
    assert [row["rotation up to"] for row in scores.rows] == ["0°", "180°"]
    assert list(scores.formats)[2:] == list(TEST_SETS.values())
    values = [
        run.metric("scene/upside_down/ap_p_vol") for run in runs if run.config["data"]["augmentation"]["rotation"]
    ]
    assert scores.rows[1]["upside-down"].mean == pytest.approx(np.mean(values))
    upright, turned = scores.markdown().splitlines()[-2:]
    assert upright.count("**") == 2 * (len(TEST_SETS) - 1)
    assert turned.count("**") == 2
    (row,) = differences.rows
    assert {label: row[label].verdict for label in TEST_SETS.values()} == dict.fromkeys(TEST_SETS.values(), "worse") | {
        "upside-down": "better"
    }
    assert len(full.rows) == 2 * len(TEST_SETS)
    assert full.rows[1]["AP^p averaged, difference"].verdict == "worse"
    assert full.rows[0]["AP^p averaged, difference"] is None


def test_each_test_set_has_a_best_of_its_own(runs):
    table = rotation_scores(by_angle(runs))
    best = {
        table.rows[row]["tested on"]: table.rows[row]["rotation up to"]
        for row, name in table.best
        if name == "grouping"
    }
    assert best == dict.fromkeys(TEST_SETS.values(), "0°") | {"upside-down": "180°"}


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({}, "Yes."),
        ({"upside_down": -0.05}, "No: on upside-down people worse, overall worse."),
        ({"overall": 0.05}, "No: on upside-down people better, overall better."),
        ({"overall": -0.012}, "Undecided: on upside-down people better, overall undecided."),
    ],
)
def test_the_reading_turns_with_the_numbers(tmp_path, scores, said):
    (sentence,) = rotation_readings(plant_rotations(tmp_path, trade(**scores), noise=0.06))
    assert said in sentence
    assert "3 seeds" in sentence


def test_one_seed_decides_nothing(tmp_path):
    (sentence,) = rotation_readings(plant_rotations(tmp_path, trade(), seeds=1))
    assert "Undecided: one seed is a demonstration and no evidence." in sentence
    assert rotation_readings([]) == []
