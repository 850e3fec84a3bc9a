"""Rendered people -> the official layout on disk -> loader -> the same arrays."""

import json

import numpy as np
import official_layouts as layouts
import pytest

from mghp.config.dataset_names import DATASETS
from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.mhp_v2 import MHPv2
from mghp.datasets.pascal_person_part import INSTANCE_RELEASE_ORDER, LABEL_OF, PASCAL_PERSON_PART, PascalPersonPart
from mghp.errors import InputError


def pictures_for(name, number=4):
    anatomy = DATASETS[name].load().anatomy
    return layouts.made_pictures(number, anatomy.num_labels, anatomy.num_keypoints)


def assert_same(samples, pictures, with_ids=True, with_keypoints=True):
    assert samples.names == [picture.name for picture in pictures]
    for index, picture in enumerate(pictures):
        sample = samples[index]
        np.testing.assert_array_equal(sample.parts, picture.parts)
        assert sample.image.shape == picture.image.shape
        assert np.abs(sample.image.astype(int) - picture.image).mean() < 12  # JPEG
        assert sample.original_size == picture.parts.shape
        np.testing.assert_array_equal(sample.ignored_parts, picture.parts == 255)
        if with_ids:
            np.testing.assert_array_equal(sample.person_ids, picture.person_ids)
        if with_keypoints:
            np.testing.assert_allclose(sample.keypoints, picture.keypoints, atol=1e-4)
        else:
            assert sample.keypoints is None


def test_mhp_v2(tmp_path):
    pictures = pictures_for("mhp_v2")
    layouts.write_mhp_v2(tmp_path / "LV-MHP-v2", pictures)
    assert_same(MHPv2(tmp_path, "val"), pictures)
    assert_same(MHPv2(tmp_path / "LV-MHP-v2", "val"), pictures)


def test_mhp_v2_poses_go_to_the_masks_that_they_lie_on(tmp_path):
    pictures = pictures_for("mhp_v2")
    layouts.write_mhp_v2(tmp_path, pictures, pose_order=lambda number: np.roll(np.arange(number), 1))
    samples = MHPv2(tmp_path, "val")
    assert_same(samples, pictures)
    re_paired = [samples.labels(index).pairing.re_paired for index in range(len(samples))]
    assert [len(pairs) for pairs in re_paired] == [
        len(picture.keypoints) if len(picture.keypoints) > 1 else 0 for picture in pictures
    ]


def test_mhp_v2_without_pose_files_has_no_keypoints(tmp_path):
    pictures = pictures_for("mhp_v2", 1)
    layouts.write_mhp_v2(tmp_path, pictures)
    (tmp_path / "val" / "pose_annos" / "1.mat").unlink()
    assert_same(MHPv2(tmp_path, "val"), pictures, with_keypoints=False)


def test_cihp(tmp_path):
    pictures = pictures_for("cihp")
    layouts.write_cihp(tmp_path, pictures)
    assert_same(CIHPSamples(tmp_path, "val"), pictures, with_keypoints=False)
    layouts.write_cihp(tmp_path / "again", pictures, "train")
    (tmp_path / "again" / "train_id.txt").unlink()
    assert_same(CIHPSamples(tmp_path / "again", "train"), pictures, with_keypoints=False)


def test_pascal_maps_and_a_joints_file(tmp_path):
    pictures = pictures_for("pascal_person_part")
    layouts.write_pascal_maps(tmp_path, pictures)
    assert_same(PascalPersonPart(tmp_path, "val"), pictures, with_keypoints=False)
    layouts.write_joints(tmp_path / "joints.json", pictures)
    assert_same(PascalPersonPart(tmp_path, "val", tmp_path / "joints.json"), pictures)


def test_pascal_part_is_merged(tmp_path):
    pictures = pictures_for("pascal_person_part")
    name_of = {label: name for name, label in LABEL_OF.items()}
    layouts.write_pascal_part(tmp_path, pictures, name_of.__getitem__)
    assert_same(PascalPersonPart(tmp_path, "val"), pictures, with_keypoints=False)


def test_pascal_s_release_with_instances_is_renumbered(tmp_path):
    pictures = pictures_for("pascal_person_part")
    theirs = np.zeros(7, np.uint8)
    for number, name in enumerate(INSTANCE_RELEASE_ORDER):
        theirs[PASCAL_PERSON_PART.parts.names.index(name) + 1] = number + 1
    for picture in pictures:
        layouts.save(tmp_path / "Testing" / "Images" / f"{picture.name}.jpg", picture.image)
        layouts.save(tmp_path / "Testing" / "Category_ids" / f"{picture.name}.png", theirs[picture.parts])
        ids = (7 * picture.person_ids).astype(np.uint8)  # numbers need not be contiguous
        layouts.save(tmp_path / "Testing" / "Human_ids" / f"{picture.name}.png", ids)
    assert_same(PascalPersonPart(tmp_path, "val"), pictures, with_keypoints=False)


def test_densepose(tmp_path):
    pictures = pictures_for("densepose_coco")
    layouts.write_densepose(tmp_path, pictures)
    assert_same(DensePoseCOCO(tmp_path, "minival"), pictures)


def test_densepose_pixels_without_a_part_and_crowds_are_not_known(tmp_path):
    pictures = pictures_for("densepose_coco", 1)
    layouts.write_densepose(tmp_path, pictures)
    file = tmp_path / "densepose_coco_2014_minival.json"
    content = json.loads(file.read_text())
    crowd = np.zeros(pictures[0].parts.shape, bool)
    crowd[:, -5:] = True
    content["annotations"][0]["dp_masks"][:] = [[]] * 14
    content["annotations"] += [
        {"id": 99, "image_id": 0, "iscrowd": 1, "segmentation": layouts.run_lengths(crowd), "bbox": [0, 0, 1, 1]}
    ]
    file.write_text(json.dumps(content))
    labels = DensePoseCOCO(tmp_path, "minival").labels(0)
    first = pictures[0].person_ids == 1
    assert (labels.parts[first] == 255).all()
    assert (labels.person_ids[first] == 1).all()
    of_nobody = crowd & (pictures[0].person_ids == 0)
    assert (labels.parts[of_nobody] == 255).all()
    np.testing.assert_array_equal(labels.ignored_persons, of_nobody)
    assert len(labels.keypoints) == len(pictures[0].keypoints)


@pytest.mark.parametrize("open_it", [
    lambda root: MHPv2(root, "val"), lambda root: CIHPSamples(root, "val"),
    lambda root: PascalPersonPart(root, "val"), lambda root: DensePoseCOCO(root, "minival"),
])  # fmt: skip
def test_an_empty_folder_is_told(open_it, tmp_path):
    with pytest.raises(InputError, match=str(tmp_path)):
        open_it(tmp_path)
