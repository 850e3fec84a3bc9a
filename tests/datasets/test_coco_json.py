"""One rule on who is a person, and with which keypoints, for every reader of COCO's files."""

import json

import numpy as np
import official_layouts as layouts
import pytest

from mghp.datasets.coco_json import read_coco
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.errors import InputError
from mghp.problems.coco_keypoints import read_coco_poses

JOINTS = [f"joint {number}" for number in range(17)]
PERSON = {"id": 1, "name": "person", "keypoints": JOINTS, "skeleton": [[1, 2]]}
DOG = {"id": 18, "name": "dog"}
PLAIN = {"id": 1, "name": "person"}
IMAGE = {"id": 7, "file_name": "1.jpg", "width": 30, "height": 20}


def person(left=10, **more):
    """A person whose first two joints are annotated, within its mask: a square of the picture."""
    keypoints = [left, 10, 2, left + 2, 12, 1, *[0, 0, 0] * 15]
    corners = [[left - 4, 6, left + 5, 6, left + 5, 16, left - 4, 16]]
    known = {"id": 5, "image_id": 7, "category_id": 1, "iscrowd": 0, "keypoints": keypoints, "segmentation": corners}
    return {name: value for name, value in {**known, **more}.items() if value != "left out"}


def from_poses(root, content):
    """Annotated joints of each person, as matching problems are simulated from."""
    (image,) = read_coco_poses(root / "file.json").images
    return image.annotated.sum(-1).tolist()


def from_densepose(root, content):
    (root / "densepose_coco_2014_val.json").write_text(json.dumps(content))
    samples = DensePoseCOCO(root, "val")
    if not len(samples):
        return []
    keypoints = samples.labels(0).keypoints
    assert samples.labels(0).person_ids.max() == len(keypoints)
    return (keypoints[..., 2] > 0).sum(-1).tolist()


def from_joints(root, content):
    poses = PascalPersonPart(root, "val", root / "file.json").poses["1"]
    return (poses[..., 2] > 0).sum(-1).tolist()


READERS = {"poses": from_poses, "densepose": from_densepose, "joints": from_joints}


@pytest.fixture(params=READERS)
def joints_of(request, tmp_path):
    """Reads a file by one of the readers: how many joints of each person of its one image are annotated."""

    def read(annotations, categories=(PERSON, DOG)):
        content = {"images": [IMAGE], "annotations": annotations, "categories": list(categories)}
        (tmp_path / "file.json").write_text(json.dumps(content))
        layouts.save(tmp_path / "pascal_person_part_gt" / "1.png", np.zeros((20, 30), np.uint8))
        return READERS[request.param](tmp_path, content)

    read.name = request.param
    return read


def test_persons_are_read(joints_of):
    assert joints_of([person(), person(left=20, id="b")]) == [2, 2]


def test_what_need_not_be_there(joints_of):
    assert joints_of([person(id="left out", category_id="left out", iscrowd="left out")]) == [2]


def test_a_dog_is_no_person_and_is_not_looked_at(joints_of):
    dog = {"id": 6, "image_id": 7, "category_id": 18, "keypoints": ["woof"], "segmentation": "woof", "iscrowd": "woof"}
    assert joints_of([dog, person()]) == [2]
    assert joints_of([person()], (PERSON, {**DOG, "keypoints": []})) == [2]
    assert joints_of([{**dog, "keypoints": person()["keypoints"]}]) == []


def test_joints_of_a_crowd_are_nobody_s(joints_of):
    assert joints_of([person(iscrowd=1), person(left=20, id=6)]) == [2]
    assert joints_of([person(), person(left=20, iscrowd=1, keypoints=["of many"])]) == [2]
    assert joints_of([person(iscrowd=1)]) == []
    assert joints_of([person(iscrowd=False)]) == [2]


def test_no_keypoints_are_a_person_with_none_annotated(joints_of):
    assert joints_of([person(keypoints=[]), person(left=20)]) == [0, 2]


def test_a_missing_list_of_keypoints_is_told_where_the_category_names_them(joints_of):
    with pytest.raises(InputError, match="annotation 5: expected a key 'keypoints'"):
        joints_of([person(keypoints="left out")])
    if joints_of.name != "poses":
        assert joints_of([person(keypoints="left out")], [PLAIN]) == [0]


def test_categories_without_keypoints(joints_of):
    categories = [DOG, PLAIN]
    if joints_of.name == "poses":  # whose skeleton is the file's
        with pytest.raises(InputError, match=r"file\.json: expected one category with keypoints, got 0"):
            joints_of([person()], categories)
    else:
        assert joints_of([person(), {"image_id": 7, "category_id": 18}], categories) == [2]
        with pytest.raises(InputError, match="got 0, and of those named 'person' 0"):
            joints_of([person(category_id=18)], [DOG])


def test_without_categories_ids_are_coco_s(joints_of):
    if joints_of.name == "poses":
        return
    assert joints_of([person(), person(left=20, category_id=18), person(left=20, category_id="left out")], []) == [2, 2]
    with pytest.raises(InputError, match="no annotation of COCO's category 1"):
        joints_of([person(category_id=0)], [])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"iscrowd": "0"}, r"annotation 5: iscrowd must be 0 or 1, got '0' \(str\)"),
        ({"iscrowd": 2}, "annotation 5: iscrowd must be 0 or 1, got 2"),
        ({"iscrowd": None}, "annotation 5: iscrowd must be 0 or 1, got None"),
        ({"category_id": "1"}, "annotation 5: category_id '1' is not among the categories"),
        ({"category_id": 2}, "annotation 5: category_id 2 is not among the categories"),
        ({"category_id": None}, "annotation 5: category_id must be a whole number or a string, got None"),
        ({"image_id": 8}, "annotation 5: image_id 8 is not among the images"),
        ({"image_id": [7]}, "annotation 5: image_id must be a whole number or a string"),
        ({"id": None}, r"annotations\[0\]: id must be a whole number or a string"),
        ({"keypoints": None}, "annotation 5: keypoints must hold 3 numbers each of 17 keypoints, got None"),
        ({"keypoints": [1, 1, 2]}, "annotation 5: keypoints must hold 3 numbers each of 17 keypoints, got 3 values"),
        ({"keypoints": ["1"] * 51}, "annotation 5: keypoints must hold .*must be numbers, got '1'"),
        ({"keypoints": [True] * 51}, "annotation 5: keypoints must hold .*must be numbers, got True"),
        ({"keypoints": [1, 1, 3] * 17}, "annotation 5: a keypoint with visibility flag 3"),
        ({"keypoints": [1, 1, -1] * 17}, "annotation 5: a keypoint with visibility flag -1"),
        ({"keypoints": [1, 1, 0.5] * 17}, "annotation 5: a keypoint with visibility flag 0.5"),
        ({"keypoints": [1e7, 1, 2] * 17}, "annotation 5: a keypoint lies 1e.07 pixels away"),
        ({"keypoints": [1e400, 1, 2] * 17}, "annotation 5: .*finite"),
    ],
)
def test_a_malformed_value_is_one_line_that_names_file_and_annotation(joints_of, changed, words):
    with pytest.raises(InputError, match=rf"^[^\n]*\.json: {words}[^\n]*$"):
        joints_of([person(**changed)])


@pytest.mark.parametrize(
    ("categories", "words"),
    [
        ({}, "categories must be of type list"),
        ([5], r"categories\[0\]: expected an object"),
        ([{"name": "person"}], r"categories\[0\]: expected a key 'id'"),
        ([PLAIN, PLAIN], "of those named 'person' 2"),
        ([PERSON, {**PERSON, "id": 2}], "one category with keypoints, got 2"),
    ],
)
def test_malformed_categories_are_told(categories, words, tmp_path):
    content = {"images": [IMAGE], "annotations": [], "categories": categories}
    (tmp_path / "file.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"file\.json: .*{words}"):
        read_coco(tmp_path / "file.json")
