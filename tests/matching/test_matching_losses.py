import math

import pytest
import torch

from mghp.errors import InputError
from mghp.matching import Projection
from mghp.matching.choices import MATCHING_LOSSES
from mghp.matching.losses import (
    affinity_cross_entropy,
    affinity_loss,
    balanced_cross_entropy,
    binary_cross_entropy,
    cross_entropy,
    fenchel_young,
    matching_loss,
    squared_error,
    structured_hinge,
)


def problems():
    assignment = torch.tensor([[[0.9, 0.1], [0.2, 0.3]], [[0.5, 0.0], [0.0, 0.0]]], dtype=torch.float64)
    truth = torch.tensor([[[True, False], [False, True]], [[False, False], [False, False]]])
    is_pair = torch.tensor([[[True, True], [True, True]], [[True, False], [False, False]]])
    return assignment, truth, is_pair


def test_cross_entropy_balances_the_two_kinds_in_each_problem():
    first = (-(math.log(0.9) + math.log(0.3)) / 2 - (math.log(0.9) + math.log(0.8)) / 2) / 2
    second = -math.log(0.5)  # one pair, a negative one
    assert balanced_cross_entropy(*problems()) == pytest.approx((first + second) / 2)


def test_plain_cross_entropy_counts_every_pair_of_a_problem_alike():
    first = -(math.log(0.9) + math.log(0.3) + math.log(0.9) + math.log(0.8)) / 4
    assert cross_entropy(*problems()) == pytest.approx((first - math.log(0.5)) / 2)


def test_squared_error_balances_the_two_kinds_in_each_problem():
    first = ((0.1**2 + 0.7**2) / 2 + (0.1**2 + 0.2**2) / 2) / 2
    assert squared_error(*problems()) == pytest.approx((first + 0.25) / 2)


@pytest.mark.parametrize("loss", [balanced_cross_entropy, cross_entropy, squared_error])
def test_no_pairs_are_no_loss(loss):
    assignment = torch.zeros(2, 3, 0, requires_grad=True)
    none = torch.zeros(2, 3, 0, dtype=torch.bool)
    assert loss(assignment, none, none) == 0
    assignment = torch.full((1, 2, 2), 0.5, requires_grad=True)
    none = torch.zeros(1, 2, 2, dtype=torch.bool)
    loss(assignment, none, none).backward()
    assert assignment.grad.abs().max() == 0


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certain_assignments_are_finite(certain):
    assignment = torch.full((1, 2, 2), certain, requires_grad=True)
    truth = torch.eye(2, dtype=torch.bool)[None]
    loss = balanced_cross_entropy(assignment, truth, torch.ones_like(truth))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(assignment.grad).all()


def test_fenchel_young_has_the_gradient_of_the_regularised_matching():
    """L(A) = max_Y <A, Y> - |Y|^2 / (2 tau) - <A, Y*>, by finite differences of its value."""
    generator = torch.Generator().manual_seed(0)
    affinity = torch.randn(1, 3, 4, generator=generator, dtype=torch.float64)
    truth = torch.zeros(1, 3, 4, dtype=torch.bool)
    truth[0, 0, 1] = truth[0, 2, 2] = True
    tau = 2.0
    matcher = Projection(tau=tau, num_cycles=500)

    def value(scores):
        best = matcher(scores)
        return float((scores * (best - truth.double())).sum() - best.square().sum() / (2 * tau))

    leaf = affinity.clone().requires_grad_()
    fenchel_young(leaf, matcher(leaf), truth, torch.ones_like(truth)).backward()
    for index in [(0, 0, 1), (0, 1, 0), (0, 2, 3)]:
        step = torch.zeros_like(affinity)
        step[index] = 1e-5
        slope = (value(affinity + step) - value(affinity - step)) / 2e-5
        assert float(leaf.grad[index]) == pytest.approx(slope, abs=1e-6)


def test_a_loss_is_taken_by_its_name_and_given_what_it_reads():
    assignment, truth, is_pair = problems()
    affinity = torch.randn(2, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    given = (affinity, assignment, truth, is_pair)
    assert matching_loss("cross_entropy", *given) == cross_entropy(*problems())
    assert matching_loss("fenchel_young", *given) == fenchel_young(*given)
    assert affinity_loss("structured_hinge", affinity, truth, is_pair) == structured_hinge(affinity, truth, is_pair)
    for name in MATCHING_LOSSES:
        assert matching_loss(name, *given).isfinite()


def test_a_wrong_name_lists_the_losses():
    with pytest.raises(InputError, match="no loss on the assignment 'hinge'; there are balanced_cross_entropy, cross"):
        matching_loss("hinge", *problems(), None)


def test_binary_cross_entropy_takes_the_affinity_for_log_odds():
    _, truth, is_pair = problems()
    entropies = [math.log1p(math.exp(-0.5))] * 2 + [math.log1p(math.exp(0.5))] * 3
    found = binary_cross_entropy(torch.full((2, 2, 2), 0.5), truth, is_pair)
    assert float(found) == pytest.approx(sum(entropies) / 5)


def test_cross_entropy_without_a_matcher_is_that_of_the_sigmoid_in_the_assignment_s_place():
    _, truth, is_pair = problems()
    affinity = torch.randn(truth.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = cross_entropy(affinity.sigmoid(), truth, is_pair)
    assert float(affinity_cross_entropy(affinity, truth, is_pair)) == pytest.approx(float(expected))
    far = torch.full_like(affinity, 50.0).requires_grad_()  # where the assignment's clamp would leave no gradient
    affinity_cross_entropy(far, torch.zeros_like(truth), is_pair).backward()
    assert far.grad[is_pair].abs().min() > 0.1
    assert affinity_cross_entropy(affinity, truth, torch.zeros_like(is_pair)) == 0


@pytest.mark.parametrize("name", ["affinity_cross_entropy", "structured_hinge"])
def test_a_loss_of_the_affinity_alone_needs_no_assignment_and_takes_any_leading_axes(name):
    _, truth, is_pair = problems()
    affinity = torch.randn(2, 2, 2, generator=torch.Generator().manual_seed(1)) * is_pair
    loss = matching_loss(name, affinity, None, truth, is_pair)
    by_picture_and_limb = matching_loss(name, affinity[:, None], None, truth[:, None], is_pair[:, None])
    assert not MATCHING_LOSSES[name].reads_assignment
    assert float(loss) == float(by_picture_and_limb) > 0
