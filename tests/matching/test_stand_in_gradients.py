"""The controls: soft-max, and the Hungarian assignment with gradients that are not its own; truncated gradients."""

import pytest
import torch
from affinities import outside, padded, random_affinity, unpadded
from torch.utils.checkpoint import checkpoint

from mghp.matching import Blackbox, Hungarian, Perturbed, PGDDykstra, SoftMax, StraightThrough, make_matcher


def gradient(matcher, affinity, weight, *masks):
    affinity = affinity.clone().requires_grad_()
    (matcher(affinity, *masks) * weight).sum().backward()
    return affinity.grad


def test_soft_max_is_that_of_rows_times_that_of_columns():
    affinity = random_affinity(3, 4, 0).double()
    expected = torch.zeros_like(affinity)
    for i in range(3):
        for j in range(4):
            row = [affinity[i, k] / 0.5 for k in range(4)]
            column = [affinity[k, j] / 0.5 for k in range(3)]
            mine = (affinity[i, j] / 0.5).exp()
            expected[i, j] = mine / (1 + sum(v.exp() for v in row)) * mine / (1 + sum(v.exp() for v in column))
    torch.testing.assert_close(SoftMax(0.5)(affinity), expected)
    assert torch.autograd.gradcheck(SoftMax(0.5), affinity.requires_grad_())


def test_soft_max_hardens_to_the_mutual_best():
    affinity = torch.tensor([[0.9, 0.1], [0.8, 0.7]])
    assert torch.equal(SoftMax(1e-3)(affinity).round(), torch.tensor([[1.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("seed", range(4))
def test_forwards_they_are_the_hungarian_assignment(seed):
    affinity = random_affinity(4, 5, seed)
    for matcher in (StraightThrough(), Blackbox(0.3)):
        assert torch.equal(matcher(affinity), Hungarian()(affinity))


def test_straight_through_is_the_identity_backwards():
    weight = torch.randn(4, 5)
    assert torch.equal(gradient(StraightThrough(), random_affinity(4, 5, 0), weight), weight)


def test_blackbox_is_the_slope_to_a_moved_problem():
    affinity, weight = random_affinity(4, 5, 1), torch.randn(4, 5, generator=torch.Generator().manual_seed(3))
    moved = Hungarian()(affinity - 0.7 * weight)
    expected = (Hungarian()(affinity) - moved) / 0.7
    assert expected.abs().sum() > 0
    torch.testing.assert_close(gradient(Blackbox(0.7), affinity, weight), expected)


@pytest.mark.parametrize("matcher", [SoftMax(0.5), StraightThrough(), Blackbox(2.0)], ids=repr)
@pytest.mark.parametrize("seed", range(4))
def test_padding_has_no_gradient_and_changes_none(matcher, seed):
    """Whatever gradient comes back to it: what a moved problem gains on padding must not take a real pair's place."""
    problems = [random_affinity(3, 4, seed), random_affinity(4, 2, seed + 10)]
    affinity, sources, destinations = padded(problems, seed, filler=0.0)
    weight = torch.randn(*affinity.shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))
    found = gradient(matcher, affinity, weight, sources, destinations)
    assert not outside(found, sources, destinations).any()
    pairs = zip(unpadded(found, sources, destinations), problems, unpadded(weight, sources, destinations), strict=True)
    for here, problem, its_weight in pairs:
        torch.testing.assert_close(here, gradient(matcher, problem, its_weight))


def test_the_perturbed_mean_has_the_derivative_of_its_expectation():
    weight = torch.randn(3, 3, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    affinity = random_affinity(3, 3, 2).double()
    found = gradient(Perturbed(0.5, 40000), affinity, weight)
    step, expected = 0.2, torch.zeros(3, 3, dtype=torch.double)
    for i in range(3):
        for j in range(3):
            values = []
            for sign in (1, -1):
                moved = affinity.clone()
                moved[i, j] += sign * step
                values.append((Perturbed(0.5, 40000)(moved) * weight).sum())  # the same draws: the difference is exact
            expected[i, j] = (values[0] - values[1]) / (2 * step)
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0.1)
    assert Perturbed(0.5, 50)(affinity).unique().numel() > 2


def test_perturbed_draws_by_its_seed_and_the_step():
    affinity = random_affinity(5, 5, 0) * 0.1
    matcher = Perturbed(1.0, 5)
    first = matcher(affinity)
    assert torch.equal(first, matcher(affinity))
    assert not torch.equal(first, Perturbed(1.0, 5, seed=1)(affinity))
    matcher.at_step(1)
    assert not torch.equal(first, matcher(affinity))
    matcher.at_step(0, process=1)
    assert not torch.equal(first, matcher(affinity))
    matcher.at_step(0)
    assert torch.equal(first, matcher(affinity))
    matcher.at_step(3)
    assert torch.equal(first, matcher.eval()(affinity))


def test_perturbed_differentiates_the_draws_that_it_returned_when_it_is_computed_again():
    affinity, weight = random_affinity(3, 3, 0), torch.randn(3, 3, dtype=torch.float64)
    matcher = Perturbed()

    def again(given):
        return checkpoint(matcher, given, use_reentrant=False)

    assert gradient(matcher, affinity, weight).any()
    assert torch.equal(gradient(again, affinity, weight), gradient(matcher, affinity, weight))


def test_the_state_of_perturbed_says_what_it_draws_next():
    affinity, matcher, other = random_affinity(5, 5, 0), Perturbed(), Perturbed()
    matcher.at_step(7)
    assert not torch.equal(matcher(affinity), other(affinity))
    other.load_state_dict(matcher.state_dict())
    assert torch.equal(matcher(affinity), other(affinity))


def test_perturbed_reads_a_state_of_before_it_had_a_step():
    matcher = torch.nn.ModuleDict({"matcher": Perturbed()})
    matcher.load_state_dict({})
    assert matcher["matcher"].step == 0


def test_noise_on_a_large_affinity_is_not_lost_to_rounding():
    affinity = torch.full((2, 2), 2.0**26)  # in float32 the next number is 8 larger
    assert Perturbed(1.0, 1000)(affinity).sub(0.5).abs().max() < 0.1


@pytest.mark.parametrize("size", [0.0, 1e-12])
def test_blackbox_moves_a_real_affinity_of_0_as_one_near_0(size):
    affinity = torch.full((2, 2), size)
    padded = torch.nn.functional.pad(affinity, (0, 1, 0, 1))
    real, weight = torch.tensor([True, True, False]), -torch.ones(3, 3)
    found = gradient(Blackbox(), padded, weight, real, real)
    assert found.sum() == (0 if size else -2)  # 0 is matched only once it is moved
    assert not found[2].any()
    assert not found[:, 2].any()


def two_climbs(before, after, constant_steps, average, warm_start):
    """`truncated`, written down for one matrix whose first steps climb one affinity and whose others climb another."""
    n, m = before.shape
    y, total = torch.zeros_like(before), torch.zeros_like(before)
    r, c = before.new_zeros(n, 1), before.new_zeros(1, m)
    for step in range(6):
        start = x = y + 0.3 * (before if step < constant_steps else after)
        if warm_start and step:
            x = torch.relu(start - r - c)
        else:
            r, c = torch.zeros_like(r), torch.zeros_like(c)
        for _ in range(4):
            new_r = torch.relu(r + (x.sum(1, keepdim=True) - 1) / m)
            c = torch.relu(c + (x.sum(0, keepdim=True) + (r - new_r).sum() - 1) / n)
            r = new_r
            x = torch.relu(start - r - c)
        y, total = x, total + x
    return total / 6 if average else y


BACKENDS = [{"backend": "numba"}, {"backend": "torch"}, {"backend": "torch", "backward": "autograd"}]


def truncated(gradient_steps, average, warm_start, **backend):
    options = {"average": average, "warm_start": warm_start, "gradient_steps": gradient_steps, "initial": "zeros"}
    return PGDDykstra(6, 4, 0.3, **options, **backend)


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("warm_start", [True, False])
@pytest.mark.parametrize("gradient_steps", [1, 3, 5])
def test_truncated_gradients_are_those_with_earlier_steps_held_constant(gradient_steps, average, warm_start):
    affinity, weight = random_affinity(4, 5, 7).double(), torch.randn(4, 5, dtype=torch.double)
    expected = gradient(
        lambda later: two_climbs(affinity, later, 6 - gradient_steps, average, warm_start), affinity, weight
    )
    found = [gradient(truncated(gradient_steps, average, warm_start, **b), affinity, weight) for b in BACKENDS]
    for of_backend in found:
        torch.testing.assert_close(of_backend, expected)
    whole = gradient(truncated(0, average, warm_start), affinity, weight)
    assert not torch.allclose(found[0], whole)
    # The result itself is the same.
    torch.testing.assert_close(
        truncated(gradient_steps, average, warm_start)(affinity), truncated(0, average, warm_start)(affinity)
    )


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
def test_as_many_steps_as_there_are_is_all(backend):
    affinity, weight = random_affinity(4, 5, 8).double(), torch.randn(4, 5, dtype=torch.double)
    whole = gradient(truncated(0, True, False, **backend), affinity, weight)
    for steps in (6, 99):
        assert torch.equal(gradient(truncated(steps, True, False, **backend), affinity, weight), whole)


@pytest.mark.parametrize("name", ["softmax", "straight_through", "blackbox", "perturbed"])
def test_all_negative_problems_have_a_gradient_or_say_so(name):
    affinity = -torch.rand(3, 3) - 0.5
    found = gradient(make_matcher(name), affinity, torch.ones(3, 3))
    assert found.isfinite().all()
