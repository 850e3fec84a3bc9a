"""Pixels that a map of persons marks 255: nobody known."""

import numpy as np
import official_layouts as layouts
import pytest
import torch

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.datasets.check import check_split
from mghp.datasets.cihp import CIHPSamples
from mghp.datasets.pascal_person_part import PascalPersonPart
from mghp.errors import InputError
from mghp.metrics.ap_parsing import ParsingAP
from mghp.metrics.ap_region import HumanAP
from mghp.parsing.batch import collate
from mghp.parsing.losses.parts import pixel_cross_entropy

VOID = 255
LAYOUTS = {
    "cihp": ("Validation/Images", "Validation/Category_ids", "Validation/Human_ids", CIHPSamples),
    "pascal_person_part": ("JPEGImages", "pascal_person_part_gt", "Human_ids", PascalPersonPart),
}


def two_bodies():
    """Two bodies, the numbers 4 and 9, and a border of void around the first."""
    ids = np.zeros((20, 30), np.uint8)
    ids[5:10, 5:10], ids[4:16, 18:26] = 4, 9
    border = np.zeros(ids.shape, bool)
    border[4:11, 4:11] = True
    return ids, border & (ids == 0)


def write(root, name, parts, ids):
    folders = LAYOUTS[name][:3]
    files = (("jpg", np.zeros((20, 30, 3), np.uint8)), ("png", parts), ("png", ids))
    for folder, (ending, array) in zip(folders, files, strict=True):
        layouts.save(root / folder / f"1.{ending}", array)


@pytest.fixture(params=LAYOUTS)
def dataset(request, tmp_path):
    """A set whose part map knows the background where the map of persons is void."""
    ids, void = two_bodies()
    parts = (ids > 0).astype(np.uint8)
    write(tmp_path, request.param, parts, np.where(void, VOID, ids).astype(np.uint8))
    return request.param, LAYOUTS[request.param][3](tmp_path, "val"), tmp_path


def test_void_is_no_person_and_of_no_known_part(dataset):
    _, samples, _ = dataset
    ids, void = two_bodies()
    labels = samples.labels(0)
    np.testing.assert_array_equal(labels.person_ids, np.select([ids == 4, ids == 9], [1, 2]))
    np.testing.assert_array_equal(labels.parts, np.where(void, VOID, ids > 0))


def test_the_check_counts_no_person_of_void(dataset):
    name, _, root = dataset
    report = check_split(DataConfig(name=name, root=str(root)), "val", lambda *_: None)
    assert report.persons == 2
    assert {fault.kind for fault in report.faults} <= {"not as published"}  # one picture


def test_a_perfect_prediction_scores_all_whatever_it_says_of_void(dataset):
    _, samples, _ = dataset
    labels = samples.labels(0)
    poses = np.zeros((2, 1, 3))
    true = TruePersons(labels.parts, labels.person_ids, poses)
    ids, void = two_bodies()
    for said_of_void in (0, 1):
        numbers = np.where(void, said_of_void, np.select([ids == 4, ids == 9], [1, 2]))
        predicted = PredictedPersons((numbers > 0).astype(int), numbers, np.ones(2), np.ones((2, 20)), poses)
        for metric in (ParsingAP(20), HumanAP()):
            metric.update(predicted, true)
            scores = {key: float(value) for key, value in metric.compute().items() if key.endswith("50")}
            assert scores
            assert all(score == 1 for score in scores.values()), scores


def test_training_is_not_told_what_void_is(dataset):
    name, samples, _ = dataset
    anatomy = DATASETS[name].load().anatomy
    batch = collate([samples[0]], anatomy.num_keypoints)
    assert batch.person_ids.max() == 2
    logits = torch.zeros(1, anatomy.num_labels, 20, 30, requires_grad=True)
    pixel_cross_entropy(logits, batch.parts, 1).backward()
    void = torch.from_numpy(two_bodies()[1])
    assert not logits.grad[0][:, void].any()
    assert logits.grad[0][:, ~void].any()


def test_a_map_of_another_size_is_told(tmp_path):
    write(tmp_path, "cihp", np.zeros((20, 30), np.uint8), np.zeros((10, 30), np.uint8))
    with pytest.raises(InputError, match=r"Human_ids/1.png: \(30, 10\) pixels, 1.png \(30, 20\)"):
        CIHPSamples(tmp_path, "val").labels(0)
