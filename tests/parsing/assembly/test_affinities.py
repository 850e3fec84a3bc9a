import math

import pytest
import torch

from mghp.parsing.assembly.affinities import Affinity, field_samples, line_integrals, read_heatmaps
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.fields import Fields

LIMBS = ((0, 1), (1, 2))


def make_fields(seed=0, size=(8, 10), keypoints=3, limbs=2, batch=2):
    generator = torch.Generator().manual_seed(seed)

    def random(*shape):
        return torch.rand(batch, *shape, *size, generator=generator, dtype=torch.float64)

    return Fields(
        image_size=(32, 40),
        part_logits=random(4),
        heatmaps=random(keypoints),
        keypoint_offsets=None,
        limb_fields=2 * random(limbs, 2) - 1,
        projection=random(2),
        part_stride=4,
        keypoint_stride=4,
        limb_stride=4,
        projection_stride=4,
    )


def make_candidates(seed=0, keypoints=3, number=4, batch=2):
    generator = torch.Generator().manual_seed(seed)
    places = torch.rand(batch, keypoints, number, 2, generator=generator, dtype=torch.float64)
    is_candidate = torch.rand(batch, keypoints, number, generator=generator) < 0.7
    return Candidates(places * torch.tensor([40.0, 32.0]), torch.ones(batch, keypoints, number), is_candidate)


def bilinear(plane, x, y, stride=4):
    """One value, cell by cell; 0 outside."""
    u, v = x / stride - 0.5, y / stride - 0.5
    column, row = math.floor(u), math.floor(v)
    total = 0.0
    for j, weight_y in ((row, 1 - (v - row)), (row + 1, v - row)):
        for i, weight_x in ((column, 1 - (u - column)), (column + 1, u - column)):
            if 0 <= i < plane.shape[1] and 0 <= j < plane.shape[0]:
                total += weight_x * weight_y * float(plane[j, i])
    return total


def literal_affinity(fields, candidates, b, limb, i, j, kappa=4.0, tau=0.25, weight=0.1):
    source, destination = LIMBS[limb]
    (x0, y0), (x1, y1) = (candidates.positions_input[b, k, n].tolist() for k, n in ((source, i), (destination, j)))
    length = math.hypot(x1 - x0, y1 - y0)
    total = 0.0
    for k in range(10):
        share = (k + 0.5) / 10
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        field = [bilinear(fields.limb_fields[b, limb, axis], x, y) for axis in (0, 1)]
        total += (field[0] * (x1 - x0) + field[1] * (y1 - y0)) / length / 10
    heat = [
        min(max(bilinear(fields.heatmaps[b, k], x, y), 1e-4), 1 - 1e-4)
        for k, x, y in ((source, x0, y0), (destination, x1, y1))
    ]
    return kappa * (total - tau) + weight * sum(math.log(h / (1 - h)) for h in heat) / 2


def test_every_pair_is_scored_as_defined():
    fields, candidates = make_fields(), make_candidates()
    scored = Affinity(LIMBS).double()(fields, candidates)
    compared = 0
    for b, limb, i, j in torch.ones(scored.affinity.shape).nonzero().tolist():
        source, destination = LIMBS[limb]
        if candidates.is_candidate[b, source, i] and candidates.is_candidate[b, destination, j]:
            expected = literal_affinity(fields, candidates, b, limb, i, j)
            assert scored.affinity[b, limb, i, j].item() == pytest.approx(expected, abs=1e-6)
            compared += 1
        else:
            assert scored.affinity[b, limb, i, j] == 0
    assert compared > 10


def test_along_a_limb_the_integral_is_one_and_minus_one_backwards():
    field = torch.zeros(1, 2, 8, 8)
    field[:, 0] = 1.0
    ends = torch.tensor([[6.0, 16.0], [26.0, 16.0]])
    plane = torch.tensor([0, 0])
    integral = line_integrals(field, plane, ends, ends.flip(0), 4)
    torch.testing.assert_close(integral, torch.tensor([1.0, -1.0]))


def test_a_segment_of_length_0_scores_0_and_has_a_gradient():
    field = torch.rand(1, 2, 8, 8)
    point = torch.tensor([[10.0, 10.0]], requires_grad=True)
    integral = line_integrals(field, torch.tensor([0]), point, point, 4)
    integral.sum().backward()
    assert integral.item() == 0
    assert point.grad.isfinite().all()


def test_gradients_against_finite_differences():
    fields, candidates = make_fields(batch=1), make_candidates(batch=1)
    candidates.is_candidate[:] = True
    affinity = Affinity(LIMBS, detach_positions=False).double()

    def scores(limb_fields, heatmaps, positions):
        changed = Fields(**{**vars(fields), "limb_fields": limb_fields, "heatmaps": heatmaps})
        return affinity(changed, Candidates(positions, candidates.scores, candidates.is_candidate)).affinity

    inputs = [fields.limb_fields, fields.heatmaps, candidates.positions_input]
    assert torch.autograd.gradcheck(scores, [value.clone().requires_grad_() for value in inputs], atol=1e-6)


def test_detached_positions_get_no_gradient():
    fields, candidates = make_fields(), make_candidates()
    candidates.positions_input.requires_grad_()
    fields.heatmaps.requires_grad_()
    Affinity(LIMBS).double()(fields, candidates).affinity.sum().backward()
    assert candidates.positions_input.grad is None
    assert fields.heatmaps.grad.abs().sum() > 0


def test_heatmaps_are_read_at_the_candidates():
    fields, candidates = make_fields(), make_candidates()
    read = read_heatmaps(fields.heatmaps, candidates.positions_input, 4)
    x, y = candidates.positions_input[1, 2, 3].tolist()
    assert read[1, 2, 3].item() == pytest.approx(bilinear(fields.heatmaps[1, 2], x, y))


def test_no_candidate_at_all():
    fields, candidates = make_fields(), make_candidates()
    candidates.is_candidate[:] = False
    scored = Affinity(LIMBS).double()(fields, candidates)
    assert scored.affinity.abs().sum() == 0


def test_line_integrals_are_means_of_field_samples_along_the_segment():
    fields = make_fields().limb_fields.flatten(0, 1)
    ends = make_candidates(number=5).positions_input
    source, destination = ends[0, 0], ends[0, 1]
    plane = torch.tensor([0, 3, 1, 1, 2])
    samples = field_samples(fields, plane, source, destination, stride=4, num_samples=7)
    assert samples.shape == (5, 7, 2)
    direction = torch.nn.functional.normalize(destination - source)
    expected = line_integrals(fields, plane, source, destination, stride=4, num_samples=7)
    assert torch.allclose((samples.mean(1) * direction).sum(-1), expected)
