"""A dataset's fingerprint is of what its files hold, not of what they are called or where they lie."""

import shutil

import numpy as np
import official_layouts as layouts
import pytest
from PIL import Image

from mghp.config.data import DataConfig, LoaderConfig, SplitsConfig
from mghp.config.dataset_names import DATASETS
from mghp.datasets.pictures import (
    fingerprint_of,
    load_pictures,
    training_fingerprint,
    validation_fingerprint,
    with_tuning,
)
from mghp.sweep.identity import Identifier


def write_pascal(root, pictures, split):
    layouts.write_pascal_maps(root, pictures, split)
    layouts.write_joints(root / "joints.json", layouts.made_pictures(6, 7, 17))


WRITERS = {
    "mhp_v2": layouts.write_mhp_v2,
    "densepose_coco": layouts.write_densepose,
    "pascal_person_part": write_pascal,
    "cihp": layouts.write_cihp,
}
FILES = [
    ("mhp_v2", "val/images/2.jpg"), ("mhp_v2", "val/parsing_annos/2_*_01.png"), ("mhp_v2", "val/pose_annos/2.mat"),
    ("cihp", "Validation/Images/2.jpg"), ("cihp", "Validation/Category_ids/2.png"),
    ("cihp", "Validation/Human_ids/2.png"), ("densepose_coco", "val2014/COCO_val2014_000000000001.jpg"),
    ("densepose_coco", "densepose_coco_2014_val.json"), ("pascal_person_part", "JPEGImages/2.jpg"),
    ("pascal_person_part", "pascal_person_part_gt/2.png"), ("pascal_person_part", "Human_ids/2.png"),
    ("pascal_person_part", "joints.json"),
]  # fmt: skip
"""Every kind of file that a picture of the split "val" is read from."""


def pictures_of(name, split):
    anatomy = DATASETS[name].load().anatomy
    made = layouts.made_pictures(6, anatomy.num_labels, anatomy.num_keypoints)
    return made[:3] if split == "val" else made[3:]


@pytest.fixture
def config(tmp_path):
    """Of a dataset of three pictures to train on and three to validate on."""

    def make(name, **more):
        for split in ("train", "val"):
            WRITERS[name](tmp_path / name, pictures_of(name, split), split)
        if name == "pascal_person_part":
            more["annotations"] = str(tmp_path / name / "joints.json")
        splits, loader = SplitsConfig("train", "val"), LoaderConfig(batch_size=1)
        return DataConfig(name=name, root=str(tmp_path / name), splits=splits, loader=loader, **more)

    return make


def change(file):
    """Another content that is read all the same."""
    if file.suffix == ".json":
        file.write_text(file.read_text() + "\n")
    elif file.suffix == ".mat":
        file.write_bytes(file.read_bytes() + b"\0")
    else:
        Image.fromarray(np.asarray(Image.open(file))[::-1]).save(file)


@pytest.mark.parametrize(("name", "pattern"), FILES)
def test_every_file_s_content_counts(name, pattern, config, tmp_path):
    data = config(name)
    before = validation_fingerprint(data)
    (file,) = (tmp_path / name).glob(pattern)
    content = file.read_bytes()
    change(file)
    assert validation_fingerprint(data) != before
    file.write_bytes(content)
    assert validation_fingerprint(data) == before
    if file.suffix != ".json":
        file.unlink()  # told when the picture is read
        assert validation_fingerprint(data) != before


@pytest.mark.parametrize("name", WRITERS)
def test_a_moved_folder_is_the_same_data(name, config, tmp_path):
    data = config(name)
    before = training_fingerprint(data)
    moved = shutil.copytree(tmp_path / name, tmp_path / "elsewhere" / "again")
    data.root = str(moved)
    if data.annotations is not None:
        data.annotations = str((moved / "joints.json").rename(tmp_path / "moved.json"))
    assert training_fingerprint(data) == before


def test_where_densepose_s_pictures_lie_changes_nothing(config, tmp_path):
    data = config("densepose_coco")
    before = training_fingerprint(data)
    (tmp_path / "densepose_coco" / "val2014").rename(tmp_path / "densepose_coco" / "images")
    assert training_fingerprint(data) == before


@pytest.mark.parametrize("name", ["mhp_v2", "cihp", "pascal_person_part"])
def test_only_the_pictures_that_are_read_count(name, config, tmp_path):
    data = config(name, max_images=2)
    before = validation_fingerprint(data)
    of_others = [file for file in (tmp_path / name).rglob("*.*") if file.stem.split("_")[0] in ("3", "4", "5", "6")]
    assert len(of_others) >= 4
    for file in of_others:
        change(file)
    assert validation_fingerprint(data) == before


def test_the_order_of_the_list_counts(config, tmp_path):
    data = config("cihp")
    before = validation_fingerprint(data)
    layouts.write_list(tmp_path / "cihp" / "val_id.txt", ["3", "1", "2"])
    assert validation_fingerprint(data) != before


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_loaded_has_the_fingerprint_that_was_known_before(name, config):
    data = config(name)
    data.splits.tuning = "train"
    loaded = load_pictures(data, lambda *_: None)
    assert with_tuning(fingerprint_of(*loaded), data) == training_fingerprint(data)


def test_pictures_to_tune_on_count(config, tmp_path):
    data = config("cihp")
    data.splits.tuning = "tune"
    layouts.write_list(tmp_path / "cihp" / "tune_id.txt", ["1"])
    before = training_fingerprint(data), with_tuning("fingerprint", data)
    layouts.write_list(tmp_path / "cihp" / "tune_id.txt", ["2"])
    assert training_fingerprint(data) != before[0]
    assert with_tuning("fingerprint", data) != before[1]


def test_a_sweep_takes_no_run_of_other_labels_for_its_trial(config, tmp_path):
    data = config("cihp")
    file = tmp_path / "tiny.yaml"
    file.write_text(
        f"data: {{name: cihp, root: {data.root}, splits: {{train: train, validation: val}}, loader: {{batch_size: 1}}}}"
    )
    trial = ["mghp", "train", str(file)]
    before = Identifier(tmp_path)(trial)
    assert Identifier(tmp_path)(trial) == before
    change(tmp_path / "cihp" / "Training" / "Human_ids" / "4.png")
    after = Identifier(tmp_path)(trial)
    assert after.key != before.key
    assert after.folder != before.folder


def test_a_name_that_leads_out_of_the_folder_is_told_when_it_is_read(config, tmp_path):
    data = config("cihp")
    layouts.write_list(tmp_path / "cihp" / "val_id.txt", ["../../outside", "1"])
    assert validation_fingerprint(data)
