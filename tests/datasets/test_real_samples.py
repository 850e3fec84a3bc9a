"""The real samples beside the checkout, in the layouts of the official archives."""

from pathlib import Path

import numpy as np
import pytest

from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.label_files import read_labels, read_picture
from mghp.datasets.mhp_v2 import MHPv2, read_mhp_submission
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import person_colours, persons_overlay
from mghp.pictures.png import write_png
from mghp.pictures.skeletons import skeletons_overlay

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "samples"
PASCAL_PERSONS = {
    "2008_000008": 1, "2008_000026": 1, "2008_000700": 1, "2008_000726": 2, "2008_000939": 1, "2009_001103": 2,
    "2010_001199": 0, "2010_005243": 6,
}  # fmt: skip


@pytest.fixture(autouse=True)
def samples():
    if not SAMPLES.is_dir():
        pytest.skip(f"the real samples are not here: {SAMPLES}")


def test_mhp_v2_masks_are_the_published_maps():
    masks = MHPv2(SAMPLES / "lv_mhp_v2", "val")
    submission = read_mhp_submission(SAMPLES / "lv_mhp_v2" / "mhp_parsing_results", 59)
    assert masks.names == ["7", "8", "114"] == list(submission)
    for index, persons in enumerate((2, 2, 5)):
        labels, published = masks.labels(index), submission[masks.names[index]]
        assert labels.size == (480, 720)
        assert labels.person_ids.max() == persons == len(published.person_scores)
        np.testing.assert_array_equal(labels.person_ids, published.person_ids)
        np.testing.assert_array_equal(labels.parts, published.parts)
    assert 43 in masks.labels(0).parts  # the belt that is a tie
    assert 55 not in masks.labels(0).parts


def test_pascal_part_gives_the_derived_maps_pixel_by_pixel():
    merged = PascalPersonPart(SAMPLES / "pascal_part", "val")
    derived = PascalPersonPart(SAMPLES / "pascal_person_part_derived", "val")
    assert {name: merged.labels(i).person_ids.max(initial=0) for i, name in enumerate(merged.names)} == PASCAL_PERSONS
    assert len(derived) == 7
    for index, name in enumerate(derived.names):
        ours, theirs = merged[merged.names.index(name)], derived[index]
        np.testing.assert_array_equal(ours.parts, theirs.parts)
        np.testing.assert_array_equal(ours.person_ids, theirs.person_ids)
        assert ours.keypoints is None
        assert ours.image.shape[:2] == ours.parts.shape


def test_pascal_s_joints_are_given_to_their_persons():
    joints = SAMPLES / "pascal_part" / "person_keypoints_coco17.json"
    samples = PascalPersonPart(SAMPLES / "pascal_part", "val", joints)
    labels = [samples.labels(index) for index in range(len(samples))]
    annotated = [(found.keypoints[..., 2] > 0).sum(-1).tolist() for found in labels]
    assert annotated == [[12], [15], [15], [0, 10], [6], [6, 13], [], [5, 0, 0, 0, 0, 0]]
    assert all(found.pairing.unused == () for found in labels)


def test_cihp_s_labels_load_without_persons():
    samples = CIHPSamples(SAMPLES / "cihp", "val")
    assert samples.names == ["0002190", "0005008", "0026375", "0032190"]
    for index in range(4):
        sample = samples[index]
        assert sample.person_ids is None
        assert sample.keypoints is None
        assert sample.parts.max() < 20
        np.testing.assert_array_equal(
            sample.parts, read_labels(SAMPLES / "cihp" / "Category_ids" / f"{samples.names[index]}.png")
        )


def test_densepose_s_person_has_its_parts_where_its_joints_are(tmp_path):
    (tmp_path / "densepose_coco_2014_train.json").symlink_to(
        SAMPLES / "densepose_coco" / "densepose_coco_2014_sample.json"
    )
    samples = DensePoseCOCO(tmp_path, "train")
    labels = samples.labels(0)
    names = samples.anatomy.parts.names
    assert len(np.unique(labels.parts)) == 13  # twelve parts and background
    assert (labels.keypoints[0, :, 2] > 0).sum() == 15
    skeleton = samples.anatomy.skeleton.keypoints
    for keypoint, part in (("nose", "head"), ("left_knee", "left_"), ("right_elbow", "right_")):
        x, y, visibility = labels.keypoints[0, skeleton.index(keypoint)]
        if visibility:
            around = labels.parts[int(y) - 10 : int(y) + 11, int(x) - 10 : int(x) + 11]
            assert any(names[label - 1].startswith(part) for label in np.unique(around[around > 0]))


def test_a_picture_of_each_to_look_at(tmp_path):
    """Parts and persons over the photograph, or over grey where there is none; what pytest keeps shows them."""
    joints = SAMPLES / "pascal_part" / "person_keypoints_coco17.json"
    (tmp_path / "densepose_coco_2014_train.json").symlink_to(
        SAMPLES / "densepose_coco" / "densepose_coco_2014_sample.json"
    )
    for samples in (
        MHPv2(SAMPLES / "lv_mhp_v2", "val"),
        PascalPersonPart(SAMPLES / "pascal_part", "val", joints),
        CIHPSamples(SAMPLES / "cihp", "val"),
        DensePoseCOCO(tmp_path, "train"),
    ):
        for index, name in enumerate(samples.names):
            labels, file = samples.labels(index), samples.picture_file(index)
            image = read_picture(file) if file.exists() else np.full((*labels.size, 3), 128, np.uint8)
            drawn = [parts_overlay(image, labels.parts, samples.anatomy.parts, zoom=1)]
            if labels.person_ids is not None:
                persons = int(labels.person_ids.max(initial=0))
                drawn.append(persons_overlay(image, labels.person_ids, person_colours(persons), zoom=1))
            if labels.keypoints is not None:
                drawn.append(skeletons_overlay(image, labels.keypoints, samples.anatomy.skeleton, zoom=1))
            out = write_png(tmp_path / f"{type(samples).__name__}_{name}.png", np.concatenate(drawn, 1))
            assert out.stat().st_size > 2000
