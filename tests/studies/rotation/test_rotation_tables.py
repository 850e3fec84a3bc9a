import numpy as np
import pytest
from planted_trainings import plant_rotations

from mghp.studies.rotation.tables import DIFFERENCES, ROTATION, SCORES, TEST_SETS


def trade(upside_down=0.05, overall=-0.05):
    """Scores by angle and test set."""
    gains = dict.fromkeys(TEST_SETS, overall) | {"upside_down": upside_down}
    return {180.0: {scene: 0.4 + gain for scene, gain in gains.items()}, 0.0: dict.fromkeys(TEST_SETS, 0.4)}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return plant_rotations(tmp_path_factory.mktemp("runs"), trade())


def test_angles_are_rows_in_order_and_test_sets_columns(runs):
    table = ROTATION.filled(runs)
    assert [row["rotation up to"] for row in table.rows] == ["0°", "180°"]
    assert list(table.formats)[2:] == list(TEST_SETS.values())
    values = [
        run.metric("scene/upside_down/ap_p_vol") for run in runs if run.config["data"]["augmentation"]["rotation"]
    ]
    assert table.rows[1]["upside-down"].mean == pytest.approx(np.mean(values))
    upright, turned = table.markdown().splitlines()[-2:]
    assert upright.count("**") == 2 * (len(TEST_SETS) - 1)
    assert turned.count("**") == 2


def test_differences_are_from_no_rotation(runs):
    (row,) = DIFFERENCES.filled(runs).rows
    assert {label: row[label].verdict for label in TEST_SETS.values()} == dict.fromkeys(TEST_SETS.values(), "worse") | {
        "upside-down": "better"
    }


def test_all_scores_are_told_of_each_angle_on_each_test_set(runs):
    rows = SCORES.filled(runs).rows
    assert len(rows) == 2 * len(TEST_SETS)
    assert rows[1]["AP^p averaged, difference"].verdict == "worse"
    assert rows[0]["AP^p averaged, difference"] is None


def test_each_test_set_has_a_best_of_its_own(runs):
    table = SCORES.filled(runs)
    best = {
        table.rows[row]["tested on"]: table.rows[row]["rotation up to"]
        for row, name in table.best
        if name == "grouping"
    }
    assert best == dict.fromkeys(TEST_SETS.values(), "0°") | {"upside-down": "180°"}


def test_other_trainings_fill_no_table(runs):
    assert [table for table in (ROTATION, DIFFERENCES, SCORES) if table.filled([]).rows] == []
    assert DIFFERENCES.filled([run for run in runs if not run.config["data"]["augmentation"]["rotation"]]).rows == []
