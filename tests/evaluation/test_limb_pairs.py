import dataclasses

import numpy as np
import pytest
import torch

from mghp.datasets.pictures import load_validation
from mghp.evaluation.limb_pairs import LimbPairs, examine_limbs, limb_problems
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.problems.matching_batch import MatchingBatch
from mghp.training.build import build_module

STRIDES = {"parts": 2, "keypoints": 4, "limbs": 4, "field": 2}


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def sure(small_config):
    """A module that predicts the true fields of the validation pictures, the pictures, and their batch."""
    config = small_config("data.synthetic.size=128", "data.synthetic.num_validation=4")
    module, samples = build_module(config).eval(), load_validation(config.data, nothing)
    batch = collate([samples[index] for index in range(4)], 17)
    fields = true_fields(batch, module.assembler.anatomy, STRIDES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(module), "fields", lambda self, image: fields)
        yield module, config, samples, batch


def test_true_fields_join_most_pairs_rightly_and_every_picture_has_its_counts(sure):
    module, config, samples, _ = sure
    metrics, rows = examine_limbs(module, config, samples, nothing)
    assert 0.9 < metrics["limbs/f1"] <= metrics["limbs/f1_best"] <= 1
    assert rows["name"].tolist() == 2 * samples.names
    learned = rows[rows["price"] == "learned"]
    right, false, missed = (int(learned[kind].sum()) for kind in ("right", "false", "missed"))
    assert metrics["limbs/f1"] == pytest.approx(2 * right / (2 * right + false + missed))
    assert metrics["limbs/true_pairs"] == right + missed > 50


def test_a_price_that_nobody_pays_is_mended_by_the_best_one(sure, monkeypatch):
    module, config, samples, _ = sure
    monkeypatch.setattr(module.assembler.affinity.price, "data", torch.tensor(100.0))
    metrics, _ = examine_limbs(module, config, samples, nothing)
    assert metrics["limbs/f1"] == 0
    assert metrics["limbs/f1_best"] > 0.9
    assert metrics["limbs/best_price"] < -100


def test_candidates_where_nobody_annotated_keypoints_are_left_out(sure):
    module, _, _, batch = sure
    fields = module.fields(batch.image)
    nowhere = dataclasses.replace(batch, ignored_poses=torch.ones_like(batch.ignored_poses))
    assert limb_problems(module.assembler, fields, batch).truth.any()
    assert not limb_problems(module.assembler, fields, nowhere).is_pair.any()


def test_pairs_are_the_best_matching_s_and_not_each_row_s_best():
    affinity = torch.tensor([[[[3.0, 2.9], [2.8, 0.5]]]])
    truth = torch.tensor([[[[False, True], [True, False]]]])
    mask = torch.ones(1, 1, 2, dtype=torch.bool)
    pairs = LimbPairs(["a"], [MatchingBatch(affinity, mask, mask, truth)])
    np.testing.assert_array_equal(pairs.counts(0.0), [[2, 0, 0]])
    np.testing.assert_array_equal(pairs.counts(2.85), [[0, 1, 2]])
    assert LimbPairs([], []).best_price() == 0
