import math

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields, true_part_logits


def test_part_logits_are_logarithms_of_shares():
    parts = torch.tensor([[[1, 1, 2, 255, 0], [0, 1, 2, 255, 0], [255, 255, 1, 1, 2]]], dtype=torch.uint8)
    logits = true_part_logits(parts, 3, 2)
    shares = logits.exp() - 0.01
    assert shares.shape == (1, 3, 2, 3)
    assert shares[0, :, 0, 0].tolist() == pytest.approx([0.25, 0.75, 0.0], abs=1e-6)
    assert shares[0, :, 0, 1].tolist() == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)
    assert shares[0, :, 1, 0].tolist() == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)  # nothing known
    assert shares[0, :, 1, 2].tolist() == pytest.approx([0.0, 0.0, 1.0], abs=1e-6)  # beyond the picture


@pytest.mark.parametrize("size", [64, 62])
def test_fields_of_every_stride(size):
    batch = collate([render(SCENES["simple"], 0, seed=2, size=size)], 17)
    fields = true_fields(batch, DENSEPOSE_COCO, {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2})
    assert torch.equal(fields.part_logits.argmax(1).to(torch.uint8), batch.parts)
    assert fields.heatmaps.shape == (1, 17, math.ceil(size / 4), math.ceil(size / 4))
    assert fields.limb_fields.shape == (1, 19, 2, math.ceil(size / 4), math.ceil(size / 4))
    assert fields.projection.shape == (1, 2, math.ceil(size / 2), math.ceil(size / 2))
