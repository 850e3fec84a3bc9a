import json
from pathlib import Path

import numpy as np
import official_layouts as layouts
import pytest

from mghp.config.data import DataConfig, FolderConfig
from mghp.config.load import load_config
from mghp.datasets.folder import FolderSamples
from mghp.datasets.registry import picture_dataset
from mghp.errors import InputError

ANATOMY = """
name: sticks
parts: [head, body]
keypoints: [neck, left_hip, right_hip]
skeleton: [[neck, left_hip], [neck, right_hip]]
"""
SIZE = (40, 60)
JOINTS = {"id": 1, "name": "person", "keypoints": ["neck", "left_hip", "right_hip"], "skeleton": [[1, 2], [1, 3]]}


def pose(x, y):
    return [x, y, 2, x - 2, y + 8, 2, x + 2, y + 8, 1]


def annotation(image, box, keypoints=None, **more):
    found = {"image_id": image, "category_id": 1, "bbox": list(box), **more}
    return found if keypoints is None else {**found, "keypoints": keypoints}


def polygon(left, top, right, bottom):
    return [[left, top, right, top, right, bottom, left, bottom]]


@pytest.fixture
def own(tmp_path):
    """Write a folder of pictures and labels, and read it."""

    def make(
        pictures=("a", "b"), parts=None, persons=None, annotations=None, anatomy=ANATOMY, category=JOINTS, **options
    ):
        root = tmp_path / "own"
        for name in pictures:
            noise = np.random.default_rng(len(name)).integers(0, 255, (*SIZE, 3), np.uint8)
            layouts.save(root / "images" / f"{name}.jpg", noise)
        for folder, maps in (("parts", parts), ("human_ids", persons)):
            for name, labels in (maps or {}).items():
                layouts.save(root / folder / f"{name}.png", labels)
        layouts.write_list(root / "train.txt", pictures)
        if annotations is not None:
            images = [
                {"id": number, "file_name": f"{name}.jpg", "height": SIZE[0], "width": SIZE[1]}
                for number, name in enumerate(pictures)
            ]
            content = {"images": images, "annotations": annotations, "categories": [category]}
            (root / "annotations.json").write_text(json.dumps(content))
        if anatomy:
            (root / "anatomy.yaml").write_text(anatomy)
        return DataConfig(name="folder", root=str(root), folder=FolderConfig(**options))

    return make


def labels_map(*boxes):
    """A map with number n + 1 in the n-th box of left, top, right, bottom, or a given number."""
    numbers = np.zeros(SIZE, np.uint8)
    for position, (left, top, right, bottom, *number) in enumerate(boxes):
        numbers[top:bottom, left:right] = number[0] if number else position + 1
    return numbers


def test_parts_alone(own):
    config = own(parts={"a": labels_map((0, 0, 5, 5), (5, 5, 9, 9))}, anatomy="parts: [head, body]")
    first, second = (FolderSamples(config, "train")[index] for index in (0, 1))
    assert np.unique(first.parts).tolist() == [0, 1, 2]
    assert first.person_ids is None
    assert first.keypoints is None
    assert second.parts is None
    assert not picture_dataset(config).anatomy_of(config).has_poses
    assert "keypoints" in FolderSamples(config, "train").no_keypoints


def test_masks_alone_are_persons_whose_only_part_is_the_person(own):
    config = own(persons={"a": labels_map((0, 0, 5, 5, 7), (10, 0, 15, 5, 3), (20, 0, 30, 9, 255))}, anatomy=None)
    sample = FolderSamples(config, "train")[0]
    assert picture_dataset(config).anatomy_of(config).parts.names == ("person",)
    assert sample.person_ids[2, 2] == 2  # numbered in the order of their numbers
    assert sample.person_ids[2, 12] == 1
    assert sample.parts[2, 2] == sample.parts[2, 12] == 1
    assert sample.parts[2, 25] == 255
    assert sample.person_ids[2, 25] == 0
    np.testing.assert_array_equal(sample.ignored_persons, labels_map((20, 0, 30, 9)) > 0)
    assert sample.regions.tolist() == [[10, 0, 5, 5, 25], [0, 0, 5, 5, 25]]


def test_keypoints_belong_to_the_mask_of_their_number_and_persons_without_any_are_not_known(own):
    persons = labels_map((0, 0, 10, 30, 5), (20, 0, 30, 30, 6), (40, 0, 50, 30, 9), (52, 0, 60, 9, 255))
    annotations = [
        annotation(0, (40, 0, 10, 30), pose(45, 10), person_id=9),
        annotation(0, (0, 0, 10, 30), pose(5, 10), person_id=5, area=123.0),
        annotation(0, (52, 0, 8, 9), iscrowd=1),
    ]
    sample = FolderSamples(own(persons={"a": persons}, annotations=annotations), "train")[0]
    assert sample.keypoints[:, 0, 0].tolist() == [5, 0, 45]
    assert sample.regions[0].tolist() == [0, 0, 10, 30, 123]
    assert sample.regions[1].tolist() == [20, 0, 10, 30, 300]
    assert len(sample.regions) == 4
    np.testing.assert_array_equal(sample.ignored_poses, np.isin(persons, (6, 255)))
    np.testing.assert_array_equal(sample.ignored_persons, persons == 255)
    assert sample.parts is None  # the anatomy has other parts than masks tell


def test_keypoints_without_numbers_are_given_to_the_masks_they_lie_on(own):
    persons = labels_map((0, 0, 10, 30), (20, 0, 30, 30))
    annotations = [annotation(0, (20, 0, 10, 30), pose(25, 10)), annotation(0, (0, 0, 10, 30), pose(5, 10))]
    sample = FolderSamples(own(persons={"a": persons}, annotations=annotations), "train")[0]
    assert sample.keypoints[:, 0, 0].tolist() == [5, 25]


def test_polygons_are_masks_and_the_small_person_is_in_front(own):
    annotations = [
        annotation(0, (0, 0, 8, 8), pose(4, 0), segmentation=polygon(0, 0, 8, 8)),
        annotation(0, (0, 0, 30, 30), [], segmentation=polygon(0, 0, 30, 30)),
        annotation(0, (50, 0, 10, 10), iscrowd=1, segmentation=polygon(50, 0, 60, 10)),
    ]
    sample = FolderSamples(own(annotations=annotations, anatomy=None), "train")[0]
    assert sample.person_ids[4, 4] == 1
    assert sample.person_ids[20, 20] == 2
    assert sample.parts[4, 4] == 1
    assert sample.parts[4, 55] == 255
    assert sample.ignored_persons[4, 55]
    assert not sample.ignored_persons[20, 20]
    assert not sample.ignored_poses[4, 4]
    assert sample.ignored_poses[20, 20]


def test_in_a_picture_with_keypoints_alone_what_lies_near_a_box_is_not_known(own):
    annotations = [
        annotation(0, (10, 10, 5, 10), pose(12, 11)),
        annotation(0, (50, 30, 4, 4), [0] * 9),
        annotation(0, (40, 0, 6, 6), iscrowd=1),
    ]
    sample = FolderSamples(own(annotations=annotations), "train")[0]
    assert sample.parts is None
    assert sample.person_ids is None
    ignored = sample.ignored_poses
    assert not ignored[10:20, 10:15].any()  # annotated
    assert not ignored[9, 12]  # grown by a tenth on each side
    assert ignored[8, 12]
    assert ignored[29, 12]  # nearer than its longer side
    assert not ignored[31, 12]
    assert not ignored[12, 26]
    assert ignored[31, 51]  # a person whose keypoints nobody annotated
    assert ignored[3, 43]  # a crowd
    assert len(sample.regions) == 3
    outside = annotation(1, (0, 0, 4, 4), pose(2, 1))
    nobody = FolderSamples(own(annotations=[outside]), "train")[0]
    assert nobody.keypoints.shape == (0, 3, 3)
    assert not nobody.ignored_poses.any()


def test_of_one_person_nothing_is_known_outside_its_box(own):
    parts = {"a": labels_map((10, 10, 20, 30), (12, 12, 18, 20), (18, 20, 20, 30, 255))}
    config = own(parts=parts, annotations=[annotation(0, (8, 8, 14, 24), pose(15, 12))], one_person=True)
    sample = FolderSamples(config, "train")[0]
    outside = labels_map((8, 8, 22, 32)) == 0
    np.testing.assert_array_equal(sample.ignored_poses, outside)
    np.testing.assert_array_equal(sample.parts == 255, outside | (parts["a"] == 255))
    np.testing.assert_array_equal(sample.person_ids > 0, np.isin(parts["a"], (1, 2)))
    np.testing.assert_array_equal(sample.ignored_persons, sample.parts == 255)
    assert sample.keypoints[0, 0].tolist() == [15, 12, 2]


def test_the_names_of_pictures_come_from_lists_files_of_annotations_or_folders(own, tmp_path):
    config = own(("a", "b", "new/c", "new/d.e"), annotations=[])
    root = tmp_path / "own"
    layouts.write_list(root / "val.txt", ["b.jpg"])
    assert FolderSamples(config, "val").names == ["b"]
    assert FolderSamples(config, "val+train").names == ["b", "a", "b", "new/c", "new/d.e"]
    assert FolderSamples(config, "new").names == ["new/c", "new/d.e"]
    assert FolderSamples(config, "new")[1].name == "new/d.e"
    (root / "annotations.json").rename(root / "late.json")
    assert FolderSamples(config, "late").names == ["a", "b", "new/c", "new/d.e"]
    with pytest.raises(InputError, match=r"test\.txt: no such list; expected one picture's name per line"):
        FolderSamples(config, "test")


def test_shares_of_a_list_are_in_its_order_and_share_no_picture(own):
    config = own(("d", "a", "c", "b", "e"), annotations=[])
    assert FolderSamples(config, "train[:40%]").names == ["d", "a"]
    assert FolderSamples(config, "train[40%:70%]+train[70%:]").names == ["c", "b", "e"]
    assert FolderSamples(config, "train[:]").names == ["d", "a", "c", "b", "e"]
    for faulty in ("train[60%:40%]", "train[:101%]"):
        with pytest.raises(InputError, match=r"data.splits: train\[.*: expected a share as in"):
            FolderSamples(config, faulty)
    with pytest.raises(InputError, match=r"train\[:40\]\.txt: no such list"):
        FolderSamples(config, "train[:40]")


def test_a_split_is_left_out_of_others_and_lists_lie_anywhere(own, tmp_path):
    config = own(pictures=("a", "b", "c", "d"), annotations=[])
    layouts.write_list(Path(config.root) / "val.txt", ["b", "c"])
    crowds = tmp_path / "elsewhere" / "crowds.txt"
    crowds.parent.mkdir()
    layouts.write_list(crowds, ["c.jpg", "d"])
    assert FolderSamples(config, "train+!val").names == ["a", "d"]
    assert FolderSamples(config, str(crowds)).names == ["c", "d"]
    assert FolderSamples(config, f"!{crowds}+train+val").names == ["a", "b", "b"]
    assert FolderSamples(config, f"{crowds}[:50%]").names == ["c"]
    assert FolderSamples(config, "train+!val").fingerprint != FolderSamples(config, "train").fingerprint
    with pytest.raises(InputError, match=r"list .*nowhere\.txt: no such file"):
        FolderSamples(config, "lists/nowhere.txt")


def test_the_fingerprint_is_of_pictures_labels_and_what_the_labels_mean(own, tmp_path):
    parts = {"a": labels_map((0, 0, 5, 5)), "b": labels_map((0, 0, 5, 5))}
    config = own(parts=parts, annotations=[])
    before = FolderSamples(config, "train").fingerprint
    assert FolderSamples(config, "train").fingerprint == before
    (tmp_path / "own" / "anatomy.yaml").write_text(ANATOMY.replace("body", "trunk"))
    renamed = FolderSamples(config, "train").fingerprint
    assert renamed != before
    layouts.save(tmp_path / "own" / "parts" / "b.png", labels_map((0, 0, 6, 5)))
    assert FolderSamples(config, "train").fingerprint not in (before, renamed)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"parts": {"a": labels_map((0, 0, 5, 5, 3))}}, r"parts/a\.png: label 3; expected 0 to 2"),
        ({"parts": {"a": np.zeros((4, 4), np.uint8)}}, r"a\.jpg: 60x40 pixels, its labels .*a\.png 4x4"),
        ({"annotations": [annotation(0, "box", pose(1, 1))]}, "expected a bbox of 4 numbers"),
        ({"annotations": [annotation(0, (0, 0, 4, 4), pose(1, 1)[:3])]}, "keypoints must hold 3 numbers each of 3"),
        ({"annotations": [], "one_person": True}, "one_person: 'a' has no map of parts"),
    ],
)
def test_faulty_labels_are_told_in_one_line(own, changes, says):
    with pytest.raises(InputError, match=says):
        FolderSamples(own(**changes), "train")[0]


def test_faults_of_the_whole_set_are_told_at_once(own):
    bare = {**JOINTS, "skeleton": []}
    with pytest.raises(InputError, match="expected a skeleton, which limbs join keypoints"):
        FolderSamples(own(annotations=[], anatomy=None, category=bare), "train")
    leaves = {**JOINTS, "skeleton": [[1, 9]]}
    with pytest.raises(InputError, match="leaves the 3 keypoints"):
        FolderSamples(own(annotations=[], anatomy=None, category=leaves), "train")
    config = own()
    config.folder.anatomy = "nowhere.yaml"
    with pytest.raises(InputError, match=r"anatomy nowhere\.yaml: no such file"):
        FolderSamples(config, "train")
    layouts.write_list(Path(config.root) / "train.txt", ["a", "../secret"])
    config.folder.anatomy = None
    with pytest.raises(InputError, match=r"images: no picture '\.\./secret'"):
        FolderSamples(config, "train")[1]


@pytest.mark.parametrize("name", ["coco_persons", "ccp"])
def test_the_photographs_are_read_as_their_readme_says(name, checkout):
    config = load_config(checkout / "experiments" / "parsing" / f"{name}.yaml").data
    root = checkout.parent / "shared" / "data" / name
    if not root.is_dir():
        pytest.skip(f"{root} is not there")
    config.root, config.annotations = str(root), str(root / Path(config.annotations).name)
    config.folder.anatomy = str(checkout / config.folder.anatomy)
    numbers = (
        {"train": 1109, "tuning": 50, "val": 160, "keypoints_only": 808} if name == "coco_persons" else {"val": 100}
    )
    for split, number in numbers.items():
        samples = FolderSamples(config, split)
        assert len(samples) == number
        for index in range(0, number, number // 5):
            sample = samples[index]
            for person, keypoints in enumerate(sample.keypoints):
                seen = keypoints[keypoints[:, 2] == 2]
                columns, rows = seen[:, :2].astype(int).T
                if sample.person_ids is None or not len(seen):
                    continue
                inside = (rows < sample.person_ids.shape[0]) & (columns < sample.person_ids.shape[1])
                on_person = np.mean(sample.person_ids[rows[inside], columns[inside]] == person + 1)
                assert on_person > 0.5
            assert (sample.parts is None) == (split == "keypoints_only")
            assert sample.ignored_poses.any() or split != "keypoints_only"
