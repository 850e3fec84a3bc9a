"""Every peer that is installed, against what its package says that it computes."""

import pytest
import torch

from mghp.matching import Hungarian, Projection, make_matcher
from mghp.matching.losses import matching_loss
from mghp.matching.problem import best_matching, violation
from mghp.studies.learned.gradients import mean_cosine
from mghp.studies.peers.registry import PEERS

WEIGHT = 0.2
SHAPES = [(1, 1), (4, 4), (3, 5), (5, 2)]
PROJECTIONS = {"projection_dykstra": 1e-4, "lp_sparsemap": 1e-4, "cvxpylayers_diffcp": 3e-3, "cvxpylayers_mpax": 1e-3}
"""How far each may be from the exact projection: as far as its own tolerance leaves it."""


def built(name, iterations=0):
    entry = PEERS[name]
    if missing := entry.missing():
        pytest.skip(missing)
    return entry.load()(WEIGHT, iterations or entry.iterations)


def affinities(shape, batch=3):
    torch.manual_seed(7)
    return 2 * torch.rand(batch, *shape) - 0.5


def gradient(matcher, affinity):
    leaf = affinity.clone().requires_grad_()
    torch.manual_seed(3)
    return torch.autograd.grad((matcher(leaf) * torch.randn(affinity.shape)).sum(), leaf)[0]


@pytest.mark.parametrize("name", PROJECTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_quadratic_program_has_the_projection_as_its_solution(name, shape):
    matcher, exact, affinity = built(name, 20_000), built("projection_newton"), affinities(shape)
    torch.testing.assert_close(matcher(affinity), exact(affinity), atol=PROJECTIONS[name], rtol=0)
    reference = gradient(exact, affinity)
    if matcher.differentiable and reference.any():
        found, has_gradient = gradient(matcher, affinity), reference.abs().amax((-2, -1)) > 1e-9
        assert mean_cosine(found[has_gradient], reference[has_gradient]) > 0.99
        assert (found[~has_gradient].abs() < 1e-3).all()  # the rest, of a cone solver's accuracy, has no direction


def test_the_literal_algorithm_is_ours():
    literal, ours, affinity = built("literal"), built("pgd_dykstra"), affinities((4, 6))
    torch.testing.assert_close(literal(affinity), ours(affinity), atol=1e-5, rtol=0)
    torch.testing.assert_close(gradient(literal, affinity), gradient(ours, affinity), atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", ["pot", "ott"])
def test_transport_with_penalised_sums_is_ours(name):
    matcher, ours, affinity = built(name, 3000), built("sinkhorn_kl", 3000), affinities((3, 5))
    torch.testing.assert_close(matcher(affinity), ours(affinity), atol=3e-3, rtol=3e-3)
    torch.testing.assert_close(gradient(matcher, affinity), gradient(ours, affinity), atol=3e-2, rtol=3e-2)


@pytest.mark.parametrize("name", ["pot", "ott"])
def test_candidates_that_are_not_real_change_no_gradient(name):
    matcher, ours, affinity = built(name, 3000), built("sinkhorn_kl", 3000), affinities((3, 5))
    masks = torch.arange(3) < torch.tensor([[2]] * len(affinity)), torch.arange(5) < torch.tensor([[4]] * len(affinity))
    found = []
    for one in (matcher, ours):
        leaf = affinity.clone().requires_grad_()
        assignment = one(leaf, *masks)
        found += [assignment.detach(), *torch.autograd.grad(assignment.square().sum(), leaf)]
    assert not found[0][:, 2:].any()
    for theirs, own in zip(found[:2], found[2:], strict=True):
        torch.testing.assert_close(theirs, own, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize("name", ["lapx", "torchmatch"])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_exact_matching_is_scipy_s(name, shape):
    affinity = affinities(shape, batch=20)
    assert torch.equal(built(name)(affinity), Hungarian()(affinity))


def test_sparsemax_is_the_projection_of_each_row_alone():
    affinity = affinities((4, 5))
    rows = Projection(1 / WEIGHT, method="newton")(affinity.unsqueeze(-2)).squeeze(-2)
    torch.testing.assert_close(built("entmax")(affinity), rows, atol=1e-5, rtol=0)


def test_the_mean_of_many_perturbed_matchings_is_ours(monkeypatch):
    built("pyepo_perturbed")
    monkeypatch.setattr("mghp.studies.peers.pyepo_perturbed.SAMPLES", 2000)
    affinity = affinities((3, 5))
    ours = make_matcher("perturbed", sigma=WEIGHT, num_samples=2000)
    torch.testing.assert_close(built("pyepo_perturbed")(affinity), ours(affinity), atol=0.07, rtol=0)


@pytest.mark.parametrize("name", ["linsatnet", "pygmtools", "pyepo_perturbed", "sinkhorn_unrolled", "perturbed"])
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_of_rows_and_columns_are_one_at_most(name, shape):
    matcher, affinity = built(name, 1000), affinities(shape)
    assignment = matcher(affinity)
    assert violation(assignment).max() < 0.02
    assert (assignment * best_matching(affinity)).sum() > 0.3 * best_matching(affinity).sum()
    assert gradient(matcher, affinity).isfinite().all()


def test_spo_plus_leads_from_the_best_matching_of_twice_the_affinity_less_the_truth_to_the_truth():
    built("pyepo_spo_plus")
    affinity, truth = affinities((4, 4), batch=6), torch.eye(4, dtype=torch.bool).expand(6, 4, 4)
    leaf = affinity.clone().requires_grad_()
    loss = matching_loss("pyepo_spo_plus", leaf, None, truth, torch.ones_like(truth))
    far = best_matching(2 * affinity - truth.float()).float()
    expected = 2 * (far - truth.float()) / 6
    torch.testing.assert_close(torch.autograd.grad(loss, leaf)[0], expected)
    assert loss > 0


@pytest.mark.parametrize("name", [name for name in PEERS if "perturbed" not in name and "mpax" not in name])
def test_padding_changes_nothing(name):
    matcher, affinity = built(name), affinities((4, 6))
    rows, columns = torch.tensor([[1, 1, 0, 0], [1, 0, 1, 1], [1, 1, 0, 0]]).bool(), torch.ones(3, 6).bool()
    columns[1, 2:4] = False
    assignment = matcher(affinity, rows, columns)
    assert (assignment[~(rows[:, :, None] & columns[:, None])] == 0).all()
    for padded, one, row, column in zip(assignment, affinity, rows, columns, strict=True):
        alone = matcher(one[row][:, column].unsqueeze(0))[0]
        torch.testing.assert_close(padded[row][:, column], alone, atol=2e-3, rtol=0)


def test_every_peer_names_a_matcher_of_ours_and_needs_a_package_or_none():
    ours = {name for name in PEERS if not PEERS[name].package}
    for entry in PEERS.entries:
        assert entry.against in ours
        assert bool(entry.package) == bool(entry.module)
        assert entry.load if entry.missing() else entry.load()
