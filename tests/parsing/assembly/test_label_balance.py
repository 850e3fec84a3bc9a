from dataclasses import replace

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.assembly.label_balance import LabelBalance
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields

STRIDES = {"parts": 2, "keypoints": 4, "limbs": 4, "field": 2}
LABELS = DENSEPOSE_COCO.num_labels


@pytest.fixture(scope="module")
def batch():
    return collate([render(SCENES["default"], index, seed=1, size=64) for index in range(2)], 17)


@pytest.fixture(scope="module")
def fields(batch):
    return true_fields(batch, DENSEPOSE_COCO, STRIDES)


def test_labels_are_counted_and_unknown_ones_are_not():
    balance = LabelBalance(3, 0.5)
    balance.observe(torch.tensor([[0, 0, 255], [2, 0, 200]], dtype=torch.uint8))
    balance.observe(torch.tensor([[1]], dtype=torch.uint8))
    assert balance.pixels.tolist() == [3, 1, 1]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_nothing_changes_without_a_share_or_a_count(fields, batch, share):
    balance = LabelBalance(LABELS, share)
    if not share:
        balance.observe(batch.parts)
    assert torch.equal(balance(fields).part_logits, fields.part_logits)


def test_with_a_share_of_one_the_label_of_the_largest_likelihood_wins(fields):
    """p(label | pixel) / p(label), up to a constant of the pixel, is p(pixel | label)."""
    generator = torch.Generator().manual_seed(0)
    prior = torch.rand(LABELS, generator=generator, dtype=torch.float64)
    likelihood = torch.rand(fields.part_logits.shape, generator=generator, dtype=torch.float64)
    posterior = replace(fields, part_logits=(likelihood * prior[:, None, None] / prior.sum()).log())
    balance = LabelBalance(LABELS, 1.0)
    balance.pixels += 1e6 * prior
    assert torch.equal(balance(posterior).part_logits.argmax(1), likelihood.argmax(1))
    assert not torch.equal(posterior.part_logits.argmax(1), likelihood.argmax(1))


def test_frequent_labels_lose_and_a_label_never_seen_stays_finite(fields, batch):
    balance = LabelBalance(LABELS, 0.3)
    balance.observe(batch.parts)
    balance.pixels[3] = 0
    changed = balance(fields)
    gain = (changed.part_logits - fields.part_logits).amax((0, 2, 3))
    assert torch.isfinite(changed.part_logits).all()
    assert gain.argmin() == 0  # the background
    assert gain.argmax() == 3
    assert changed.heatmaps is fields.heatmaps
