"""Affinities far from 1: every solver finds what it finds near, or refuses in one line."""

import numpy as np
import pytest
import torch
from affinities import padded, random_affinity, unpadded

from mghp.matching import (
    Hungarian,
    LinearProgram,
    Perturbed,
    PGDDykstra,
    Projection,
    SoftMax,
    UnbalancedSinkhorn,
    make_matcher,
    optimality_gap,
    project_to_assignments,
)
from mghp.matching.far import best_pairs, prices, with_near_affinities
from mghp.matching.linear_program import _program
from mghp.matching.pgd_dykstra import REACH
from mghp.matching.solvers import SOLVERS

WARM = {"num_steps": 50, "num_cycles": 5, "step_size": 1.0, "average": False, "warm_start": True}
REACHING = {
    "pgd_numba": PGDDykstra(**WARM, backend="numba"),
    "pgd_torch": PGDDykstra(**WARM, backend="torch"),
    "projection": Projection(),
    "unrolled": Projection(gradient="unrolled"),
    "sinkhorn": UnbalancedSinkhorn(num_iterations=1000),
    "dustbin": UnbalancedSinkhorn(marginal="dustbin", num_iterations=1000),
    "linear_program": LinearProgram(),
    "clarabel": LinearProgram("CLARABEL"),
}
"""Those whose limit is the best matching."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e3, 1e4, 1e8, 1e20, 1e37])
@pytest.mark.parametrize("matcher", REACHING.values(), ids=REACHING)
def test_from_afar_the_best_matching_is_found(matcher, scale, dtype):
    affinity = torch.stack([random_affinity(5, 6, seed) for seed in range(5)]).to(dtype) * scale
    torch.testing.assert_close(matcher(affinity), Hungarian()(affinity), rtol=0, atol=0.01)


def test_also_in_padded_batches_and_beside_near_problems():
    problems = [1e6 * random_affinity(3, 4, 0), random_affinity(2, 2, 1), 1e6 * random_affinity(1, 5, 2)]
    affinity, rows, columns = padded(problems, 3)
    matcher = PGDDykstra(**WARM)
    together = unpadded(matcher(affinity, rows, columns), rows, columns)
    for found, problem in zip(together, problems, strict=True):
        torch.testing.assert_close(found, matcher(problem), rtol=0, atol=1e-12)


def test_half_precision_reaches_as_far_as_its_numbers():
    affinity = torch.tensor([[60000.0, 30000.0], [30000.0, 60000.0]], dtype=torch.float16)
    for matcher in REACHING.values():
        torch.testing.assert_close(matcher(affinity), torch.eye(2, dtype=torch.float16), rtol=0, atol=0.01)


def test_within_reach_nothing_is_touched():
    affinity = torch.stack([random_affinity(4, 5, seed) for seed in range(3)]).clamp(-1, 1)
    affinity[0, 0, 0] = 1
    assert with_near_affinities(affinity, None, None, scale=100, reach=100, margin=2) is affinity
    moved = with_near_affinities(
        torch.stack([affinity[0], affinity[1] * 0.5]), None, None, scale=101, reach=100, margin=2
    )
    assert torch.equal(moved[1], affinity[1] * 0.5)
    assert not torch.equal(moved[0], affinity[0])
    assert moved[0].abs().max() * 101 == pytest.approx(4)


@pytest.mark.parametrize("shape", [(2, 2), (5, 6), (12, 15)])
def test_just_within_reach_the_ascent_is_right(shape):
    affinity = torch.stack([random_affinity(*shape, seed, "uniform") for seed in range(40)])
    affinity = REACH * affinity / affinity.amax((-2, -1), keepdim=True)
    assert optimality_gap(affinity, PGDDykstra(**WARM)(affinity)).mean() < 0.02


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 2), (2, 4), (4, 4)])
def test_a_far_point_has_the_projection_of_the_nearer_one(shape):
    for seed in range(5):
        far = 40 * random_affinity(*shape, seed).unsqueeze(0)
        near = with_near_affinities(far, None, None, scale=1, reach=0, margin=2.0 * sum(shape))
        assert near.max() <= 4 * sum(shape)
        expected = project_to_assignments(far, num_cycles=20000)
        torch.testing.assert_close(project_to_assignments(near, num_cycles=20000), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 3), (6, 6)])
def test_prices_cover_every_pair_and_are_met_by_the_best(shape):
    for seed in range(10):
        affinity = random_affinity(*shape, seed).numpy()
        rows, columns = best_pairs(affinity)
        u, v = prices(affinity, rows, columns)
        assert min(u.min(), v.min()) >= 0
        assert (u[:, None] + v - affinity).min() > -1e-12
        assert u.sum() + v.sum() == pytest.approx(affinity[rows, columns].sum())
        assert not np.delete(u, rows).any()
        assert not np.delete(v, columns).any()


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_gradients_from_afar_are_those_of_the_near_problem(backend):
    far = 1e5 * random_affinity(3, 4, 0).unsqueeze(0)
    near = with_near_affinities(far, None, None, scale=1, reach=100, margin=2)
    matcher, weight = PGDDykstra(**WARM | {"num_steps": 4}, backend=backend), torch.randn(3, 4, dtype=torch.float64)
    gradients = []
    for affinity in (far, near):
        leaf = affinity.clone().requires_grad_()
        (matcher(leaf) * weight).sum().backward()
        gradients.append(leaf.grad)
    assert gradients[0].any()
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", sorted(SOLVERS.names))
@pytest.mark.parametrize("marginal", ["at_most_one", "dustbin"])
def test_no_finite_affinity_comes_back_as_no_number(name, marginal):
    matcher = make_matcher(name, **({"marginal": marginal} if name == "sinkhorn" else {}))
    for affinity in (torch.full((2, 2), 3e38), torch.full((2, 2), -3e38), torch.tensor([[3e38, -3e38], [1.0, 0.0]])):
        leaf = affinity.clone().requires_grad_()
        assignment = matcher(leaf)
        assert assignment.isfinite().all()
        if matcher.differentiable:
            assignment.sum().backward()
            assert leaf.grad.isfinite().all()


def test_soft_max_rounds_no_difference_of_large_affinities():
    affinity = torch.tensor([[1e6 + 0.25, 1e6]])
    expected = SoftMax(0.25)(affinity.double())
    torch.testing.assert_close(SoftMax(0.25)(affinity).double(), expected, rtol=0, atol=1e-6)


def test_a_dustbin_takes_from_afar_who_is_worth_less_than_it():
    affinity = torch.tensor([[1000.0, 100.0], [90.0, 30.0]])
    for bin_score in (20.0, 60.0):  # a pair costs the bin's score once
        matcher = UnbalancedSinkhorn(marginal="dustbin", bin_score=bin_score, num_iterations=200)
        expected = torch.tensor([[1.0, 0.0], [0.0, float(bin_score < 30)]])
        torch.testing.assert_close(matcher(affinity), expected, rtol=0, atol=0.02)


@pytest.mark.parametrize("bin_score", [0.6, 0.7])
def test_a_dustbin_worth_more_than_all_takes_everybody_from_afar(bin_score):
    affinity = torch.tensor([[0.6, 0.1], [0.2, 0.5]])
    found = UnbalancedSinkhorn(epsilon=0.001, marginal="dustbin", bin_score=bin_score)(affinity)
    assert found.isfinite().all()
    assert found[affinity < bin_score].max() < 1e-3  # a pair costs the bin's score once


def test_what_has_no_near_problem_is_refused_in_one_line():
    matcher = PGDDykstra(step_size=0.5, projection="as_printed")
    matcher(torch.full((2, 2), 200.0))
    with pytest.raises(ValueError, match=r"'as_printed' takes affinities of at most 100 / step_size = 200, got 201"):
        matcher(torch.full((2, 2), 201.0))
    with pytest.raises(ValueError, match=r"'as_printed' takes"):
        matcher.trace(torch.full((2, 2), 201.0))
    transport = UnbalancedSinkhorn(marginal="kl")
    assert not transport(torch.full((1, 1), 1e37)).isnan().any()
    with pytest.raises(ValueError, match=r"'kl' takes affinities below 1.70141e\+37 in torch.float32 with"):
        transport(torch.full((1, 1), 2e37))


def test_scale_and_step_size_are_one_knob():
    affinity = random_affinity(4, 5, 0)
    for scale in (2.0, 2.0**10):
        near, far = PGDDykstra(step_size=scale, num_steps=9), PGDDykstra(step_size=1.0, num_steps=9)
        torch.testing.assert_close(near(affinity), far(scale * affinity))
        torch.testing.assert_close(Projection(scale)(affinity), Projection(1.0)(scale * affinity))


@pytest.mark.parametrize("scale", [1e-12, 1e20, 1e300])
def test_the_linear_program_does_not_depend_on_the_unit(scale):
    affinity = random_affinity(4, 5, 0)
    torch.testing.assert_close(LinearProgram()(scale * affinity), LinearProgram()(affinity))


def test_what_cvxpy_raises_comes_with_the_status(monkeypatch):
    def raising(**_):
        raise ValueError("Cannot unpack\ninvalid solution")

    monkeypatch.setattr(_program((2, 3))[0], "solve", raising)
    with pytest.raises(RuntimeError, match=r"HIGHS ended with status .*, expected 'optimal': Cannot unpack invalid"):
        LinearProgram()(torch.rand(2, 3))


def test_ties_from_afar_are_shared_by_what_shares_them_near():
    tied = torch.ones(2, 2)
    for matcher in (Perturbed(1.0, 400), Projection(), UnbalancedSinkhorn(), SoftMax()):
        for scale in (2.0**10, 2.0**60, 2.0**120):
            assignment = matcher(scale * tied)
            assert assignment.min() > 0.2
            torch.testing.assert_close(assignment, assignment.mean().expand(2, 2), rtol=0, atol=0.1)
