"""`mghp group`: files in, the files of `mghp predict` out."""

import json

import numpy as np
import pytest
from PIL import Image

import mghp
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.errors import InputError
from mghp.inference.given_persons import JsonPersons, MaskFolder, boxes_of, poses_reader
from mghp.inference.group_files import Grouping, anatomy_beside, group_files, photographs
from mghp.inference.part_maps import part_map_files


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def samples():
    return {f"picture_{index}": render(SCENES["default"], index, seed=1, size=64) for index in range(2)}


@pytest.fixture
def folder(samples, tmp_path):
    """Parts, photographs, masks and poses of two rendered pictures."""
    for kind in ("parts", "images", "masks", "field"):
        (tmp_path / kind).mkdir()
    content = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    for number, (name, sample) in enumerate(samples.items()):
        Image.fromarray(sample.parts).save(tmp_path / "parts" / f"{name}.png")
        Image.fromarray(sample.image).save(tmp_path / "images" / f"{name}.jpg")
        Image.fromarray(sample.person_ids.astype(np.uint8)).save(tmp_path / "masks" / f"{name}.png")
        np.save(tmp_path / "field" / f"{name}.npy", np.zeros((2, 32, 32), np.float32))
        content["images"].append({"id": number, "file_name": f"{name}.jpg", "width": 64, "height": 64})
        content["annotations"] += [
            {"image_id": number, "category_id": 1, "keypoints": pose.ravel().tolist()} for pose in sample.keypoints
        ]
    (tmp_path / "poses.json").write_text(json.dumps(content))
    return tmp_path


def labels(file):
    return np.asarray(Image.open(file))


def test_the_files_hold_what_the_function_returns(folder, samples):
    persons = JsonPersons("poses", folder / "poses.json", poses_reader(17))
    grouping = Grouping(persons, DENSEPOSE_COCO, fields=folder / "field", images=photographs(folder / "images"))
    group_files(part_map_files([folder / "parts"]), grouping, folder / "out", nothing)
    content = json.loads((folder / "out" / "poses.json").read_text())
    assert [image["file_name"] for image in content["images"]] == [f"{name}.jpg" for name in samples]
    for name, sample in samples.items():
        field = np.zeros((2, 32, 32), np.float32)
        found = mghp.group(sample.parts, poses=sample.keypoints, field=field, anatomy=DENSEPOSE_COCO)
        np.testing.assert_array_equal(labels(folder / "out" / f"{name}_parts.png"), sample.parts)
        np.testing.assert_array_equal(labels(folder / "out" / f"{name}_persons.png"), found.person_ids)
        assert Image.open(folder / "out" / f"{name}_overlay.png").size > (64, 64)
    of_last = [entry for entry in content["annotations"] if entry["image_id"] == len(samples)]
    assert [entry["score"] for entry in of_last] == found.person_scores.tolist()
    for entry, scores, pose in zip(of_last, found.part_scores, found.keypoints, strict=True):
        assert entry["part_scores"] == {str(label): of for label, of in enumerate(scores.tolist()) if of > 0}
        np.testing.assert_array_equal(
            np.float32(entry["keypoints"]).reshape(17, 3)[:, :2], pose[:, :2] * (pose[:, 2:] > 0)
        )


def test_without_an_anatomy_any_label_will_do(folder, samples):
    Image.fromarray(np.full((64, 64), 99, np.uint8)).save(folder / "parts" / "picture_0.png")
    grouping = Grouping(MaskFolder(folder / "masks"), options={"max_distance": 0})
    group_files(part_map_files([folder / "parts"]), grouping, folder / "out", nothing)
    assert set(np.unique(labels(folder / "out" / "picture_0_parts.png"))) == {99}
    ids = labels(folder / "out" / "picture_0_persons.png")
    np.testing.assert_array_equal(ids, samples["picture_0"].person_ids)
    assert not (folder / "out" / "picture_0_overlay.png").exists()


def test_maps_by_mghp_have_the_names_of_the_file_beside_them(folder, mghp):
    parts = {"0": {"name": "background", "colour": [0, 0, 0]}, "2": {"name": "hat", "colour": [1, 2, 3]}}
    (folder / "parts" / "labels.json").write_text(json.dumps({"parts": parts}))
    mghp("group", folder / "parts", "--masks", folder / "masks", "--out", folder / "out", folder=folder)
    told = json.loads((folder / "out" / "labels.json").read_text())["parts"]
    assert told["2"] == {"name": "hat", "colour": [1, 2, 3]}
    assert told["1"]["name"] == "part 1"


@pytest.mark.parametrize("content", [
    "[]", '{"parts": [1]}', '{"parts": {"1": "hat"}}', '{"1": "hat"}',
    '{"parts": {"1": {"name": "a", "colour": "red"}}}', '{"parts": {"1": {"name": "a", "colour": [300, 0, 0]}}}',
    '{"parts": {"1": {"name": "part 2", "colour": [1, 2, 3]}}}',
    '{"parts": {"1": {"name": "a", "colour": [1, 2, 3]}, "2": {"name": "a", "colour": [1, 2, 3]}}}',
])  # fmt: skip
def test_a_file_of_labels_of_another_form_says_nothing(folder, content):
    (folder / "parts" / "labels.json").write_text(content)
    assert anatomy_beside(part_map_files([folder / "parts"]).values()) is None


def test_maps_of_two_models_need_an_anatomy(folder):
    for kind, name in {"parts": "hat", "masks": "shoe"}.items():
        (folder / kind / "labels.json").write_text(json.dumps({"parts": {"1": {"name": name, "colour": [1, 2, 3]}}}))
    files = [folder / "parts" / "picture_0.png", folder / "masks" / "picture_1.png"]
    with pytest.raises(InputError, match=r"other parts than in .+; expected --anatomy FILE, or the maps of one model"):
        anatomy_beside(files)
    (folder / "masks" / "labels.json").unlink()  # nobody says that they are of the same model
    with pytest.raises(InputError, match="other parts than in"):
        anatomy_beside(files)


def test_the_anatomy_s_own_label_is_not_known(folder):
    Image.fromarray(np.full((64, 64), 14, np.uint8)).save(folder / "parts" / "picture_0.png")
    grouping = Grouping(MaskFolder(folder / "masks"), DENSEPOSE_COCO, ignore=14)
    assert not grouping.of("picture_0", folder / "parts" / "picture_0.png").parts.any()


def test_what_does_not_fit_is_told_with_its_file(folder):
    files = part_map_files([folder / "parts"])
    persons = MaskFolder(folder / "masks")
    Image.fromarray(np.full((64, 64), 99, np.uint8)).save(folder / "parts" / "picture_1.png")
    Image.new("RGB", (32, 64)).save(folder / "images" / "picture_0.jpg")
    np.save(folder / "field" / "picture_0.npy", np.zeros((2, 5, 5)))
    for grouping, told in (
        (Grouping(persons, DENSEPOSE_COCO), r"picture_1\.png: parts: label 99; expected 0 to 14"),
        (Grouping(persons, images=photographs(folder / "images")), r"picture_0\.jpg: 32x64 pixels, the part map 64x64"),
        (Grouping(persons, fields=folder / "field"), r"picture_0\.png: field: 5 x 5 cells; expected a picture of 64"),
        (Grouping(persons, fields=folder), r"expected the projection field picture_0\.npy or picture_0\.npz; none is"),
    ):
        with pytest.raises(InputError, match=told):
            group_files(files, grouping, folder / "out", nothing)


def test_a_picture_without_persons_is_told_before_anything_is_written(folder):
    Image.new("L", (64, 64)).save(folder / "parts" / "stranger.png")
    (folder / "boxes.json").write_text((folder / "poses.json").read_text())
    grouping = Grouping(JsonPersons("boxes", folder / "boxes.json", boxes_of))
    with pytest.raises(InputError, match=r"boxes\.json: no entry of picture stranger, which has a part map"):
        group_files(part_map_files([folder / "parts"]), grouping, folder / "out", nothing)
    assert not (folder / "out").exists()


def test_the_command_takes_the_meaning_of_labels_and_keypoints_from_a_file(folder, mghp):
    (folder / "anatomy.yaml").write_text(
        "{name: sticks, parts: [head, body], ignore: 9, keypoints: [neck, hip], skeleton: [[neck, hip]]}"
    )
    maps, poses = folder / "sticks", {"image_id": 0, "keypoints": [1, 1, 2, 1, 9, 2]}
    maps.mkdir()
    Image.fromarray(np.array([[1, 2, 9]], np.uint8)).save(maps / "0.png")
    (folder / "sticks.json").write_text(json.dumps([poses]))
    arguments = ("group", "sticks", "--poses", "sticks.json", "--anatomy", "anatomy.yaml", "--out", "out")
    process = mghp(*arguments, folder=folder)
    assert process.returncode == 0, process.stderr
    assert labels(folder / "out" / "0_parts.png").tolist() == [[1, 2, 0]]
    (category,) = json.loads((folder / "out" / "poses.json").read_text())["categories"]
    assert category["keypoints"] == ["neck", "hip"]


def test_the_command_groups_a_folder(folder, samples, mghp):
    process = mghp("group", "parts", "--poses", "poses.json", "--nearest", "limb", "--out", "out", folder=folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.split() == ["out"]
    assert sorted(file.name for file in (folder / "out").glob("[!.]*")) == sorted(
        ["labels.json", "poses.json", *(f"{name}_{kind}.png" for name in samples for kind in ("parts", "persons"))]
    )


@pytest.mark.parametrize(("arguments", "told"), [
    (["parts"], "expected one of --poses, --masks, --boxes, --centers; got none of them"),
    (["parts", "--poses", "poses.json", "--masks", "masks"], "got --poses and --masks"),
    (["nowhere", "--poses", "poses.json"], "nowhere: no part map there"),
    (["parts", "--poses", "nowhere.json"], "poses nowhere.json: no such file"),
    (["parts", "--masks", "nowhere"], "masks nowhere: no such folder or JSON file"),
    (["parts", "--boxes", "poses.json"], "expected a key 'bbox'"),
    (["parts", "--masks", "masks", "--out", "images/picture_0.jpg"], "no writable folder"),
])  # fmt: skip
def test_a_fault_of_the_command_is_one_line(folder, mghp, arguments, told):
    process = mghp("group", *arguments, folder=folder)
    assert process.returncode == 2
    assert len(process.stderr.splitlines()) == 1
    assert told in process.stderr
