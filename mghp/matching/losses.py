"""The matching loss: the soft assignment against the true one, its gradient passing through the matcher.

Every problem counts the same, whatever its size.
"""

import torch
from torch import Tensor

from mghp.matching.problem import best_matching

MARGIN = 1e-4
"""Assignments are kept this far from 0 and 1 under the logarithm."""


def balanced_cross_entropy(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Binary cross-entropy of the assignment, positives and negatives of a problem with equal weight.

    Args:
        assignment: Y, soft, (..., source, destination).
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape: pairs of real candidates whose truth is known.

    Returns:
        The mean over problems that have a pair.
    """
    return _mean_over_problems(_balanced(_entropy(assignment, truth), truth, is_pair), is_pair)


def cross_entropy(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Mean over problems of the mean over their pairs; shapes as for `balanced_cross_entropy`."""
    sums = (_entropy(assignment, truth) * is_pair).sum((-2, -1))
    return _mean_over_problems(sums / is_pair.sum((-2, -1)).clamp(min=1), is_pair)


def squared_error(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Mean over problems of the balanced squared error; shapes as for `balanced_cross_entropy`."""
    return _mean_over_problems(_balanced((assignment - truth.float()).square(), truth, is_pair), is_pair)


def fenchel_young(affinity: Tensor, assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Fenchel-Young loss (Blondel, Martins, Niculae 2020) of the regularised matching: its gradient is Y - Y*.

    The assignment counts as a constant: nothing is differentiated through the solver. The value returned is
    <A, Y - Y*>, the part of the loss that the affinity enters.

    Args:
        affinity: A, (..., source, destination).
        assignment: P_C(A / epsilon), the same shape, as the matcher gave it.
        truth: Y*, bool.
        is_pair: bool.
    """
    difference = (assignment.detach() - truth.float()) * is_pair
    return _mean_over_problems((affinity * difference).sum((-2, -1)), is_pair)


def structured_hinge(affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Margin-rescaled hinge on the best matching (Tsochantaridis et al. 2005): max_Y <A, Y> + |Y - Y*|_1 - <A, Y*>.

    Args:
        affinity: A, (batch, source, destination), 0 outside real candidates.
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape.

    Returns:
        The mean over problems that have a pair; at least 0.
    """
    margin = torch.where(is_pair, 1 - 2 * truth.to(affinity.dtype), 0)
    augmented = affinity + margin
    worst = best_matching(augmented.detach()).to(affinity.dtype)
    excess = (augmented * worst).sum((-2, -1)) + truth.sum((-2, -1)) - (affinity * truth).sum((-2, -1))
    return _mean_over_problems(excess, is_pair)


def _entropy(assignment: Tensor, truth: Tensor) -> Tensor:
    probability = assignment.clamp(MARGIN, 1 - MARGIN)
    return -torch.where(truth, probability.log(), torch.log1p(-probability))


def _balanced(values: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Mean over a problem's positives plus mean over its negatives, divided by how many of the two kinds there are."""
    positive, negative = truth & is_pair, ~truth & is_pair
    number = torch.stack([positive.sum((-2, -1)), negative.sum((-2, -1))]).to(values.dtype)
    sums = torch.stack([(values * positive).sum((-2, -1)), (values * negative).sum((-2, -1))])
    means = sums / number.clamp(min=1)
    return means.sum(0) / (number > 0).sum(0).clamp(min=1)


def _mean_over_problems(values: Tensor, is_pair: Tensor) -> Tensor:
    has_pair = is_pair.flatten(-2).any(-1)
    return (values * has_pair).sum() / has_pair.sum().clamp(min=1)
