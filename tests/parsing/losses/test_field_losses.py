import math

import pytest
import torch

from mghp.parsing.losses.heatmaps import focal_loss, heat_cross_entropy, weighted_squared_error
from mghp.parsing.losses.keypoint_offsets import keypoint_offset_loss
from mghp.parsing.losses.limb_fields import limb_field_loss
from mghp.parsing.losses.masked_mean import masked_mean
from mghp.parsing.losses.projection_field import projection_loss
from mghp.parsing.losses.relative_offsets import relative_offset_loss

ALL = torch.ones(2, 1, 1, 1, dtype=torch.bool)
NONE = ~ALL


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_masked_mean_is_the_mean_over_what_counts():
    values = torch.tensor([[1.0, 2.0], [3.0, 10.0]])
    weight = torch.tensor([[True, True], [True, False]])
    assert masked_mean(values, weight) == 2
    assert masked_mean(values, torch.tensor([[1.0], [3.0]])) == (1 + 2 + 9 + 30) / 8


def test_nothing_that_counts_is_zero_with_gradient_zero():
    values = torch.ones(3, requires_grad=True)
    masked_mean(values, torch.zeros(3)).backward()
    assert values.grad.tolist() == [0, 0, 0]


def test_focal_loss_is_its_definition_cell_by_cell():
    logits, heat = normal(2, 3, 4, 5), normal(2, 3, 4, 5, seed=1).sigmoid()
    total = 0.0
    for logit, target in zip(logits[0].flatten().tolist(), heat[0].flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit))
        total -= abs(p - target) ** 2 * (target * math.log(p) + (1 - target) * math.log(1 - p))
    expected = total / heat[0].sum()
    only_first = torch.tensor([True, False]).view(2, 1, 1, 1)
    assert focal_loss(logits, heat, only_first) == pytest.approx(float(expected))


def test_a_picture_of_nobody_still_trains_against_false_peaks():
    logits = normal(2, 3, 4, 5).requires_grad_()
    loss = focal_loss(logits, torch.zeros(2, 3, 4, 5, dtype=torch.float64), ALL)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert torch.isfinite(loss)
    assert (gradient > 0).all()


@pytest.mark.parametrize("loss", [focal_loss, weighted_squared_error])
def test_heatmap_losses_vanish_at_the_truth_and_only_there(loss):
    heat = torch.tensor([0.02, 0.5, 0.98], dtype=torch.float64).view(1, 1, 1, 3)
    labelled = ALL[:1]
    logits = heat.logit().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(logits, heat, labelled), logits)
    assert gradient.abs().max() < 1e-12
    assert loss(logits + 1, heat, labelled) > loss(logits, heat, labelled)


def test_squared_error_counts_hot_cells_more():
    heat = torch.tensor([0.0, 1.0]).view(1, 1, 1, 2)
    loss = weighted_squared_error(torch.zeros(1, 1, 1, 2), heat, ALL[:1])
    assert loss == pytest.approx((1 * 0.25 + 11 * 0.25) / 12)


@pytest.mark.parametrize("loss", [heat_cross_entropy, focal_loss, weighted_squared_error])
def test_cells_that_are_not_known_train_no_heatmap(loss):
    logits, heat = normal(1, 2, 3, 4).requires_grad_(), normal(1, 2, 3, 4, seed=1).sigmoid()
    known = torch.ones(1, 1, 3, 4, dtype=torch.bool)
    known[..., 1:] = False
    value = loss(logits, heat, known)
    (gradient,) = torch.autograd.grad(value, logits)
    assert value.item() == pytest.approx(loss(logits[..., :1], heat[..., :1], ALL[:1]).item())
    assert gradient[..., 1:].abs().max() == 0
    assert gradient[..., :1].abs().min() > 0


def test_offsets_count_in_cells_near_keypoints_alone():
    offsets = torch.zeros(1, 1, 2, 1, 2)
    target = torch.tensor([[2.0, 100.0], [-4.0, 100.0]]).view(1, 1, 2, 1, 2)
    near = torch.tensor([True, False]).view(1, 1, 1, 2)
    assert keypoint_offset_loss(offsets, target, near, stride=4) == (2 / 4 + 4 / 4) / 2


def test_limb_fields_weigh_limb_cells_and_the_others_apart():
    target = torch.tensor([[1.0, 0, 0], [0, 0, 0]]).view(1, 1, 2, 1, 3)
    fields = torch.full_like(target, 0.5)
    on_limb = torch.tensor([True, False, False]).view(1, 1, 1, 3)
    labelled = ALL[:1]
    assert limb_field_loss(fields, target, on_limb, labelled) == pytest.approx(0.5 + 0.1 * 0.5)
    assert limb_field_loss(fields, target, on_limb, ~labelled) == 0


def test_long_offsets_count_relative_to_the_person_and_where_they_have_weight():
    offsets = torch.zeros(1, 1, 2, 1, 3, requires_grad=True)
    target = torch.tensor([[6.0, 10.0, 100.0], [-2.0, 0.0, 100.0]]).view(1, 1, 2, 1, 3)
    weights = torch.tensor([1 / 4, 1 / 20, 0]).view(1, 1, 1, 3)
    loss = relative_offset_loss(offsets, target, weights)
    assert loss.item() == pytest.approx((6 / 4 + 2 / 4 + 10 / 20 + 0) / 4)
    loss.backward()
    assert offsets.grad[..., 2].abs().max() == 0
    assert relative_offset_loss(offsets, target, 0 * weights) == 0


def test_every_level_of_the_field_counts_the_same():
    levels = [torch.zeros(1, 2, 1, 1), torch.zeros(1, 2, 2, 2)]
    targets = [torch.full((1, 2, 1, 1), 4.0), torch.full((1, 2, 2, 2), 2.0)]
    weights = [torch.ones(1, 1, 1), torch.tensor([[[1.0, 0], [0, 0]]])]
    assert projection_loss(levels, targets, weights) == (4 + 2) / 2


def test_a_missing_label_gives_no_loss_and_no_gradient():
    fields = torch.ones(2, 1, 2, 3, 3, requires_grad=True)
    on_limb = torch.zeros(2, 1, 3, 3, dtype=torch.bool)
    logits = torch.ones(2, 1, 3, 3, requires_grad=True)
    total = (
        limb_field_loss(fields, torch.zeros_like(fields), on_limb, NONE)
        + focal_loss(logits, torch.zeros_like(logits), NONE)
        + weighted_squared_error(logits, torch.zeros_like(logits), NONE)
    )
    total.backward()
    assert total == 0
    assert fields.grad.abs().max() == 0
    assert logits.grad.abs().max() == 0
