"""Boxes, areas and crowds as DensePose-COCO annotates them, from the file to the score."""

import contextlib
import io
import json

import numpy as np
import official_layouts as layouts
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO, DensePoseCOCO
from mghp.datasets.resized import resized
from mghp.errors import InputError
from mghp.metrics.keypoint_ap import KeypointAP
from mghp.parsing.batch import collate
from mghp.training.parsing_module import true_persons
from mghp.training.transforms import mirrored

JOINTS = DENSEPOSE_COCO.num_keypoints
FILE = "densepose_coco_2014_minival.json"
CROWD = [40.0, 2.0, 20.0, 30.0]


def annotated(root, change=lambda annotations: None):
    """Pictures with a person whom nobody posed each, and a crowd in the first."""
    layouts.write_densepose(root, layouts.made_pictures(4, DENSEPOSE_COCO.num_labels, JOINTS))
    content = json.loads((root / FILE).read_text())
    annotations = content["annotations"]
    of_picture = {annotation["image_id"]: annotation for annotation in annotations}
    for annotation in annotations:
        annotation["area"] = annotation["bbox"][2] * annotation["bbox"][3] * 0.7
        if annotation is of_picture[annotation["image_id"]]:
            annotation["keypoints"] = [0] * (3 * JOINTS)
        annotation["num_keypoints"] = int(np.count_nonzero(annotation["keypoints"][2::3]))
    crowd = {"id": 99, "image_id": 0, "category_id": 1, "iscrowd": 1, "bbox": CROWD, "area": 500.0}
    # The last, as in COCO's own files: its evaluator takes the later of two that are as near.
    annotations.append(crowd | {"segmentation": [], "keypoints": [0] * (3 * JOINTS), "num_keypoints": 0})
    for number, annotation in enumerate(annotations):
        annotation["id"] = number + 1  # pycocotools takes 0 for nobody
    change(annotations)
    content["categories"] = [{"id": 1, "name": "person"}]
    (root / FILE).write_text(json.dumps(content))
    return content


def drawn_poses(content):
    """About every annotated box and person a pose, and one anywhere, with scores: (pose, keypoint, 3) a picture."""
    rng = np.random.default_rng(3)
    found = {image["id"]: [] for image in content["images"]}
    for annotation in content["annotations"]:
        x, y, wide, high = annotation["bbox"]
        keypoints = np.array(annotation["keypoints"], float).reshape(JOINTS, 3)
        inside = rng.uniform((x, y), (x + wide, y + high), (JOINTS, 2))
        near = keypoints[:, :2] + rng.normal(0, 1.0, (JOINTS, 2))
        place = near if annotation["num_keypoints"] else inside
        anywhere = rng.uniform(0, 64, (JOINTS, 2))
        found[annotation["image_id"]] += [place, anywhere] if rng.random() < 0.5 else [place]
    return {
        picture: (np.dstack([np.stack(poses), np.ones((len(poses), JOINTS))]), rng.random(len(poses)))
        for picture, poses in found.items()
    }


def by_pycocotools(file, found):
    results = [
        {"image_id": picture, "category_id": 1, "keypoints": pose.ravel().tolist(), "score": float(score)}
        for picture, (poses, scores) in found.items()
        for pose, score in zip(poses, scores, strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(file)
        evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(("keypoint_ap", "keypoint_ap_50", "keypoint_ap_75"), evaluation.stats[:3], strict=True))


@pytest.mark.parametrize("longest_side", [None, 128, 50])
def test_keypoint_ap_is_that_of_pycocotools_fed_with_the_annotations(tmp_path, longest_side):
    """At any size of the network's input: boxes and areas follow the picture."""
    content = annotated(tmp_path)
    found = drawn_poses(content)
    metric = KeypointAP(DENSEPOSE_COCO.skeleton.known_sigmas)
    for index, (poses, scores) in enumerate(found.values()):
        sample = resized(DensePoseCOCO(tmp_path, "minival")[index], longest_side)
        (true,) = true_persons(collate([sample], JOINTS))
        scale = sample.image.shape[1] / sample.original_size[1]
        empty = np.zeros(sample.image.shape[:2], np.int64)
        moved = poses * (scale, scale, 1)
        metric.update(PredictedPersons(empty, empty, scores, np.ones((len(scores), 15)), moved), true)
    scored = {name: float(value) for name, value in metric.compute().items()}
    assert scored == pytest.approx(by_pycocotools(tmp_path / FILE, found), abs=1e-6)
    assert 0.1 < scored["keypoint_ap"] < scored["keypoint_ap_50"] < 1


def test_regions_are_the_annotations_or_the_masks(tmp_path):
    def without(annotations):
        del annotations[0]["bbox"], annotations[0]["area"], annotations[0]["dp_masks"]

    content = annotated(tmp_path, without)
    sample = DensePoseCOCO(tmp_path, "minival")[0]
    rows, columns = np.nonzero(sample.person_ids == 1)
    first = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
    np.testing.assert_array_equal(sample.regions[0, :4], first)
    assert sample.regions[0, 4] >= len(rows)  # others may lie on it
    others = [entry for entry in content["annotations"][1:] if entry["image_id"] == 0]
    expected = [[*entry["bbox"], entry["area"]] for entry in others]
    np.testing.assert_allclose(sample.regions[1:], expected, rtol=1e-6)


def test_regions_are_mirrored_with_the_picture(tmp_path):
    annotated(tmp_path)
    sample = DensePoseCOCO(tmp_path, "minival")[0]
    there = mirrored(sample, DENSEPOSE_COCO)
    assert there.regions[-1].tolist() == [sample.image.shape[1] - 60, 2, 20, 30, 500]
    np.testing.assert_allclose(mirrored(there, DENSEPOSE_COCO).regions, sample.regions)


@pytest.mark.parametrize(("key", "value"), [("area", "large"), ("area", -1), ("area", 1e12), ("bbox", [0, 0, 1])])
def test_a_region_that_is_none_is_told(tmp_path, key, value):
    annotated(tmp_path, lambda annotations: annotations[0].update({key: value}))
    with pytest.raises(InputError, match=rf"{FILE}: annotation 1: expected an? {key}"):
        DensePoseCOCO(tmp_path, "minival").labels(0)
