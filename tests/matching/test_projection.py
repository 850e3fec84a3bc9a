from functools import cache

import cvxpy as cp
import numpy as np
import pytest
import torch
from affinities import outside, padded, random_affinity, unpadded
from cvxpylayers.torch import CvxpyLayer
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mghp.matching import Projection, project_to_assignments, violation
from mghp.matching.pgd_dykstra import project_with_corrections

SEEDS = st.integers(0, 2**32 - 2)
SIZES = st.integers(1, 7)
MANY = 4000
"""Cycles after which Dykstra's algorithm is at its limit, for problems as small as these."""


@cache
def quadratic_program(source, destination):
    """argmin ||Y - X||^2 over the assignments: the problem, X and Y."""
    point = cp.Parameter((source, destination))
    assignment = cp.Variable((source, destination), nonneg=True)
    bounds = [cp.sum(assignment, axis=1) <= 1, cp.sum(assignment, axis=0) <= 1]
    return cp.Problem(cp.Minimize(cp.sum_squares(assignment - point)), bounds), point, assignment


@cache
def differentiable_program(source, destination):
    problem, point, assignment = quadratic_program(source, destination)
    return CvxpyLayer(problem, parameters=[point], variables=[assignment])


def closest_assignment(x):
    problem, point, assignment = quadratic_program(*x.shape)
    point.value = x.numpy()
    problem.solve(solver="CLARABEL", tol_gap_abs=1e-12, tol_gap_rel=1e-12, tol_feas=1e-12)
    assert problem.status == "optimal"
    return torch.from_numpy(assignment.value)


def is_degenerate(x, margin=1e-2):
    """Whether an entry, a correction or a sum is so close to changing sides that the gradient may be either's."""
    batch = x.unsqueeze(0)
    projected, (r, c) = project_with_corrections(batch, None, None, MANY)
    dual = r + c - batch  # at least 0 off the support
    tight_rows, tight_columns = projected.sum(-1) > 1 - 1e-9, projected.sum(-2) > 1 - 1e-9
    return bool(
        ((projected > 0) & (projected < margin)).any()
        or ((projected == 0) & (dual < margin)).any()
        or ((r.squeeze(-1) > 0) != tight_rows).any()
        or ((c.squeeze(-2) > 0) != tight_columns).any()
        or ((r > 0) & (r < margin)).any()
        or ((c > 0) & (c < margin)).any()
        or (~tight_rows & (projected.sum(-1) > 1 - margin)).any()
        or (~tight_columns & (projected.sum(-2) > 1 - margin)).any()
    )


@given(source=SIZES, destination=SIZES, seed=SEEDS, scale=st.sampled_from([0.3, 1.0, 3.0]))
@settings(deadline=None, max_examples=100)
def test_equals_the_quadratic_program(source, destination, seed, scale):
    x = scale * random_affinity(source, destination, seed)
    assert (project_to_assignments(x, num_cycles=MANY) - closest_assignment(x)).abs().max() <= 1e-5


@given(shape=st.sampled_from([(1, 1), (3, 3), (2, 5), (5, 2), (4, 3, 2)]), seed=SEEDS)
@settings(deadline=None, max_examples=100)
def test_is_the_closest_feasible_point(shape, seed):
    x = 2 * random_affinity(*shape[-2:], seed).expand(shape)
    closest = project_to_assignments(x, num_cycles=MANY)
    assert violation(closest).max() <= 1e-6
    feasible = random_affinity(*shape[-2:], seed + 1, "uniform").expand(shape) / max(shape[-2:])
    # A feasible point is the projection exactly when this holds against all the others.
    assert ((x - closest) * (feasible - closest)).sum() <= 1e-6


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=50)
def test_feasible_points_stay(source, destination, seed):
    feasible = random_affinity(source, destination, seed, "uniform") / max(source, destination)
    assert torch.equal(project_to_assignments(feasible), feasible)


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=40)
def test_gradients_equal_the_differentiated_program(source, destination, seed):
    x = random_affinity(source, destination, seed)
    assume(not is_degenerate(x))
    cotangent = random_affinity(source, destination, seed + 1)

    def gradient(project):
        leaf = x.clone().requires_grad_()
        return torch.autograd.grad(project(leaf), leaf, cotangent)[0]

    arguments = {"solve_method": "SCS", "eps": 1e-8, "max_iters": 100_000}
    expected = gradient(lambda X: differentiable_program(source, destination)(X, solver_args=arguments)[0])
    unrolled = gradient(lambda X: project_to_assignments(X, num_cycles=MANY))
    implicit = gradient(Projection(tau=1.0, num_cycles=MANY))
    assert (unrolled - expected).abs().max() <= 1e-3
    assert (implicit - expected).abs().max() <= 1e-3
    assert (implicit - unrolled).abs().max() <= 1e-6


@given(source=SIZES, destination=SIZES, seed=SEEDS)
@settings(deadline=None, max_examples=15)
def test_implicit_gradient_equals_finite_differences(source, destination, seed):
    x = random_affinity(source, destination, seed)
    assume(not is_degenerate(x))
    assert torch.autograd.gradcheck(Projection(tau=1.3, num_cycles=MANY), (x / 1.3).requires_grad_(), atol=1e-4)


def test_unrolled_gradient_is_that_of_few_cycles_too():
    x = (2 * random_affinity(4, 5, 1)).requires_grad_()
    assert torch.autograd.gradcheck(Projection(tau=1.5, num_cycles=2, gradient="unrolled"), x)
    assert torch.autograd.gradcheck(lambda X: project_to_assignments(X, num_cycles=2), x)


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
def test_tau_scales_the_affinity(gradient):
    affinity = random_affinity(4, 5, 0)
    projected = Projection(tau=2.5, num_cycles=300, gradient=gradient)(affinity)
    torch.testing.assert_close(projected, project_to_assignments(2.5 * affinity, 300), rtol=0, atol=1e-14)
    leaf = affinity.clone().requires_grad_()
    scaled = (2.5 * affinity).requires_grad_()
    cotangent = random_affinity(4, 5, 1)
    (by_tau,) = torch.autograd.grad(Projection(2.5, MANY, gradient)(leaf), leaf, cotangent)
    (by_point,) = torch.autograd.grad(Projection(1.0, MANY, gradient)(scaled), scaled, cotangent)
    torch.testing.assert_close(by_tau, 2.5 * by_point, rtol=0, atol=1e-9)


@pytest.mark.parametrize("gradient", ["implicit", "unrolled"])
@given(sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=25)
def test_padding_changes_nothing(gradient, sizes, seed):
    problems = [2 * random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, sources, destinations = padded(problems, seed)
    cotangent = random_affinity(*affinity.shape[1:], seed + 1)
    matcher = Projection(tau=1.0, num_cycles=500, gradient=gradient)
    affinity.requires_grad_()
    projected = matcher(affinity, sources, destinations)
    (slope,) = torch.autograd.grad(projected, affinity, cotangent.expand_as(projected))
    assert (outside(projected, sources, destinations) == 0).all()
    assert (outside(slope, sources, destinations) == 0).all()
    together = [unpadded(batch, sources, destinations) for batch in (projected, slope, cotangent.expand_as(slope))]
    for problem, value_here, slope_here, its_cotangent in zip(problems, *together, strict=True):
        leaf = problem.clone().requires_grad_()
        value = matcher(leaf)
        (slope_alone,) = torch.autograd.grad(value, leaf, its_cotangent)
        torch.testing.assert_close(value_here, value, rtol=0, atol=1e-12)
        torch.testing.assert_close(slope_here, slope_alone, rtol=0, atol=1e-9)


def implicit_gradient(x, cotangent, dtype=torch.float64):
    leaf = torch.as_tensor(x, dtype=dtype).requires_grad_()
    projected = Projection(tau=1.0, num_cycles=MANY)(leaf)
    return projected.detach(), torch.autograd.grad(projected, leaf, torch.as_tensor(cotangent, dtype=dtype))[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_all_rows_and_columns_tight(dtype):
    """A shift between rows and columns is free then; the gradient is still the projection onto the face."""
    x = 4 + random_affinity(3, 3, 0, "uniform")
    projected, gradient = implicit_gradient(x, random_affinity(3, 3, 1), dtype)
    tolerance = 1e-9 if dtype == torch.float64 else 1e-5
    ones = torch.ones(3, dtype=dtype)
    torch.testing.assert_close(projected.sum(0), ones, rtol=0, atol=tolerance)
    torch.testing.assert_close(projected.sum(1), ones, rtol=0, atol=tolerance)
    assert (projected > 0).all()
    centred = random_affinity(3, 3, 1)  # by hand: the projection onto sums 0 centres rows and columns
    centred = (centred - centred.mean(0) - centred.mean(1, keepdim=True) + centred.mean()).to(dtype)
    torch.testing.assert_close(gradient, centred, rtol=0, atol=tolerance)


def test_one_by_one():
    for x, value, slope in ((3.0, 1.0, 0.0), (0.4, 0.4, 1.0), (-2.0, 0.0, 0.0)):
        projected, gradient = implicit_gradient([[x]], [[1.0]])
        assert projected.item() == pytest.approx(value, abs=1e-12)
        assert gradient.item() == pytest.approx(slope, abs=1e-12)


def test_nothing_active():
    x, cotangent = random_affinity(3, 4, 0, "uniform") / 5, random_affinity(3, 4, 1)
    projected, gradient = implicit_gradient(x, cotangent)
    assert torch.equal(projected, x)
    assert torch.equal(gradient, cotangent)
    projected, gradient = implicit_gradient(-x, cotangent)
    assert (projected == 0).all()
    assert (gradient == 0).all()


def test_one_tight_row():
    projected, gradient = implicit_gradient([[2.0, 1.5, -3.0], [0.0, 0.1, 0.2]], np.eye(2, 3))
    expected = torch.tensor([[0.75, 0.25, 0.0], [0.0, 0.1, 0.2]], dtype=torch.float64)
    torch.testing.assert_close(projected, expected, rtol=0, atol=1e-12)
    expected = torch.tensor([[0.5, -0.5, 0.0], [0.0, 1.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-9)
