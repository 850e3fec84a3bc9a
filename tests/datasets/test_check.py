"""`mghp data check` on folders whose faults are known."""

import json
import shutil
from dataclasses import replace

import numpy as np
import official_layouts as layouts
import pytest
from PIL import Image
from scipy.io import loadmat, savemat

from mghp.config.data import DataConfig
from mghp.datasets.check import Fault, check_split, check_splits

KIND_OF = {
    "1": "breaking", "2": "breaking", "3": "breaking", "4": "breaking", "5": "breaking", "6": "breaking",
    "7": "breaking", "8": "breaking", "9": "breaking", "10": "breaking", "11": "breaking", "12": "breaking",
    "13": "breaking", "14": "breaking", "15": "person without pose", "16": "pose without person",
    "17": "re-paired pose", "18": "empty person", "19": "listed twice",
}  # fmt: skip
"""What is planted in each picture; two poses are exchanged in 17, so that there are twenty faults."""


def nothing(*_):
    """No progress to show."""


def two_persons(name):
    """Two rectangles with joints on them, apart from each other."""
    ids = np.zeros((48, 64), np.int16)
    ids[8:40, 6:22], ids[8:40, 40:58] = 1, 2
    keypoints = np.zeros((2, 16, 3), np.float32)
    for person, left in enumerate((6, 40)):
        keypoints[person] = np.stack([left + np.arange(16), 10.5 + np.arange(16), np.full(16, 2)], 1)
    image = np.random.default_rng(int(name)).integers(0, 255, (48, 64, 3), np.uint8)
    return layouts.Made(name, image, np.where(ids > 0, 3 + ids, 0).astype(np.uint8), ids, keypoints)


@pytest.fixture
def whole(tmp_path):
    """Twenty-two pictures without a fault."""
    pictures = [two_persons(str(number)) for number in range(1, 23)]
    layouts.write_mhp_v2(tmp_path, pictures)
    return tmp_path


def plant(root):
    """A fault a picture, 1 to 19."""
    image, mask, pose = (
        lambda name: root / "val" / "images" / f"{name}.jpg",
        lambda name, person: root / "val" / "parsing_annos" / f"{name}_02_{person:02d}.png",
        lambda name: root / "val" / "pose_annos" / f"{name}.mat",
    )

    def poses(name, change):
        content = {key: value for key, value in loadmat(pose(name)).items() if key.startswith("person")}
        change(content)
        savemat(pose(name), content)

    image(1).unlink()
    image(2).write_bytes(image(2).read_bytes()[:600])
    image(3).write_text("this is a text")
    image(4).write_bytes(b"")
    for person in (1, 2):
        mask(5, person).unlink()
    mask(6, 2).unlink()
    mask(7, 1).write_bytes(mask(7, 1).read_bytes()[:60])
    labels = np.asarray(Image.open(mask(8, 1))).copy()
    labels[10, 10] = 77
    Image.fromarray(labels).save(mask(8, 1))
    Image.fromarray(np.ones((20, 20), np.uint8)).save(mask(9, 2))
    Image.new("RGB", (30, 30)).save(image(10))
    pose(11).write_bytes(b"no mat file at all")
    poses(12, lambda content: content.update(person_0=np.zeros((4, 2))))
    poses(13, lambda content: content["person_1"].__setitem__((0, 0), np.nan))
    poses(14, lambda content: content["person_1"].__setitem__((0, 2), 7))
    poses(15, lambda content: content.pop("person_1"))
    nowhere = np.concatenate([np.full((20, 2), 30.0), np.zeros((20, 1))], 1)
    poses(16, lambda content: content.update(person_2=nowhere))
    poses(17, lambda content: content.update(person_0=content["person_1"], person_1=content["person_0"]))
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(mask(18, 2))
    poses(18, lambda content: content.pop("person_1"))
    with (root / "list" / "val.txt").open("a") as file:
        file.write("19\n")


def config(root):
    return DataConfig(name="mhp_v2", root=str(root))


FEW = Fault("not as published", "", "val: 22 pictures, of 5000 that are published")


def test_a_dataset_of_which_a_part_is_there_has_no_other_fault(whole):
    report = check_split(config(whole), "val", nothing)
    assert report.faults == [FEW]
    assert (report.pictures, report.published, report.persons, report.with_pose) == (22, 5000, 44, 44)
    assert not report.is_unfit
    assert check_split(replace(config(whole), max_images=22), "val", nothing).faults == []  # asked for


@pytest.mark.parametrize("how", ["same split", "one copied under another name"])
def test_pictures_that_are_trained_on_are_none_to_validate_on(how, whole):
    train = "val"
    if how != "same split":
        train = "train"
        layouts.write_mhp_v2(whole, [two_persons(str(number)) for number in range(100, 103)], split="train")
        assert not any(report.is_unfit for report in check_splits(config(whole), "train", "val", nothing))
        shutil.copyfile(whole / "val" / "images" / "7.jpg", whole / "train" / "images" / "101.jpg")
    first, second = check_splits(config(whole), train, "val", nothing)
    assert not first.is_unfit
    assert second.is_unfit
    (fault,) = [fault for fault in second.faults if fault != FEW]
    assert fault.kind == "in both splits"
    shown = "22 of 22 pictures of val are trained on, in val: 1, 2, 3, ..."
    assert fault.what == (shown if train == "val" else "1 of 22 pictures of val are trained on, in train: 7")


@pytest.mark.parametrize("parts_alone", [False, True])
def test_a_set_without_anybody_is_unfit(parts_alone, tmp_path):
    empty = layouts.made_pictures(2, 20, 16)
    for picture in empty:
        picture.parts[:], picture.person_ids[:] = 0, 0
    layouts.write_cihp(tmp_path, empty)
    if parts_alone:
        shutil.rmtree(tmp_path / "Validation" / "Human_ids")
    report = check_split(DataConfig(name="cihp", root=str(tmp_path)), "val", nothing)
    assert [fault.what for fault in report.faults if fault.kind == "nobody"] == ["val: no person in any of 2 pictures"]
    assert report.is_unfit


def test_parts_without_persons_are_somebody(tmp_path):
    layouts.write_cihp(tmp_path, layouts.made_pictures(2, 20, 16))
    shutil.rmtree(tmp_path / "Validation" / "Human_ids")
    report = check_split(DataConfig(name="cihp", root=str(tmp_path)), "val", nothing)
    assert report.persons == 0
    assert not report.is_unfit


def test_twenty_planted_faults_are_named_and_nothing_else(whole):
    plant(whole)
    report = check_split(config(whole), "val", nothing)
    assert report.faults.pop(0) == FEW
    found = sorted((fault.picture, fault.kind) for fault in report.faults)
    assert len(found) == 20
    assert found == sorted([*KIND_OF.items(), ("17", "re-paired pose")])
    assert report.is_unfit
    for fault in report.faults:
        assert "\n" not in fault.what
        named = f"{fault.picture}_02" if fault.picture in ("6", "7", "8", "9") else fault.picture
        assert named in fault.what
    json.dumps(report.as_json())


def test_a_split_that_is_not_there_is_one_fault(tmp_path):
    report = check_split(config(tmp_path), "train", nothing)
    assert [fault.kind for fault in report.faults] == ["breaking"]
    assert "train.txt" in report.faults[0].what


def test_the_command_tells_all_and_exits_1(whole, tmp_path, mghp):
    plant(whole)
    (tmp_path / "check.yaml").write_text("data: {name: mhp_v2, splits: {train: val, validation: val}}\n")
    out = tmp_path / "report.json"
    process = mghp("data", "check", "check.yaml", f"data.root={whole}", "--out", out, folder=tmp_path)
    assert process.returncode == 1, process.stderr
    assert "Traceback" not in process.stderr
    assert process.stdout.count("breaking: ") == 2 * 14
    again = mghp("data", "check", "check.yaml", f"data.root={whole}", "--out", out, folder=tmp_path)
    assert again.returncode == 1, again.stderr
    first, second = json.loads(out.read_text())
    assert second["counts"] == first["counts"] | {"in both splits": 1}
    assert sum(first["counts"].values()) == 20 + 1  # and they are not as many as published
