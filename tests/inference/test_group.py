"""`mghp.group`: with what is true it answers as the assembly, and each kind of persons has its rule."""

import math

import numpy as np
import pytest
import torch

import mghp
from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.parts import Parts
from mghp.config.assembly import AssemblyConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.matching import make_matcher
from mghp.metrics.parsing import parsing_metrics
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.parts import pixel_parts
from mghp.parsing.batch import collate
from mghp.parsing.person_centers import person_centers
from mghp.parsing.true_fields import true_fields
from mghp.training.parsing_module import true_persons

FIELDS = ("parts", "person_ids", "person_scores", "part_scores", "keypoints")


@pytest.fixture(scope="module", params=[96, 90])
def batch(request):
    return collate([render(SCENES["default"], index, seed=1, size=request.param) for index in range(8)], 17)


def poses_of(batch):
    sure = torch.cat([batch.keypoints[..., :2], (batch.keypoints[..., 2:] > 0).float()], -1)
    return [poses[real] for poses, real in zip(sure, batch.is_person, strict=True)]


def assembled(batch, fields, **config):
    affinity = Affinity(DENSEPOSE_COCO.skeleton.limbs)
    config = AssemblyConfig(read_missing_keypoints=False, **config)
    assembler = Assembler(DENSEPOSE_COCO, make_matcher("hungarian"), affinity, config)
    return [assembler.with_pixels(fields, picture, poses) for picture, poses in enumerate(poses_of(batch))]


def fields_of(batch, stride, towards="annotated"):
    strides = {"parts": 1, "keypoints": 4, "limbs": 4, "field": stride}
    return true_fields(batch, DENSEPOSE_COCO, strides, towards)


def assert_same(found, expected):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def scores(found, batch):
    metrics = parsing_metrics(DENSEPOSE_COCO)
    for predicted, true in zip(found, true_persons(batch), strict=True):
        metrics.update(predicted, true)
    return {name: float(value) for name, value in metrics.compute().items()}


@pytest.mark.parametrize("stride", [1, 4])
@pytest.mark.parametrize("config", [{}, {"max_distance": 0.05}, {"normalise_by_size": False}])
def test_true_poses_and_a_true_field_give_what_the_assembly_gives(batch, stride, config):
    fields = fields_of(batch, stride)
    expected = assembled(batch, fields, **config)
    for picture, poses in enumerate(poses_of(batch)):
        probability, parts = pixel_parts(fields, picture)
        given = {"field": fields.projection[picture], "anatomy": DENSEPOSE_COCO, "probability": probability, **config}
        assert_same(mghp.group(parts, poses=poses, **given), expected[picture])


def test_true_poses_alone_give_what_the_assembly_gives_by_the_nearest_keypoint(batch):
    fields = fields_of(batch, 1)
    expected = assembled(batch, fields, grouping="nearest")
    found = []
    for picture, poses in enumerate(poses_of(batch)):
        probability, parts = pixel_parts(fields, picture)
        found.append(mghp.group(parts, poses=poses, anatomy=DENSEPOSE_COCO, probability=probability))
        assert_same(found[-1], expected[picture])
    by_field = assembled(batch, fields)
    assert scores(found, batch)["grouping"] < scores(by_field, batch)["grouping"]


def test_scores_of_a_set_are_the_oracle_s(batch):
    fields = fields_of(batch, 1)
    found = [
        mghp.group(
            batch.parts[picture],
            poses=batch.keypoints[picture][batch.is_person[picture]],  # visibilities, as datasets have them
            field=fields.projection[picture],
            anatomy=DENSEPOSE_COCO,
            probability=pixel_parts(fields, picture)[0],
        )
        for picture in range(len(batch))
    ]
    ours, oracle = scores(found, batch), scores(assembled(batch, fields), batch)
    assert ours == pytest.approx(oracle, abs=0, nan_ok=True)
    assert ours["grouping"] > 0.99


def test_true_masks_and_true_centres_with_their_field_give_the_true_persons(batch):
    towards_centers = fields_of(batch, 1, "center").projection
    centers = person_centers(batch)
    for picture, true in enumerate(true_persons(batch)):
        parts = np.where(true.parts == 255, 0, true.parts)
        known = np.where(parts > 0, true.person_ids, 0)
        masks = [true.person_ids == person + 1 for person in range(len(true.keypoints))]
        by_masks = mghp.group(parts, masks=masks, anatomy=DENSEPOSE_COCO)
        np.testing.assert_array_equal(by_masks.person_ids, known)
        has_pixel = [mask.any() for mask in masks]
        found = mghp.group(parts, centers=centers[picture, : len(masks), 0, :2], field=towards_centers[picture])
        if all(has_pixel):
            np.testing.assert_array_equal(found.person_ids, known)


def test_limbs_are_nearer_than_their_ends():
    skeleton = COCO_SKELETON
    poses = np.zeros((2, 17, 3))
    poses[0, skeleton.keypoints.index("left_hip")] = 10, 10, 1
    poses[0, skeleton.keypoints.index("left_knee")] = 10, 90, 1
    poses[1, 0] = 20, 50, 1
    parts = np.zeros((100, 40), int)
    parts[50, 12] = 1
    for nearest, owner in (("keypoint", 2), ("limb", 1)):
        found = mghp.group(parts, poses=poses, nearest=nearest, normalise_by_size=False)
        assert found.person_ids[50, 12] == owner


@pytest.mark.parametrize("seed", range(3))
def test_a_pose_of_keypoints_without_limbs_is_grouped_alike_by_both_rules(seed):
    generator = np.random.default_rng(seed)
    poses = np.zeros((3, 17, 3))
    poses[:, 0] = np.concatenate([generator.uniform(0, 30, (3, 2)), np.ones((3, 1))], 1)
    parts = generator.integers(0, 3, (30, 30))
    by_keypoint, by_limb = (mghp.group(parts, poses=poses, nearest=nearest) for nearest in ("keypoint", "limb"))
    assert_same(by_keypoint, by_limb)


PARTS = np.ones((1, 10), int)


def row(begin, end):
    mask = np.zeros((1, 10), bool)
    mask[:, begin:end] = True
    return mask


def test_of_several_masks_the_smallest_covers_and_the_surest_where_that_is_told():
    masks = np.stack([row(0, 8), row(2, 5)])
    assert mghp.group(PARTS, masks=masks, max_distance=0).person_ids.tolist() == [[1, 1, 2, 2, 2, 1, 1, 1, 0, 0]]
    surest = mghp.group(PARTS, masks=masks, scores=[0.9, 0.5], max_distance=0)
    assert surest.person_ids.tolist() == [[1] * 8 + [0, 0]]
    assert surest.person_scores.tolist() == pytest.approx([0.9, 0.0])


def test_of_several_masks_the_field_decides_where_it_tells_more():
    masks = np.stack([row(0, 8), row(2, 5)])
    field = np.zeros((2, 1, 10), np.float32)
    field[0, 0, 3] = 4  # the pixel points out of the smaller mask, into the larger
    assert mghp.group(PARTS, masks=masks, field=field, max_distance=0).person_ids[0, 2:5].tolist() == [2, 1, 2]


def test_outside_all_masks_the_nearest_counts_within_a_bound():
    masks = np.stack([row(0, 2), row(8, 10)])
    ids = mghp.group(PARTS, masks=masks, max_distance=2, normalise_by_size=False).person_ids
    assert ids.tolist() == [[1, 1, 1, 1, 0, 0, 2, 2, 2, 2]]
    unbounded = mghp.group(PARTS, masks=masks, max_distance=math.inf).person_ids
    assert unbounded.tolist() == [[1, 1, 1, 1, 1, 2, 2, 2, 2, 2]]


def test_numbers_are_masks_in_their_order():
    numbers = np.array([[7, 7, 0, 0, 3, 3, 3, 255, 255, 255]])
    assert mghp.group(PARTS, masks=numbers, max_distance=0).person_ids.tolist() == [[2, 2, 0, 0, 1, 1, 1, 0, 0, 0]]


def test_the_smallest_box_that_holds_a_pixel_or_the_nearest():
    boxes = [[0, 0, 6, 1], [2, 0, 4, 1], [9, 0, 10, 1]]
    ids = mghp.group(PARTS, boxes=boxes, normalise_by_size=False).person_ids
    assert ids.tolist() == [[1, 1, 2, 2, 1, 1, 1, 3, 3, 3]]
    bounded = mghp.group(PARTS, boxes=boxes, normalise_by_size=False, max_distance=0.6).person_ids
    assert bounded.tolist() == [[1, 1, 2, 2, 1, 1, 1, 0, 3, 3]]


def test_nobody_is_a_result_too():
    for nobody in ({"poses": np.zeros((0, 17, 3))}, {"masks": []}, {"boxes": []}, {"centers": []}):
        if "masks" in nobody:
            nobody = {"masks": np.zeros((1, 10), int)}
        found = mghp.group(PARTS, **nobody)
        assert found.person_ids.sum() == 0
        assert found.keypoints.shape == (0, 17, 3)
        assert found.part_scores.shape == (0, 2)


def test_what_is_not_known_is_background():
    assert mghp.group([[255, 1]], centers=[[0.5, 0.5]]).parts.tolist() == [[0, 1]]


THREE = Anatomy(COCO_SKELETON, Parts("three", ("a", "b", "c"), ((0, 0, 0),) * 3))
POSE = np.ones((1, 17, 3))


@pytest.mark.parametrize(("given", "told"), [
    ({}, "expected one of poses, masks, boxes, centers; got none of them"),
    ({"poses": POSE, "boxes": [[0, 0, 1, 1]]}, "got poses and boxes"),
    ({"poses": np.ones((1, 16, 3))}, r"poses: expected numbers of shape \(any, 17, 3\), got \(1, 16, 3\)"),
    ({"poses": np.full((1, 17, 3), np.nan)}, "poses: expected finite numbers"),
    ({"masks": np.ones((1, 2, 2), bool)}, "masks: 2 x 2 pixels; expected parts' 1 x 10"),
    ({"masks": np.ones((1, 10))}, "masks: expected"),
    ({"boxes": [[1, 1, 0, 0]]}, "boxes: expected least x"),
    ({"centers": [[0, 0]], "field": np.zeros((2, 7, 7))}, "field: 7 x 7 cells; expected a picture of 1 x 10"),
    ({"centers": [[0, 0]], "scores": [1, 1]}, "scores: expected one of each of 1 persons, got 2"),
    ({"centers": [[0, 0]], "probability": [[1.0]]}, r"probability: expected numbers of shape \(1, 10\)"),
])  # fmt: skip
def test_what_does_not_fit_is_told_by_its_argument(given, told):
    with pytest.raises(ValueError, match=told):
        mghp.group(PARTS, **given)


@pytest.mark.parametrize(("parts", "told"), [
    ([[4]], "parts: label 4; expected 0 to 3"), ([[-1]], "parts: label -1"), ([1], "parts: expected"),
    ([[0.5]], "parts: expected"),
])  # fmt: skip
def test_other_labels_than_the_anatomy_s_are_refused(parts, told):
    with pytest.raises(ValueError, match=told):
        mghp.group(parts, centers=[[0, 0]], anatomy=THREE)
