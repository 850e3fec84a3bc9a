"""Every stored number of the published evaluators, to 1e-9."""

import json

import numpy as np
import pytest
from stored_oracles import FOLDER, SETS, answers, load

NOT_COMPARED = {"score_thresh", "semseg_score_thresh"}
"""What the scripts were called with."""


def compare(stored, ours, where, raised):
    """Every number under `stored`; where a script raised, `raised` collects our value instead. Counts numbers."""
    if "error" in stored:
        raised[where] = ours
        return 0
    count = 0
    for key, value in stored.items():
        if isinstance(value, dict):
            count += compare(value, ours[key], f"{where}/{key}", raised)
        elif key not in NOT_COMPARED:
            expected = np.array(value, float)  # null is NaN
            np.testing.assert_allclose(
                np.asarray(ours[key], float), expected, rtol=0, atol=1e-9, err_msg=f"{where}/{key}"
            )
            count += expected.size
    return count


@pytest.mark.parametrize("name", SETS)
def test_the_set_and_each_of_its_pictures(name):
    labels, pictures, stored = load(name)
    raised = {}
    assert compare(stored["expected"], answers(pictures, labels), name, raised) > 200
    assert raised == {}
    single = stored.get("per_image", [])
    assert bool(single) == (name == "a5_edges")
    for place, (picture, expected) in enumerate(zip(pictures, single, strict=True) if single else []):
        compare(expected, answers([picture], labels), f"{name}/{place}", raised)
    for where, ours in raised.items():
        assert_documented(where, ours)


def assert_documented(where, ours):
    """A set without a prediction: AP and PCP are 0 where somebody is there to find, NaN where nobody is."""
    somebody = where.split("/")[1] != "1"  # picture 1 of the edge cases shows nobody
    for key in ("ap_p", "pcp"):
        np.testing.assert_array_equal(ours[key], np.zeros(9) if somebody else np.full(9, np.nan), err_msg=where)


def test_every_block_that_is_stored_is_compared():
    """No key of a file is passed over."""
    for name in SETS:
        labels, pictures, stored = load(name)
        ours = answers(pictures[:1], labels)
        for script, blocks in stored["expected"].items():
            assert {key for key in blocks if isinstance(blocks[key], dict)} <= set(ours[script])
        assert set(json.loads((FOLDER / f"{name}.json").read_text())) <= {
            "set", "num_classes", "num_images", "thresholds", "scripts", "num_gt_persons", "num_pred_persons",
            "expected", "per_image", "tie_sensitivity", "note",
        }  # fmt: skip
