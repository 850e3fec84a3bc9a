import dataclasses
import math

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.landings import Landings
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.batch import collate
from mghp.parsing.fields import Fields
from mghp.parsing.true_fields import true_fields

SKELETON = DENSEPOSE_COCO.skeleton
STRIDES = {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2}


@pytest.fixture(scope="module")
def batch():
    return collate([render(SCENES["default"], index, seed=1) for index in range(4)], 17)


@pytest.fixture(scope="module")
def fields(batch):
    return true_fields(batch, DENSEPOSE_COCO, STRIDES)


def landings(**options):
    return Landings(SKELETON.limbs, SKELETON.known_limb_ratios, **options)


def pairs_of_persons(batch):
    """Which true keypoints are of one person, and which are not, (batch, limb, source, destination) each."""
    there = batch.keypoints[..., 2] > 0
    source, destination = (there[..., list(ends)].movedim(1, 2) for ends in zip(*SKELETON.limbs, strict=True))
    both = source[..., None] & destination[..., None, :]
    same = torch.eye(there.shape[1], dtype=torch.bool)
    return both & same, both & ~same


def test_true_offsets_of_a_limb_land_at_its_other_end(batch, fields):
    positions = batch.keypoints[..., :2].transpose(1, 2)
    nearness = landings()(fields, positions)
    true, false = pairs_of_persons(batch)
    # A keypoint right beside another person's of its type reads that one's offsets.
    assert nearness[true].median() > 0.999
    assert (nearness[true] > 0.9).float().mean() > 0.95
    assert (nearness[false] < 0.1).float().mean() > 0.85
    assert nearness.min() >= 0
    assert nearness.max() <= 1


def test_at_the_border_of_the_picture_offsets_land_as_well(fields):
    there = dataclasses.replace(fields, limb_offsets=torch.zeros(1, 1, 2, 2, 8, 8))
    x, y = (4 * (torch.arange(8) + 0.5)).view(1, 8), (4 * (torch.arange(8) + 0.5)).view(8, 1)
    ends = torch.tensor([[0.3, 31.8], [31.0, 0.2]])
    for end, goal in enumerate(ends.flip(0)):
        there.limb_offsets[0, 0, end, 0], there.limb_offsets[0, 0, end, 1] = goal[0] - x, goal[1] - y
    assert Landings(((0, 1),), (0.4,))(there, ends.view(1, 2, 1, 2)).item() == pytest.approx(1)


def literal(offsets, ends, ratios, rho):
    """The nearness of one pair of two keypoints that one limb joins, whose offsets are `offsets`."""
    size = max(8.0, *(math.hypot(*offset) / ratios for offset in offsets))
    misses = [
        math.dist((end[0] + x, end[1] + y), other) for (x, y), end, other in zip(offsets, ends, ends[::-1], strict=True)
    ]
    return sum(math.exp(-(miss**2) / (2 * (rho * size) ** 2)) for miss in misses) / 2


@pytest.mark.parametrize("offsets", [((20.0, 3.0), (-18.0, -2.0)), ((1.0, 0.0), (0.0, 1.0))])
def test_nearness_is_as_defined(fields, offsets):
    constant = torch.tensor(offsets).view(1, 1, 2, 2, 1, 1).expand(-1, -1, -1, -1, 16, 16)
    of_limb = dataclasses.replace(fields, limb_offsets=constant)
    ends = (10.0, 14.0), (30.5, 16.0)
    found = Landings(((0, 1),), (0.4,), reach=0.2)(of_limb, torch.tensor(ends).view(1, 2, 1, 2))
    assert found.item() == pytest.approx(literal(offsets, ends, 0.4, 0.2), abs=1e-6)


def test_gradients_against_finite_differences():
    generator = torch.Generator().manual_seed(0)
    offsets = 6 * torch.rand(1, 1, 2, 2, 6, 6, generator=generator, dtype=torch.float64)
    positions = 20 * torch.rand(1, 2, 3, 2, generator=generator, dtype=torch.float64)
    nothing = torch.zeros(1, 1, 6, 6)
    made = Landings(((0, 1),), (0.3,), reach=0.5).double()

    def nearness(offsets, positions):
        # Sizes are units and get no gradient: at their floor there is none to miss.
        return made(Fields((24, 24), nothing, nothing, None, nothing, nothing, 4, 4, 4, 4, None, offsets), positions)

    made.ratios.fill_(10.0)
    assert torch.autograd.gradcheck(nearness, [offsets.requires_grad_(), positions.requires_grad_()])
    nearness(offsets, positions).sum().backward()
    assert made.log_reach.grad.abs() > 0


@pytest.mark.parametrize("evidence", ["fields", "offsets", "both"])
def test_affinities_read_what_they_are_told_to(batch, fields, evidence):
    positions = batch.keypoints[..., :2].transpose(1, 2)
    is_real = (batch.keypoints[..., 2] > 0).transpose(1, 2)
    candidates = Candidates(positions, is_real.float(), is_real)
    made = Affinity(SKELETON.limbs, evidence=evidence, limb_ratios=SKELETON.known_limb_ratios)

    def scores(**changed):
        return made(dataclasses.replace(fields, **changed), candidates).affinity

    turned = {"fields": {"limb_fields": -fields.limb_fields}, "offsets": {"limb_offsets": -fields.limb_offsets}}
    for name, change in turned.items():
        assert torch.equal(scores(**change), scores()) == (evidence not in (name, "both"))
    assert ("landings.log_reach" in dict(made.named_parameters())) == (evidence != "fields")


def test_both_is_the_mean_of_the_two(batch, fields):
    positions = batch.keypoints[..., :2].transpose(1, 2)
    is_real = (batch.keypoints[..., 2] > 0).transpose(1, 2)
    candidates = Candidates(positions, is_real.float(), is_real)
    of_fields, of_offsets, of_both = (
        Affinity(SKELETON.limbs, evidence=evidence, limb_ratios=SKELETON.known_limb_ratios)(fields, candidates).affinity
        for evidence in ("fields", "offsets", "both")
    )
    torch.testing.assert_close(of_both, (of_fields + of_offsets) / 2)


def test_fields_without_offsets_are_refused(batch, fields):
    with pytest.raises(ValueError, match="the fields have none"):
        landings()(dataclasses.replace(fields, limb_offsets=None), batch.keypoints[..., :2].transpose(1, 2))
