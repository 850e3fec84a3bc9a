"""Datasets in their official layouts, one file of which is damaged; and poses for the matching problems."""

import json

import official_layouts as layouts
import pytest
from fuzzing import LONG, damaged_bytes, damaged_json, damaged_text, files_below, fuzz

from mghp.config.data import DataConfig, PoseProblemsConfig
from mghp.datasets.check import SplitReport, _check_picture
from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.mhp_v2 import MHPv2
from mghp.datasets.pascal_person_part import LABEL_OF, PascalPersonPart
from mghp.problems.coco_keypoints import read_coco_poses
from mghp.problems.pose_problems import simulate_problems

NAMES = ("../../etc/passwd", "/etc/passwd", "x" * 400, "a\0b", "..", ".", "-", "1 2 3", "é", "\\", "../1", "1/../1")


def pictures(name):
    anatomy = DataConfig(name=name).dataset.load().anatomy
    return layouts.made_pictures(1, anatomy.num_labels, anatomy.num_keypoints)


def write_maps(root):
    layouts.write_pascal_maps(root, pictures("pascal_person_part"))
    layouts.write_joints(root / "joints.json", pictures("pascal_person_part"))


def write_parts(root):
    name_of = {label: name for name, label in LABEL_OF.items()}
    layouts.write_pascal_part(root, pictures("pascal_person_part"), name_of.__getitem__)


DATASETS = {
    "mhp_v2": (lambda root: layouts.write_mhp_v2(root, pictures("mhp_v2")), lambda root: MHPv2(root, "val")),
    "cihp": (lambda root: layouts.write_cihp(root, pictures("cihp")), lambda root: CIHPSamples(root, "val")),
    "pascal maps": (write_maps, lambda root: PascalPersonPart(root, "val", root / "joints.json")),
    "pascal parts": (write_parts, lambda root: PascalPersonPart(root, "val")),
    "densepose": (
        lambda root: layouts.write_densepose(root, pictures("densepose_coco")),
        lambda root: DensePoseCOCO(root, "minival"),
    ),
}
"""How each is written, and opened."""


def damaged(rng, file, content):
    if file.suffix == ".json" and rng.random() < 0.9:
        return json.dumps(damaged_json(rng, damaged_json(rng, json.loads(content)))).encode()
    if file.suffix == ".txt" and rng.random() < 0.8:
        return damaged_text(rng, content.decode(), NAMES).encode()
    return damaged_bytes(rng, content)


@LONG
@pytest.mark.parametrize("name", DATASETS)
def test_any_damaged_dataset_is_read_or_refused(name, tmp_path):
    write, open_it = DATASETS[name]
    write(tmp_path)
    kinds = {}
    for file in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        kinds.setdefault((file.parent.name, file.suffix), []).append(file)  # as many chances as kinds, not as files

    def make(rng):
        file = rng.choice(rng.choice(list(kinds.values())))
        return file, damaged(rng, file, file.read_bytes())

    def read(made):
        file, content = made
        whole = file.read_bytes()
        file.write_bytes(content)
        try:
            samples = open_it(tmp_path)
            report = SplitReport("val", len(samples), None)
            for index in range(len(samples)):
                _check_picture(samples, index, report)
                assert samples[index].image.ndim == 3
        finally:
            file.write_bytes(whole)

    before = files_below(tmp_path.parent)
    outcomes = fuzz(150, make, read)
    assert files_below(tmp_path.parent) == before
    assert min(outcomes.values()) > 0


@LONG
def test_any_damaged_poses_are_problems_or_refused(tmp_path):
    people = {"id": 1, "name": "person", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2], [2, 3]]}
    pose = [10.0, 10.0, 2, 20.0, 20.0, 2, 30.0, 10.0, 1]
    images = [{"id": number, "file_name": f"{number}.jpg", "width": 64, "height": 64} for number in range(2)]
    moved = [[value + number * (place % 3 < 2) for place, value in enumerate(pose)] for number in range(4)]
    persons = [
        {"id": number, "image_id": number % 2, "category_id": 1, "keypoints": keypoints}
        for number, keypoints in enumerate(moved)
    ]
    content = {"images": images, "annotations": persons, "categories": [people]}
    file = tmp_path / "poses.json"

    def read(text):
        file.write_text(text)
        simulate_problems(read_coco_poses(file), PoseProblemsConfig(), 0)

    outcomes = fuzz(300, lambda rng: json.dumps(damaged_json(rng, json.loads(json.dumps(content)))), read)
    assert list(tmp_path.iterdir()) == [file]
    assert min(outcomes.values()) > 0
