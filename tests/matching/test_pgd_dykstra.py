import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
import torch
from affinities import outside, padded, random_affinity, unpadded
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import PGDDykstra, kernels, make_matcher, objective, optimality_gap, optimum, violation
from mghp.matching.literal import literal_algorithm

RUNS = [("numba", "replay"), ("torch", "replay"), ("torch", "autograd")]
OPTIONS = list(product([True, False], [False, True], ["zeros", "uniform"], ["halfspace", "as_printed"]))
SEEDS = st.integers(0, 2**32 - 2)
KINDS = st.sampled_from(["normal", "uniform", "negative"])
SIZES = st.integers(0, 20)
ASCENTS = st.fixed_dictionaries(
    {
        "num_steps": st.sampled_from([1, 2, 5, 10]),
        "num_cycles": st.sampled_from([1, 2, 5, 9]),
        "step_size": st.sampled_from([0.01, 0.1, 0.5, 3.0]),
        "average": st.booleans(),
        "initial": st.sampled_from(["zeros", "uniform"]),
    }
)

every_run = pytest.mark.parametrize(("backend", "backward"), RUNS)
every_projection = pytest.mark.parametrize("projection", ["halfspace", "as_printed"])
every_option = pytest.mark.parametrize(("average", "warm_start", "initial", "projection"), OPTIONS)


def value_and_gradient(solve, affinity, cotangent):
    affinity = affinity.clone().requires_grad_()
    assignment = solve(affinity)
    (gradient,) = torch.autograd.grad((assignment * cotangent).nansum(), affinity)
    return assignment.detach(), gradient


def largest(difference):
    return difference.abs().max().item() if difference.numel() else 0.0


def assert_equals_algorithm_1(affinity, seed, projection, ascent, backend, backward):
    cotangent = random_affinity(*affinity.shape, seed + 1)
    matcher = PGDDykstra(**ascent, projection=projection, backend=backend, backward=backward)
    value, gradient = value_and_gradient(matcher, affinity, cotangent)
    expected = value_and_gradient(lambda A: literal_algorithm(A, **ascent, projection=projection), affinity, cotangent)
    assert largest(value - expected[0]) <= 1e-12
    assert largest(gradient - expected[1]) <= 1e-12


@every_run
@given(source=SIZES, destination=SIZES, kind=KINDS, seed=SEEDS, ascent=ASCENTS)
@settings(deadline=None, max_examples=600)
def test_equals_algorithm_1(backend, backward, source, destination, kind, seed, ascent):
    if source == destination == 0:
        ascent = {**ascent, "initial": "zeros"}  # 1 / max(0, 0) is left to the matcher
    affinity = random_affinity(source, destination, seed, kind)
    assert_equals_algorithm_1(affinity, seed, "halfspace", ascent, backend, backward)


@every_run
@given(source=st.integers(1, 20), destination=st.integers(1, 20), kind=KINDS, seed=SEEDS, ascent=ASCENTS)
@settings(deadline=None, max_examples=150)
def test_as_printed_equals_its_transcription(backend, backward, source, destination, kind, seed, ascent):
    affinity = random_affinity(source, destination, seed, kind)
    assert_equals_algorithm_1(affinity, seed, "as_printed", ascent, backend, backward)


def warm_started_equations(affinity, num_steps, num_cycles, step_size, average):
    """The two-vector form with r and c carried over, written down a third time, for one matrix."""
    n, m = affinity.shape
    y, total = np.zeros((n, m)), np.zeros((n, m))
    r, c = np.zeros(n), np.zeros(m)
    for step in range(num_steps):
        start = y + step_size * affinity
        x = start if step == 0 else np.maximum(start - r[:, None] - c, 0)
        for _ in range(num_cycles):
            new_r = np.maximum(r + (x.sum(1) - 1) / m, 0)
            c = np.maximum(c + (x.sum(0) + (r - new_r).sum() - 1) / n, 0)
            r = new_r
            x = np.maximum(start - r[:, None] - c, 0)
        y = x
        total += y
    return total / num_steps if average else y


@every_run
@given(source=st.integers(1, 12), destination=st.integers(1, 12), kind=KINDS, seed=SEEDS, ascent=ASCENTS)
@settings(deadline=None, max_examples=60)
def test_warm_start_equals_its_equations(backend, backward, source, destination, kind, seed, ascent):
    ascent = {**ascent, "initial": "zeros"}
    affinity = random_affinity(source, destination, seed, kind)
    assignment = PGDDykstra(**ascent, warm_start=True, backend=backend, backward=backward)(affinity)
    del ascent["initial"]
    assert largest(assignment - torch.from_numpy(warm_started_equations(affinity.numpy(), **ascent))) <= 1e-12


@every_run
@every_projection
@pytest.mark.parametrize("warm_start", [False, True])
@given(
    sizes=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=6),
    seed=SEEDS,
    ascent=ASCENTS,
)
@settings(deadline=None, max_examples=25)
def test_padding_changes_nothing(backend, backward, projection, warm_start, sizes, seed, ascent):
    problems = [random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, sources, destinations = padded(problems, seed)
    cotangent = random_affinity(*affinity.shape[1:], seed + 1).expand_as(affinity)
    matcher = PGDDykstra(**ascent, projection=projection, warm_start=warm_start, backend=backend, backward=backward)
    value, gradient = value_and_gradient(lambda A: matcher(A, sources, destinations), affinity, cotangent)
    assert (outside(value, sources, destinations) == 0).all()
    assert (outside(gradient, sources, destinations) == 0).all()
    alone = [
        value_and_gradient(matcher, problem, its_cotangent)
        for problem, its_cotangent in zip(problems, unpadded(cotangent, sources, destinations), strict=True)
    ]
    together = zip(unpadded(value, sources, destinations), unpadded(gradient, sources, destinations), strict=True)
    for (own_value, own_gradient), (value_here, gradient_here) in zip(alone, together, strict=True):
        assert largest(value_here - own_value) <= 1e-12
        assert largest(gradient_here - own_gradient) <= 1e-12


@every_run
@pytest.mark.parametrize("masked", ["source", "destination"])
def test_one_mask_alone(backend, backward, masked):
    affinity = random_affinity(6, 6, 3)
    mask = torch.tensor([True, False, True, True, False, True])
    matcher = PGDDykstra(5, 4, 1.0, backend=backend, backward=backward)
    if masked == "source":
        whole, part = matcher(affinity, source_mask=mask)[mask], matcher(affinity[mask])
    else:
        whole, part = matcher(affinity, destination_mask=mask)[:, mask], matcher(affinity[:, mask])
    assert largest(whole - part) <= 1e-12


@every_run
def test_as_printed_is_decided_for_each_matrix(backend, backward):
    """One matrix over its bounds must not set the rows of another, within them, to sum 1."""
    small = 0.1 * random_affinity(3, 4, 0, "uniform")
    large = 5 * random_affinity(3, 4, 1, "uniform")
    once = {"average": False, "initial": "zeros", "projection": "as_printed"}
    matcher = PGDDykstra(1, 3, 1.0, **once, backend=backend, backward=backward)
    together = matcher(torch.stack([small, large]))
    assert torch.equal(together[0], small)
    assert largest(together[1] - matcher(large)) <= 1e-12
    assert largest(together[1] - large) > 0.1


@every_run
def test_padding_does_not_decide_the_printed_case(backend, backward):
    """Setting the row of -15 to sum 1 moves much: a column that is not there would seem over its bound, none is."""
    affinity = torch.tensor([[0.4, 0.4, 0.4], [-5.0, -5.0, -5.0]], dtype=torch.float64)
    matcher = PGDDykstra(1, 1, 1.0, average=False, projection="as_printed", backend=backend, backward=backward)
    third = torch.full((2, 3), 1 / 3, dtype=torch.float64)
    assert largest(matcher(affinity) - third) <= 1e-12
    padded_affinity, sources, destinations = padded([affinity], 0)
    assert largest(unpadded(matcher(padded_affinity, sources, destinations), sources, destinations)[0] - third) <= 1e-12


def test_as_printed_is_another_matcher():
    affinity = torch.tensor([[2.0, 0.0], [0.1, 0.2]], dtype=torch.float64)
    as_printed = PGDDykstra(1, 1, 1.0, average=False, initial="zeros", projection="as_printed")(affinity)
    row_wise = PGDDykstra(1, 1, 1.0, average=False, initial="zeros")(affinity)
    # By hand: rows lose 1/2 and gain 0.35 each as printed; the columns then sum to 1.95 and 0.05.
    assert largest(as_printed - torch.tensor([[1.025, 0.0], [0.0, 1.025]], dtype=torch.float64)) <= 1e-12
    # Row-wise the second row stays; the columns then sum to 1.6 and -0.3.
    assert largest(row_wise - torch.tensor([[1.2, 0.0], [0.0, 0.2]], dtype=torch.float64)) <= 1e-12


@every_option
@given(source=st.integers(1, 9), destination=st.integers(1, 9), seed=SEEDS, ascent=ASCENTS)
@settings(deadline=None, max_examples=12)
def test_replayed_gradient_equals_autograd(average, warm_start, initial, projection, source, destination, seed, ascent):
    ascent = {**ascent, "average": average, "initial": initial, "warm_start": warm_start, "projection": projection}
    affinity = random_affinity(source, destination, seed)
    cotangent = random_affinity(source, destination, seed + 1)
    _, by_autograd = value_and_gradient(PGDDykstra(**ascent, backward="autograd"), affinity, cotangent)
    for backend in ("numba", "torch"):
        _, replayed = value_and_gradient(PGDDykstra(**ascent, backend=backend), affinity, cotangent)
        assert largest(replayed - by_autograd) <= 1e-10


@every_run
@every_option
def test_gradient_equals_finite_differences(backend, backward, average, warm_start, initial, projection):
    matcher = PGDDykstra(3, 4, 0.7, average, warm_start, initial, projection, backward, backend)
    affinity, sources, destinations = padded([random_affinity(3, 4, 5), random_affinity(2, 2, 6)], 7, filler=0.0)
    solve = lambda A: matcher(A, sources, destinations)  # noqa: E731
    assert torch.autograd.gradcheck(solve, affinity.requires_grad_())


def test_only_autograd_can_be_differentiated_twice():
    affinity = random_affinity(3, 4, 5).requires_grad_()
    assert torch.autograd.gradgradcheck(PGDDykstra(3, 4, 0.7, backward="autograd"), affinity)
    for backend in ("numba", "torch"):
        assignment = PGDDykstra(3, 4, 0.7, backend=backend)(affinity)
        (gradient,) = torch.autograd.grad((assignment**2).sum(), affinity, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            gradient.sum().backward()


@every_run
def test_backward_twice_gives_the_same_gradient(backend, backward):
    affinity = random_affinity(2, 6, 8).reshape(2, 2, 3).requires_grad_()
    assignment = PGDDykstra(5, 6, 1.0, backend=backend, backward=backward)(affinity)
    cotangent = random_affinity(2, 6, 9).reshape(2, 2, 3)
    first, second = (torch.autograd.grad(assignment, affinity, cotangent, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)
    assert largest(first) > 0


@every_run
@every_projection
@given(source=st.integers(1, 8), destination=st.integers(1, 8), seed=SEEDS, warm_start=st.booleans())
@settings(deadline=None, max_examples=25)
def test_permuting_candidates_permutes_the_assignment(
    backend, backward, projection, source, destination, seed, warm_start
):
    affinity = random_affinity(source, destination, seed)
    generator = torch.Generator().manual_seed(seed)
    rows, columns = (torch.randperm(size, generator=generator) for size in (source, destination))
    matcher = PGDDykstra(6, 4, 0.8, warm_start=warm_start, projection=projection, backend=backend, backward=backward)
    assert largest(matcher(affinity[rows][:, columns]) - matcher(affinity)[rows][:, columns]) <= 1e-12


@every_run
@pytest.mark.parametrize("arrange", [lambda A: A, lambda A: A.mT, lambda A: A[..., ::2, :]], ids=["", "mT", "strided"])
def test_leading_dimensions_and_strides(backend, backward, arrange):
    affinity = arrange(torch.stack([random_affinity(4, 5, k) for k in range(6)]).reshape(2, 3, 4, 5))
    matcher = PGDDykstra(5, 4, 1.0, backend=backend, backward=backward)
    together = matcher(affinity)
    assert together.shape == affinity.shape
    for i, j in np.ndindex(2, 3):
        assert largest(together[i, j] - matcher(affinity[i, j].clone())) <= 1e-12


@every_run
def test_warm_start_converges_to_the_projection(backend, backward):
    """With many cycles it does not matter where a step's cycles begin."""
    affinity = torch.stack([random_affinity(5, 6, k) for k in range(3)])
    cold, warm = (
        PGDDykstra(3, 2000, 0.7, warm_start=warm_start, backend=backend, backward=backward)(affinity)
        for warm_start in (False, True)
    )
    assert largest(warm - cold) <= 1e-9
    few_cold, few_warm = (
        PGDDykstra(3, 2, 0.7, warm_start=warm_start, backend=backend, backward=backward)(affinity)
        for warm_start in (False, True)
    )
    assert largest(few_warm - few_cold) > 1e-3


@every_run
def test_first_step_of_a_warm_start_is_cold(backend, backward):
    affinity = random_affinity(5, 6, 0)
    cold, warm = (
        PGDDykstra(1, 3, 1.0, warm_start=warm_start, backend=backend, backward=backward)(affinity)
        for warm_start in (False, True)
    )
    assert torch.equal(warm, cold)


def cycles_run(affinity, **options):
    """Cycles that the kernels ran for each problem and step, the others being repeats."""
    batch, source, destination = affinity.shape
    return kernels.forward(
        affinity.numpy(),
        np.ones((batch, source), bool),
        np.ones((batch, destination), bool),
        **{"average": False, "warm_start": False, "uniform": False, "as_printed": False, **options},
        record=True,
        num_threads=1,
    ).cycles_run


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize(("scale", "skipping"), [(0.1, {True}), (1.0, {True, False}), (20.0, {False})])
def test_skipping_repeated_cycles_is_exact(warm_start, scale, skipping):
    """Small affinities never reach the bounds, so that every step ends early; large ones do, and none does."""
    affinity = scale * torch.stack([random_affinity(3, 4, seed, "uniform") for seed in range(8)])
    affinity[4:, 0] -= 0.5 * scale  # some negative entries too
    options = {"num_steps": 9, "num_cycles": 6, "step_size": 0.1, "warm_start": warm_start}
    assert set((cycles_run(affinity, **options) < 6).ravel().tolist()) == skipping
    cotangent = random_affinity(3, 4, 99)
    fused, in_torch = (
        value_and_gradient(PGDDykstra(**options, average=False, backend=backend), affinity, cotangent)
        for backend in ("numba", "torch")
    )
    assert largest(fused[0] - in_torch[0]) <= 1e-13
    assert largest(fused[1] - in_torch[1]) <= 1e-13


def test_compiled_loops_equal_the_same_loops_in_python():
    program = """
import torch
from mghp.matching import PGDDykstra
torch.manual_seed(0)
affinity = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
for projection in ("halfspace", "as_printed"):
    for warm_start in (False, True):
        matcher = PGDDykstra(4, 3, 1.0, warm_start=warm_start, projection=projection, backend="numba")
        assignment = matcher(affinity)
        (gradient,) = torch.autograd.grad((assignment ** 2).sum(), affinity)
        print(*assignment.flatten().tolist(), *gradient.flatten().tolist())
"""
    compiled, interpreted = (
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
            timeout=200,
        ).stdout.split()
        for disabled in ("0", "1")
    )
    assert len(compiled) == len(interpreted) == 4 * 48
    assert np.abs(np.array(compiled, float) - np.array(interpreted, float)).max() <= 1e-13


def test_negative_affinities_get_a_gradient_from_a_uniform_start_only():
    affinity = random_affinity(3, 4, 0, "negative")
    ones = torch.ones(3, 4, dtype=torch.float64)
    for backend, backward in RUNS:
        zeros, uniform = (
            value_and_gradient(
                PGDDykstra(5, 5, 0.01, initial=initial, backend=backend, backward=backward), affinity, ones
            )
            for initial in ("zeros", "uniform")
        )
        assert (zeros[0] == 0).all()
        assert (zeros[1] == 0).all()
        assert (uniform[1] > 0).all()


def test_paper_defaults_scale_small_problems():
    """Where the bounds are not reached, Y = alpha (T + 1) / 2 A = 0.255 A."""
    affinity = torch.stack([random_affinity(2, 3, seed, "uniform") for seed in range(50)])
    within = 0.6 * affinity  # T alpha times three of these stays under 1
    matcher = make_matcher("pgd_dykstra")
    assert largest(matcher(within) - 0.255 * within) <= 1e-12
    assert largest(matcher(3 * affinity) - 0.255 * 3 * affinity) > 0.1


@pytest.fixture(scope="module")
def uniform_12x15():
    return torch.stack([random_affinity(12, 15, seed, "uniform") for seed in range(200)])


def gap_and_violation(affinity, **options):
    assignment = PGDDykstra(**options)(affinity)
    return optimality_gap(affinity, assignment), violation(assignment)


def test_small_steps_and_many_cycles_reach_the_optimum(uniform_12x15):
    gap, excess = gap_and_violation(uniform_12x15, num_steps=400, num_cycles=60, step_size=0.1, average=False)
    assert gap.mean() < 0.003
    assert excess.mean() <= 1e-3
    assert excess.max() <= 5e-3


def test_warm_start_reaches_the_optimum_at_the_paper_number_of_cycles(uniform_12x15):
    options = {"num_steps": 50, "num_cycles": 5, "step_size": 1.0, "average": False}
    gap, excess = gap_and_violation(uniform_12x15, **options, warm_start=True)
    assert gap.mean() < 0.003
    assert excess.mean() < 4e-3
    assert excess.max() < 2e-2
    cold_gap, cold_excess = gap_and_violation(uniform_12x15, **options)
    assert cold_gap.mean() > 5 * gap.mean()
    assert cold_excess.mean() > 50 * excess.mean()


def test_many_steps_approach_one_projection(uniform_12x15):
    """T and alpha act almost only through tau = T alpha."""
    steps = PGDDykstra(50, 200, 0.1, average=False)(uniform_12x15)
    once = PGDDykstra(1, 2000, 5.0, average=False)(uniform_12x15)
    assert (steps - once).abs().amax((-2, -1)).mean() < 0.01
    assert (objective(uniform_12x15, steps) <= 1.001 * optimum(uniform_12x15)).all()
