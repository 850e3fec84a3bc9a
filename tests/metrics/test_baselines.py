"""Owners without learning: on made-up persons, and on the real photographs whose figures are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mghp.anatomy.persons import TruePersons
from mghp.config.evaluation import BASELINES
from mghp.config.metrics import MetricsConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.metrics.baselines import baseline_persons
from mghp.metrics.pose_groups import PoseGroups

PHOTOGRAPHS = Path(__file__).parents[3] / "shared" / "data" / "coco_persons"

SHOULDERS, HIPS = (5, 6), (11, 12)


def true_persons():
    """A wide person whose one annotated pair of keypoints is a long limb, and a small one on top of its box."""
    ids = np.zeros((10, 30), int)
    ids[2:8, 0:20], ids[2:8, 20:26] = 1, 2
    poses = np.zeros((2, 17, 3))
    poses[0, [SHOULDERS[0], HIPS[0]]] = [[0.5, 5, 2], [16.5, 5, 1]]
    poses[1, SHOULDERS[0]] = 22.5, 5, 2
    regions = np.array([[0, 2, 20, 6, 120], [14, 2, 12, 6, 36]])
    return TruePersons(np.where(ids > 0, 255, 0).astype(np.uint8), ids, poses, regions)


def owners(name):
    found = baseline_persons(name, true_persons(), DENSEPOSE_COCO)
    assert ((found.parts > 0) == (true_persons().person_ids > 0)).all()
    assert found.parts.max() < DENSEPOSE_COCO.num_labels
    return found.person_ids[5, :26].tolist()


def test_a_pixel_in_two_boxes_goes_to_the_nearest_centre():
    assert owners("nearest_box") == 15 * [1] + 11 * [2]


def test_keypoints_and_limbs_draw_what_is_near_them():
    # Halfway from 16.5 to 22.5 both are as far, and the first person wins; the limb's first half is near no keypoint.
    assert owners("nearest_keypoint") == owners("nearest_limb") == 20 * [1] + 6 * [2]
    far = true_persons()
    far.keypoints[0, HIPS[0], 0], far.keypoints[0, SHOULDERS[0], 0] = 25.5, 0.5
    by_name = {
        name: baseline_persons(name, far, DENSEPOSE_COCO).person_ids[5, 13]
        for name in ("nearest_keypoint", "nearest_limb")
    }
    assert by_name == {"nearest_keypoint": 2, "nearest_limb": 1}


def test_everything_is_the_largest_person_s():
    assert owners("largest_person") == 26 * [1]


def test_who_has_no_keypoint_gets_nothing_by_keypoints():
    true = true_persons()
    true.keypoints[0, :, 2] = 0
    assert set(np.unique(baseline_persons("nearest_limb", true, DENSEPOSE_COCO).person_ids)) == {0, 2}
    true.keypoints[:] = 0
    assert not baseline_persons("nearest_keypoint", true, DENSEPOSE_COCO).person_ids.any()


@pytest.mark.parametrize("name", BASELINES)
def test_nobody_is_nobody_s(name):
    nobody = TruePersons(np.zeros((4, 4), np.uint8), np.zeros((4, 4), int), np.zeros((0, 17, 3)))
    assert not baseline_persons(name, nobody, DENSEPOSE_COCO).person_ids.any()


@pytest.fixture(scope="module")
def photographs():
    if not PHOTOGRAPHS.is_dir():
        pytest.skip(f"the photographs are not here: {PHOTOGRAPHS}")
    persons = {}
    for person in json.loads((PHOTOGRAPHS / "person_keypoints.json").read_text())["annotations"]:
        if not person["iscrowd"]:
            persons.setdefault(person["image_id"], []).append(person)
    return [_photograph(name, persons[int(name)]) for name in (PHOTOGRAPHS / "val.txt").read_text().split()]


def _photograph(name, persons):
    ids, parts = (np.array(Image.open(PHOTOGRAPHS / what / f"{name}.png")) for what in ("human_ids", "parts"))
    persons = sorted(persons, key=lambda person: person["person_id"])
    assert [person["person_id"] for person in persons] == list(range(1, len(persons) + 1))
    return TruePersons(
        parts,
        np.where(ids == 255, 0, ids).astype(int),
        np.array([person["keypoints"] for person in persons], float).reshape(-1, 17, 3),
        np.array([[*person["bbox"], person["area"]] for person in persons]),
        ids == 255,
    )


@pytest.mark.parametrize(
    ("name", "over_all", "contested"),
    [
        ("nearest_box", 0.94, 0.68),
        ("nearest_keypoint", 0.85, 0.68),
        ("nearest_limb", 0.88, 0.71),
        ("largest_person", 0.50, 0.20),
    ],
)
def test_real_crowds_have_the_known_figures(photographs, name, over_all, contested):
    groups = PoseGroups(DENSEPOSE_COCO, MetricsConfig(scores=["owner_accuracy"]))
    for true in photographs:
        groups.update(baseline_persons(name, true, DENSEPOSE_COCO), true)
    scores = groups.compute()
    assert scores["crowds"]["coverage"] == scores["singles"]["coverage_singles"] == 1.0
    assert scores["crowds"]["owner_accuracy"] == pytest.approx(over_all, abs=0.01)
    assert scores["crowds"]["contested_owner_accuracy"] == pytest.approx(contested, abs=0.01)
    assert scores["singles"]["owner_accuracy_singles"] > 0.98
    assert scores["crowds"]["owner_accuracy_low"] < scores["crowds"]["owner_accuracy"]
