import numpy as np
import pytest

from mghp.config.data import GeneratedPosesConfig
from mghp.datasets.mhp_v2 import MHP_V2_TREE
from mghp.problems.generated_poses import BONES, POSTURES, generate_poses


@pytest.fixture(scope="module")
def poses():
    return generate_poses(GeneratedPosesConfig(num_images=400), seed=0)


def test_statistics_resemble_real_ones(poses):
    persons = np.array([len(image.keypoints) for image in poses.images])
    assert persons.min() == 2
    assert persons.mean() == pytest.approx(2.8, abs=0.15)
    annotated = np.concatenate([image.annotated for image in poses.images])
    assert annotated.sum(axis=1).mean() == pytest.approx(11.6, abs=0.4)
    missing = dict(zip(MHP_V2_TREE.keypoints, 1 - annotated.mean(axis=0), strict=True))
    assert missing["right_ankle"] > missing["right_knee"] > missing["right_hip"] > missing["head_top"]


def test_people_overlap_and_differ_in_size(poses):
    overlapping, ratios = [], []
    for image in poses.images:
        boxes = [person[seen] for person, seen in zip(image.position_image, image.annotated, strict=True)]
        low, high = (np.array([extreme(box, axis=0) for box in boxes]) for extreme in (np.min, np.max))
        order = np.argsort(low[:, 0])
        overlapping += list(low[order[1:], 0] < high[order[:-1], 0])
        extent = (high - low).max(axis=1)
        ratios += list(extent / extent.max())
    assert np.mean(overlapping) > 0.3
    assert np.quantile(ratios, 0.1) < 0.7


def test_coordinates_are_tenths_of_pixels_inside_the_image(poses):
    for image in poses.images:
        position = image.position_image[image.annotated]
        assert (position >= 0).all()
        assert np.round(position, 1).tolist() == position.tolist()
        assert (image.keypoints[~image.annotated] == 0).all()


def test_bones_place_every_keypoint_once_parents_first():
    placed = ["pelvis"]
    for bone in BONES:
        assert bone.parent in placed
        placed.append(bone.child)
    assert sorted(placed) == sorted(MHP_V2_TREE.keypoints)
    assert sum(posture.share for posture in POSTURES) == pytest.approx(1.0)


def test_an_image_does_not_depend_on_how_many_are_made(poses):
    few = generate_poses(GeneratedPosesConfig(num_images=3), seed=0)
    for a, b in zip(few.images, poses.images, strict=False):
        assert (a.keypoints == b.keypoints).all()


def test_the_fingerprint_tells_seeds_apart():
    config = GeneratedPosesConfig(num_images=2)
    assert generate_poses(config, 1).fingerprint == generate_poses(config, 1).fingerprint
    assert generate_poses(config, 1).fingerprint != generate_poses(config, 2).fingerprint
