import math

import pytest
import torch

from mghp.config.network import BackboneConfig, NetworkConfig, StridesConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.batch import collate
from mghp.parsing.network.parser import ParsingNetwork
from mghp.parsing.network.pose_inputs import at_stride, votes
from mghp.parsing.targets import make_projection

SLIM = {"channels": [4, 6, 8, 10, 12], "blocks": [1, 1, 0, 0, 0]}


def tiny(**options):
    torch.manual_seed(0)
    return ParsingNetwork(
        NetworkConfig(backbone=BackboneConfig(kwargs=SLIM), width=8, **options), DENSEPOSE_COCO
    ).eval()


def picture(*size):
    return torch.randint(0, 256, size, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def literal_votes(field, human, stride, wanted, cells):
    found = torch.zeros(cells)
    for row in range(field.shape[1]):
        for column in range(field.shape[2]):
            x = (stride * (column + 0.5) + float(field[0, row, column])) / wanted - 0.5
            y = (stride * (row + 0.5) + float(field[1, row, column])) / wanted - 0.5
            for j in range(cells[0]):
                for i in range(cells[1]):
                    share = max(0.0, 1 - abs(x - i)) * max(0.0, 1 - abs(y - j))
                    found[j, i] += share * float(human[row, column]) * (stride / wanted) ** 2
    return found


@pytest.mark.parametrize(("stride", "wanted", "cells"), [(2, 4, (3, 4)), (4, 4, (6, 8)), (4, 2, (12, 16))])
def test_votes_are_counted_as_defined(stride, wanted, cells):
    generator = torch.Generator().manual_seed(0)
    field = 12 * torch.randn(2, 2, 6, 8, generator=generator)
    human = torch.rand(2, 6, 8, generator=generator)
    found = votes(field, human, stride, wanted, cells)
    for position in range(2):
        expected = literal_votes(field[position], human[position], stride, wanted, cells)
        torch.testing.assert_close(found[position], expected, atol=1e-5, rtol=1e-4)


def test_votes_of_a_true_field_are_at_keypoints_and_as_many_as_there_are_human_cells():
    batch = collate([render(SCENES["default"], 0, seed=1, size=64)], 17)
    field, human = make_projection(batch, 2)
    found = votes(field, human, 2, 4, (16, 16))
    assert float(found.sum()) == pytest.approx(float(human.sum()) / 4, rel=0.02)
    x, y = batch.keypoints[0, batch.keypoints[0, ..., 2] > 0][:, :2].T
    centre = 4 * (torch.arange(16) + 0.5)
    near = ((centre - x[:, None]).abs()[:, None] < 4) & ((centre - y[:, None]).abs()[..., None] < 4)
    assert found[0][near.any(0)].sum() > 0.999 * found.sum()


def test_values_at_another_stride_are_means_or_repeated():
    values = torch.arange(16.0).view(1, 1, 4, 4)
    assert at_stride(values, 2, 4)[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert at_stride(values, 2, 2).equal(values)
    assert at_stride(values, 2, 1)[0, 0, :3, 2].tolist() == [1, 1, 5]


@pytest.mark.parametrize(
    "strides", [StridesConfig(), StridesConfig(keypoints=2, limbs=8, parts=1, field=4), StridesConfig(parts=8)]
)
@pytest.mark.parametrize("inputs", ["parts", "parts_and_votes"])
def test_poses_are_made_from_parts_and_votes_at_any_stride(inputs, strides):
    network, plain = tiny(pose_inputs=inputs, strides=strides), tiny(strides=strides)
    found, without = network(picture(2, 3, 64, 90)), plain(picture(2, 3, 64, 90))
    assert found.heatmap_logits.shape == without.heatmap_logits.shape
    assert found.limb_fields.shape == without.limb_fields.shape
    assert torch.equal(found.part_logits, without.part_logits)
    assert torch.equal(found.projection_levels[-1], without.projection_levels[-1])
    assert not torch.equal(found.heatmap_logits, without.heatmap_logits)
    assert found.heatmap_logits.shape[-1] == math.ceil(90 / strides.keypoints)


@pytest.mark.parametrize("inputs", ["parts", "parts_and_votes"])
def test_poses_depend_on_the_field_where_it_votes_and_train_neither_it_nor_the_parts(inputs):
    network = tiny(pose_inputs=inputs)
    before = network(picture(1, 3, 64, 64))
    before.heatmap_logits.sum().backward()
    untrained = [*network.parts.parameters(), *network.field.parameters()]
    assert all(parameter.grad is None for parameter in untrained)
    assert any(parameter.grad.any() for parameter in network.pose_inputs.parameters())
    with torch.no_grad():
        network.field.residuals[-1].bias += 3
        moved = network(picture(1, 3, 64, 64))
        network.parts.output.bias[::2] += 3
        other_parts = network(picture(1, 3, 64, 64))
    assert torch.equal(moved.heatmap_logits, before.heatmap_logits) == (inputs == "parts")
    assert not torch.equal(other_parts.heatmap_logits, moved.heatmap_logits)


def test_separate_decoders_have_their_pose_features_joined():
    network = tiny(pose_inputs="parts", decoders="separate")
    network(picture(1, 3, 64, 64)).limb_fields.sum().backward()
    assert all(parameter.grad is None for parameter in network.decoder.parameters())
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in network.pose_decoder.parameters())
