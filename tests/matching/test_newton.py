"""The exact projection: against an active-set solver, finite differences, and itself in torch operations."""

import numpy as np
import pytest
import torch
from affinities import outside, padded, random_affinity, unpadded
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mghp.matching import Projection, kernels, newton, project_to_assignments
from mghp.matching.newton import project_by_newton
from mghp.studies.speed.projection import kink_distance, least_distance

SEEDS = st.integers(0, 2**32 - 2)
SIZES = st.integers(1, 7)
SCALES = st.sampled_from([0.3, 1.0, 4.0])


@given(source=SIZES, destination=SIZES, seed=SEEDS, scale=SCALES)
@settings(deadline=None, max_examples=100)
def test_equals_an_active_set_solver(source, destination, seed, scale):
    x = scale * random_affinity(source, destination, seed)
    projected = Projection(1.0, method="newton")(x)
    assert np.abs(projected.numpy() - least_distance(x.numpy())).max() <= 1e-10


def assert_optimal(x, projected, corrections, accuracy):
    """The conditions that hold at the projection alone: Y = relu(X - r - c), sums at their bound where r, c > 0."""
    rounding = max(1e-12, 2 * torch.finfo(x.dtype).eps * float(x.abs().max()))  # of a far point's entries
    torch.testing.assert_close(projected, torch.relu(x - corrections.r - corrections.c), rtol=0, atol=rounding)
    for vector, axis in ((corrections.r, -1), (corrections.c, -2)):
        assert vector.min() >= 0
        assert torch.minimum(vector, 1 - projected.sum(axis, keepdim=True)).abs().max() <= accuracy


@pytest.mark.parametrize("kind", ["normal", "uniform", "negative"])
@pytest.mark.parametrize("scale", [0.5, 5.0, 50.0, 500.0])
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (6, 6), (30, 12), (64, 64)])
def test_optimal_at_every_size_and_scale(size, scale, kind):
    x = scale * torch.stack([random_affinity(*size, seed, kind) for seed in range(5)])
    assert_optimal(x, *project_by_newton(x), accuracy=4e-14 * (1 + float(x.abs().max())))


@pytest.mark.parametrize("kind", ["one rank", "ties"])
@pytest.mark.parametrize("scale", [1e3, 1e5, 1e7])
def test_few_evaluations_reach_far_points_with_closed_components(kind, scale):
    """A ridge that is not smaller where corrections have far to go took more than MAX_EVALUATIONS here."""
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(2000, 6, 6, dtype=torch.float64, generator=generator)
    x = scale * (x[:, :, :1] * x[:, :1] if kind == "one rank" else (3 * x).round() / 3)
    real = np.ones((2000, 6), dtype=bool)
    *_, evaluations = kernels.project(x.numpy(), real, real, None, tolerance=3e-14, num_threads=1)
    assert evaluations.max() < newton.MAX_EVALUATIONS / 3
    assert_optimal(x, *project_by_newton(x), accuracy=4e-14 * (1 + scale))


def test_ties_and_kinks_are_solved():
    for x in (torch.ones(1, 4, 4), torch.full((1, 3, 5), 100.0), torch.eye(5)[None] * 2, torch.ones(1, 2, 2) / 2):
        assert_optimal(x.double(), *project_by_newton(x.double()), accuracy=1e-11)
    steps = torch.arange(25.0, dtype=torch.float64).reshape(1, 5, 5)  # integers: every subset of them ties
    assert_optimal(steps, *project_by_newton(steps), accuracy=1e-11)


@pytest.mark.parametrize("scale", [0.5, 5.0, 100.0])
def test_torch_operations_find_the_same(scale, monkeypatch):
    affinity, rows, columns = padded([scale * random_affinity(k + 1, 7 - k, k) for k in range(7)], 3, filler=0.0)
    value = project_by_newton(affinity, rows, columns)
    cotangent = random_affinity(*affinity.shape[1:], 4).expand_as(affinity)
    tight = (value[1].r > 0).double(), (value[1].c > 0).double()
    gradient = newton.project_on_face(cotangent, value[0] > 0, *tight)
    monkeypatch.setattr(kernels, "usable", lambda: False)
    monkeypatch.setattr(kernels, "project", None)
    other = project_by_newton(affinity, rows, columns)
    torch.testing.assert_close(value[0], other[0], rtol=0, atol=1e-10)
    slope = newton.project_on_face(cotangent, value[0] > 0, *tight)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=1e-10)
    warm = project_by_newton(affinity, rows, columns, value[1])
    torch.testing.assert_close(warm[0], value[0], rtol=0, atol=1e-10)


def test_a_start_at_the_solution_is_the_end():
    x = 5 * torch.stack([random_affinity(6, 8, seed) for seed in range(20)])
    masks = torch.ones(20, 6, dtype=torch.bool).numpy(), torch.ones(20, 8, dtype=torch.bool).numpy()
    cold = kernels.project(x.numpy(), *masks, None, tolerance=1e-14, num_threads=1)
    warm = kernels.project(x.numpy(), *masks, cold[1:3], tolerance=1e-14, num_threads=1)
    assert cold[3].mean() > 4
    assert warm[3].max() <= 2
    np.testing.assert_allclose(warm[0], cold[0], rtol=0, atol=1e-11)


@given(source=SIZES, destination=SIZES, seed=SEEDS, scale=SCALES)
@settings(deadline=None, max_examples=60)
def test_gradient_equals_finite_differences(source, destination, seed, scale):
    x = scale * random_affinity(source, destination, seed)
    assume(kink_distance(x, torch.ones(source, dtype=torch.bool), torch.ones(destination, dtype=torch.bool)) > 1e-3)
    cotangent, step = random_affinity(source, destination, seed + 1), 1e-4
    project = Projection(1.0, method="newton")
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(project(leaf), leaf, cotangent)
    moves = step * torch.eye(x.numel(), dtype=x.dtype).reshape(-1, *x.shape)
    # Between kinks the projection is linear: a long step loses nothing.
    differences = ((project(x + moves) - project(x - moves)) * cotangent).sum((-2, -1)) / (2 * step)
    assert (gradient.flatten() - differences).abs().max() <= 1e-8


@given(sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=25)
def test_padding_changes_nothing(sizes, seed):
    problems = [2 * random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, rows, columns = padded(problems, seed)
    cotangent = random_affinity(*affinity.shape[1:], seed + 1).expand_as(affinity)
    matcher = Projection(method="newton")
    affinity.requires_grad_()
    projected = matcher(affinity, rows, columns)
    (gradient,) = torch.autograd.grad(projected, affinity, cotangent)
    assert (outside(projected, rows, columns) == 0).all()
    assert (outside(gradient, rows, columns) == 0).all()
    together = [unpadded(batch, rows, columns) for batch in (projected, gradient, cotangent)]
    for problem, value, slope, its_cotangent in zip(problems, *together, strict=True):
        leaf = problem.clone().requires_grad_()
        alone = matcher(leaf)
        torch.testing.assert_close(value, alone, rtol=0, atol=1e-12)
        torch.testing.assert_close(slope, torch.autograd.grad(alone, leaf, its_cotangent)[0], rtol=0, atol=1e-9)


def test_single_precision_is_the_double_one_rounded():
    x = torch.stack([random_affinity(12, 15, seed) for seed in range(20)])
    single = Projection(5.0, method="newton")(x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), Projection(5.0, method="newton")(x), rtol=0, atol=1e-6)


def test_a_looser_tolerance_is_kept():
    x = 5 * torch.stack([random_affinity(9, 9, seed) for seed in range(20)])
    exact, _ = project_by_newton(x)
    errors = [(project_by_newton(x, tolerance=10.0**-k)[0] - exact).abs().max() for k in (1, 4, 7)]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[1] < 1e-2


def test_both_methods_have_one_limit():
    x = torch.stack([random_affinity(4, 5, seed) for seed in range(10)])
    expected = project_to_assignments(2 * x, num_cycles=4000)
    torch.testing.assert_close(Projection(2.0, method="newton")(x), expected, rtol=0, atol=1e-9)


def test_under_vmap_jacrev_and_compile():
    affinity = torch.stack([random_affinity(3, 4, seed) for seed in range(2)])
    rows = torch.tensor([[True, True, False], [True, True, True]])
    matcher = Projection(2.0, method="newton")
    alone = torch.stack([matcher(*problem) for problem in zip(affinity, rows, strict=True)])
    torch.testing.assert_close(torch.func.vmap(matcher)(affinity, rows), alone)
    one_mask = torch.func.vmap(matcher, in_dims=(0, None))(affinity, rows[0])
    torch.testing.assert_close(one_mask, torch.stack([matcher(problem, rows[0]) for problem in affinity]))
    expected = torch.autograd.functional.jacobian(matcher, affinity[0])
    torch.testing.assert_close(torch.func.jacrev(matcher)(affinity[0]), expected)
    leaf, compiled = affinity.clone().requires_grad_(), torch.compile(matcher, backend="eager")
    (gradient,) = torch.autograd.grad((compiled(leaf, rows) * affinity).sum(), leaf)
    leaf = affinity.clone().requires_grad_()
    torch.testing.assert_close(gradient, torch.autograd.grad((matcher(leaf, rows) * affinity).sum(), leaf)[0])
    torch.compiler.reset()
