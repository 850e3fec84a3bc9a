import cvxpy as cp
import numpy as np
import ot
import pytest
import torch
from affinities import outside, padded, random_affinity, unpadded
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mghp.matching import UnbalancedSinkhorn, kernels, violation

MARGINALS = ["at_most_one", "kl", "dustbin"]
SEEDS = st.integers(0, 2**32 - 2)
SIZES = st.integers(1, 6)

every_marginal = pytest.mark.parametrize("marginal", MARGINALS)


@given(
    source=SIZES,
    destination=SIZES,
    seed=SEEDS,
    epsilon=st.sampled_from([0.1, 0.3, 1.0]),
    rho=st.sampled_from([0.2, 1.0, 5.0]),
)
@settings(deadline=None, max_examples=60)
def test_kl_equals_pot(source, destination, seed, epsilon, rho):
    affinity = random_affinity(source, destination, seed)
    expected = ot.unbalanced.sinkhorn_unbalanced(
        np.ones(source),
        np.ones(destination),
        -affinity.numpy(),
        reg=epsilon,
        reg_m=rho,
        reg_type="kl",
        numItermax=5000,
        stopThr=1e-14,
    )
    assignment = UnbalancedSinkhorn(epsilon, rho, num_iterations=1000, marginal="kl")(affinity)
    np.testing.assert_allclose(assignment, expected, rtol=1e-6, atol=1e-6)


def test_kl_may_exceed_one():
    assignment = UnbalancedSinkhorn(0.1, 1.0, num_iterations=300, marginal="kl")(torch.ones(1, 1, dtype=torch.float64))
    # The optimality condition of one entry: -A + eps log y + 2 rho log y = 0.
    assert assignment.item() == pytest.approx(np.exp(1 / 2.1), rel=1e-9)
    assert assignment.item() == pytest.approx(1.61, abs=5e-3)


@given(source=SIZES, destination=SIZES, seed=SEEDS, epsilon=st.sampled_from([0.2, 0.5, 2.0]))
@settings(deadline=None, max_examples=40)
def test_at_most_one_equals_the_entropic_program(source, destination, seed, epsilon):
    affinity = random_affinity(source, destination, seed)
    almost, assignment = (UnbalancedSinkhorn(epsilon, num_iterations=number)(affinity) for number in (1000, 2000))
    # Where a row and a column compete for one dominant entry, the error falls only as 1 / iterations.
    assume((assignment - almost).abs().max() <= 1e-6)
    plan = cp.Variable((source, destination))
    energy = -cp.sum(cp.multiply(affinity.numpy(), plan)) + epsilon * cp.sum(cp.kl_div(plan, 1))
    program = cp.Problem(cp.Minimize(energy), [cp.sum(plan, axis=1) <= 1, cp.sum(plan, axis=0) <= 1])
    program.solve(solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
    assert program.status == "optimal"
    np.testing.assert_allclose(assignment, plan.value, rtol=0, atol=1e-5)
    assert violation(assignment) <= 1e-9


def superglue(affinity, bin_score, num_iterations):
    """log_optimal_transport of SuperGlue for one matrix, its normalisation by n + m included."""
    n, m = affinity.shape
    couplings = torch.full((n + 1, m + 1), bin_score, dtype=affinity.dtype)
    couplings[:n, :m] = affinity
    norm = -np.log(n + m)
    log_mu = torch.tensor([norm] * n + [np.log(m) + norm], dtype=affinity.dtype)
    log_nu = torch.tensor([norm] * m + [np.log(n) + norm], dtype=affinity.dtype)
    u, v = torch.zeros_like(log_mu), torch.zeros_like(log_nu)
    for _ in range(num_iterations):
        u = log_mu - torch.logsumexp(couplings + v, dim=1)
        v = log_nu - torch.logsumexp(couplings + u.unsqueeze(1), dim=0)
    return torch.exp(couplings + u.unsqueeze(1) + v - norm)


@given(source=SIZES, destination=SIZES, seed=SEEDS, epsilon=st.sampled_from([0.1, 1.0]), iterations=st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_dustbin_equals_superglue(source, destination, seed, epsilon, iterations):
    affinity = random_affinity(source, destination, seed)
    matcher = UnbalancedSinkhorn(epsilon, num_iterations=iterations, marginal="dustbin", bin_score=0.3)
    expected = superglue(affinity / epsilon, matcher.bin_score.item() / epsilon, iterations)
    assert (matcher(affinity) - expected[:-1, :-1]).abs().max() <= 1e-9


def test_dustbin_takes_what_is_left():
    affinity = random_affinity(4, 6, 0)
    expected = superglue(affinity / 0.5, 0.6 / 0.5, 500)
    matcher = UnbalancedSinkhorn(0.5, num_iterations=500, marginal="dustbin", bin_score=0.6)
    assignment = matcher(affinity)
    torch.testing.assert_close(assignment.sum(1) + expected[:-1, -1], torch.ones(4).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(assignment.sum(0) + expected[-1, :-1], torch.ones(6).double(), rtol=0, atol=1e-6)
    low, high = (UnbalancedSinkhorn(0.5, marginal="dustbin", bin_score=score)(affinity).sum() for score in (-1.0, 1.0))
    assert low > high


def test_only_the_dustbin_is_learned():
    matcher = UnbalancedSinkhorn(marginal="dustbin", bin_score=0.25)
    assert dict(matcher.named_parameters())["bin_score"].item() == 0.25
    matcher(torch.rand(3, 4)).sum().backward()
    assert matcher.bin_score.grad < 0  # a better bin takes mass away
    assert not list(UnbalancedSinkhorn().parameters())
    assert not list(UnbalancedSinkhorn(marginal="kl").parameters())


@every_marginal
def test_gradient_equals_finite_differences(marginal):
    matcher = UnbalancedSinkhorn(0.4, 0.7, num_iterations=4, marginal=marginal)
    affinity, sources, destinations = padded([random_affinity(3, 4, 5), random_affinity(2, 2, 6)], 7, filler=0.0)
    solve = lambda A: matcher(A, sources, destinations)  # noqa: E731
    assert torch.autograd.gradcheck(solve, affinity.requires_grad_())


@every_marginal
@given(sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=30)
def test_padding_changes_nothing(marginal, sizes, seed):
    problems = [random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, sources, destinations = padded(problems, seed)
    cotangent = random_affinity(*affinity.shape[1:], seed + 1).expand_as(affinity)
    matcher = UnbalancedSinkhorn(0.2, num_iterations=20, marginal=marginal)
    affinity.requires_grad_()
    assignment = matcher(affinity, sources, destinations)
    (gradient,) = torch.autograd.grad(assignment, affinity, cotangent)
    assert (outside(assignment, sources, destinations) == 0).all()
    assert (outside(gradient, sources, destinations) == 0).all()
    together = [unpadded(batch, sources, destinations) for batch in (assignment, gradient, cotangent)]
    for problem, value_here, gradient_here, its_cotangent in zip(problems, *together, strict=True):
        leaf = problem.clone().requires_grad_()
        value = matcher(leaf)
        (gradient_alone,) = torch.autograd.grad(value, leaf, its_cotangent)
        torch.testing.assert_close(value_here, value, rtol=0, atol=1e-12)
        torch.testing.assert_close(gradient_here, gradient_alone, rtol=0, atol=1e-11)


@every_marginal
def test_small_problems_pay_no_padding_of_large_ones(marginal, monkeypatch):
    large = torch.arange(60) == 17
    affinity = torch.stack([random_affinity(12, 9, seed) for seed in range(60)])
    sources = large.unsqueeze(1) | (torch.arange(12) < 3)
    destinations = large.unsqueeze(1) | (torch.arange(9) < 4)
    affinity = torch.where(sources.unsqueeze(2) & destinations.unsqueeze(1), affinity, 0)
    matcher = UnbalancedSinkhorn(0.2, num_iterations=20, marginal=marginal)
    solve, shapes = UnbalancedSinkhorn._last, []

    def seen(self, part, *masks):
        shapes.append(tuple(part.shape))
        return solve(self, part, *masks)

    monkeypatch.setattr(UnbalancedSinkhorn, "_last", seen)
    leaves = [affinity.clone().requires_grad_() for _ in range(2)]
    apart, whole = matcher(leaves[0], sources, destinations), solve(matcher, leaves[1], sources, destinations)
    assert shapes == [(59, 3, 4), (1, 12, 9)]
    torch.testing.assert_close(apart, whole, rtol=0, atol=1e-12)
    for assignment in (apart, whole):
        (assignment * affinity).sum().backward()
    torch.testing.assert_close(leaves[0].grad, leaves[1].grad, rtol=0, atol=1e-11)


@every_marginal
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("masked", ["a row", "a column", "all rows", "all columns", "everything"])
def test_no_nan_where_all_is_masked(marginal, dtype, masked):
    sources, destinations = torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 4, dtype=torch.bool)
    if masked in ("all rows", "everything"):
        sources[1] = False
    if masked in ("all columns", "everything"):
        destinations[1] = False
    sources[1, 0] &= masked != "a row"
    destinations[1, 2] &= masked != "a column"
    affinity = torch.stack([random_affinity(3, 4, seed) for seed in range(2)]).to(dtype)
    affinity[1] = torch.where(sources[1].unsqueeze(1) & destinations[1], affinity[1], float("nan"))
    affinity.requires_grad_()
    matcher = UnbalancedSinkhorn(0.05, marginal=marginal)
    assignment = matcher(affinity, sources, destinations)
    assert assignment.isfinite().all()
    assert (outside(assignment, sources, destinations) == 0).all()
    assignment.square().sum().backward()
    assert affinity.grad.isfinite().all()
    assert (outside(affinity.grad, sources, destinations) == 0).all()
    for parameter in matcher.parameters():
        assert parameter.grad.isfinite().all()
    torch.testing.assert_close(assignment[0], matcher(affinity[0]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("marginal", ["at_most_one", "dustbin"])
def test_large_affinities_neither_overflow_nor_vanish(marginal):
    affinity = (100 * random_affinity(5, 6, 0)).float().requires_grad_()
    assignment = UnbalancedSinkhorn(0.05, marginal=marginal)(affinity)
    assert violation(assignment) < 0.1
    assert assignment.max() > 0.5
    (gradient,) = torch.autograd.grad(assignment.square().sum(), affinity)
    assert gradient.isfinite().all()


@every_marginal
@given(seed=SEEDS)
@settings(deadline=None, max_examples=15)
def test_permuting_candidates_permutes_the_assignment(marginal, seed):
    affinity = random_affinity(4, 6, seed)
    generator = torch.Generator().manual_seed(seed)
    rows, columns = torch.randperm(4, generator=generator), torch.randperm(6, generator=generator)
    matcher = UnbalancedSinkhorn(0.2, num_iterations=10, marginal=marginal)
    assert (matcher(affinity[rows][:, columns]) - matcher(affinity)[rows][:, columns]).abs().max() <= 1e-12


def value_and_gradient(matcher, affinity, cotangent, *masks):
    leaf = affinity.clone().requires_grad_()
    assignment = matcher(leaf, *masks)
    return assignment.detach(), *torch.autograd.grad(assignment, [leaf, *matcher.parameters()], cotangent)


@every_marginal
@pytest.mark.parametrize("backend", ["numba", "torch"])
@given(sizes=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=5), seed=SEEDS)
@settings(deadline=None, max_examples=15)
def test_the_implicit_gradient_is_that_of_many_rounds(marginal, backend, sizes, seed):
    problems = [random_affinity(*size, seed + k) for k, size in enumerate(sizes)]
    affinity, *masks = padded(problems, seed)
    cotangent = random_affinity(*affinity.shape[1:], seed + 1).expand_as(affinity)
    many = {"epsilon": 0.5, "marginal": marginal, "num_iterations": 1000}
    with pytest.MonkeyPatch.context() as patch:
        if backend == "torch":
            patch.setattr(kernels, "usable", lambda: False)
            patch.setattr(kernels, "balance", None)
        found = value_and_gradient(UnbalancedSinkhorn(**many, gradient="implicit"), affinity, cotangent, *masks)
    almost = UnbalancedSinkhorn(**many | {"num_iterations": 900})(affinity, *masks)
    expected = value_and_gradient(UnbalancedSinkhorn(**many), affinity, cotangent, *masks)
    assume((almost - expected[0]).abs().max() <= 1e-10)  # else a row and a column compete: see above
    for here, there in zip(found, expected, strict=True):
        torch.testing.assert_close(here, there, rtol=0, atol=1e-6)


@every_marginal
def test_few_rounds_give_what_few_rounds_give(marginal):
    affinity = torch.stack([random_affinity(4, 6, seed) for seed in range(5)])
    few = {"epsilon": 0.1, "marginal": marginal, "num_iterations": 7}
    expected = UnbalancedSinkhorn(**few)(affinity)
    torch.testing.assert_close(UnbalancedSinkhorn(**few, gradient="implicit")(affinity), expected, rtol=0, atol=1e-12)


@every_marginal
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e2, 1e4, 1e8])
def test_far_affinities_have_the_same_fixed_point(marginal, dtype, scale):
    if marginal == "kl":
        scale = 15.0  # further on it is infinite
    affinity = scale * torch.stack([random_affinity(5, 6, seed) for seed in range(3)]).to(dtype)
    options = {"marginal": marginal, "num_iterations": 300}
    assignment, gradient, *_ = value_and_gradient(
        UnbalancedSinkhorn(**options, gradient="implicit"), affinity, torch.ones_like(affinity)
    )
    assert gradient.isfinite().all()
    expected = UnbalancedSinkhorn(**options)(affinity)
    torch.testing.assert_close(assignment, expected, rtol=1e-4 if dtype == torch.float32 else 1e-9, atol=1e-4)


def test_implicit_gradients_under_vmap_and_jacrev():
    affinity = torch.stack([random_affinity(3, 4, seed) for seed in range(2)])
    rows = torch.tensor([[True, True, False], [True, True, True]])
    matcher = UnbalancedSinkhorn(0.5, gradient="implicit")
    alone = torch.stack([matcher(*problem) for problem in zip(affinity, rows, strict=True)])
    torch.testing.assert_close(torch.func.vmap(matcher)(affinity, rows), alone)
    expected = torch.autograd.functional.jacobian(matcher, affinity[0])
    torch.testing.assert_close(torch.func.jacrev(matcher)(affinity[0]), expected, rtol=0, atol=1e-6)


def test_the_fixed_point_keeps_the_assignment_alone():
    affinity, kept = torch.rand(64, 6, 6, requires_grad=True), {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        assignment = UnbalancedSinkhorn(gradient="implicit")(affinity)
    kept.pop(affinity.data_ptr(), None)
    assert assignment.data_ptr() in kept
    assert sum(kept.values()) <= 1.1 * affinity.numel() * 4
