"""The losses of matchings: the soft assignment, or the affinity itself, against the true assignment.

The gradient of a loss on the assignment passes through the matcher. Every problem counts the same, whatever its size.
Configs choose among them by the names in `mghp.matching.choices`.
"""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.matching.choices import AFFINITY_LOSSES, MATCHING_LOSSES
from mghp.matching.problem import best_matching

MARGIN = 1e-4
"""Assignments are kept this far from 0 and 1 under the logarithm."""


def matching_loss(name: str, affinity: Tensor, assignment: Tensor | None, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the loss on the assignment that `losses.matching` names.

    Args:
        name: in `MATCHING_LOSSES`.
        affinity: A, (..., source, destination), what the matcher was given.
        assignment: Y, the same shape, what it returned; None for a loss that does not read it.
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape: pairs of real candidates whose truth is known.

    Raises:
        InputError: if no such loss is registered.
    """
    entry = MATCHING_LOSSES[name]
    scores = (affinity,) if entry.reads_affinity else ()
    soft = (assignment,) if entry.reads_assignment else ()
    loss: Tensor = entry.load()(*scores, *soft, truth, is_pair)
    return loss


def affinity_loss(name: str, affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the loss on the affinity that `learned.objective` names; no matcher is asked.

    Args:
        name: in `AFFINITY_LOSSES`.
        affinity: A, (batch, source, destination), 0 outside real candidates.
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape.

    Raises:
        InputError: if no such loss is registered.
    """
    loss: Tensor = AFFINITY_LOSSES[name].load()(affinity, truth, is_pair)
    return loss


def balanced_cross_entropy(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the binary cross-entropy of the assignment, positives and negatives of a problem with equal weight.

    Args:
        assignment: Y, soft, (..., source, destination).
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape: pairs of real candidates whose truth is known.

    Returns:
        The mean over problems that have a pair.

    Example:
        >>> import torch
        >>> from mghp.matching.losses import balanced_cross_entropy
        >>> soft, truth = torch.tensor([[0.1, 0.9], [0.8, 0.1]]), torch.tensor([[False, True], [True, False]])
        >>> round(float(balanced_cross_entropy(soft, truth, is_pair=torch.ones_like(truth))), 3)
        0.135
    """
    return _mean_over_problems(_balanced(_entropy(assignment, truth), truth, is_pair), is_pair)


def cross_entropy(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the binary cross-entropy, averaged over the pairs of each problem; shapes as `balanced_cross_entropy`."""
    return _per_pair(_entropy(assignment, truth), is_pair)


def squared_error(assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the squared error, balanced as the cross-entropy; shapes as for `balanced_cross_entropy`."""
    return _mean_over_problems(_balanced((assignment - truth.float()).square(), truth, is_pair), is_pair)


def fenchel_young(affinity: Tensor, assignment: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the Fenchel-Young loss (Blondel, Martins, Niculae 2020) of the regularised matching; gradient Y - Y*.

    The assignment counts as a constant: nothing is differentiated through the solver. The value returned is
    <A, Y - Y*>, the part of the loss that the affinity enters.

    Args:
        affinity: A, (..., source, destination).
        assignment: P_C(A / epsilon), the same shape, as the matcher gave it.
        truth: Y*, bool.
        is_pair: bool.

    Example:
        >>> import torch
        >>> from mghp.matching import Projection
        >>> from mghp.matching.losses import fenchel_young
        >>> affinity = torch.tensor([[3.0, 2.0], [2.0, 0.0]], requires_grad=True)
        >>> truth = torch.tensor([[False, True], [True, False]])
        >>> fenchel_young(affinity, Projection()(affinity), truth, is_pair=torch.ones_like(truth)).backward()
        >>> affinity.grad.round(decimals=2)  # Y - Y*
        tensor([[ 0.5000, -0.5000],
                [-0.5000,  0.0000]])
    """
    difference = (assignment.detach() - truth.float()) * is_pair
    return _mean_over_problems((affinity * difference).sum((-2, -1)), is_pair)


def binary_cross_entropy(affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the binary cross-entropy of the affinity as a log-odds, averaged over all pairs of all problems.

    Shapes as for `structured_hinge`.
    """
    entropy = functional.binary_cross_entropy_with_logits(affinity, truth.float(), reduction="none")
    return entropy[is_pair].mean()


def affinity_cross_entropy(affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return `cross_entropy` with sigmoid(A) in the assignment's place: the same loss, without a matcher.

    Args:
        affinity: A, (..., source, destination): the log-odds that both candidates are of one person.
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape.

    Returns:
        The mean over problems that have a pair; 0 where none has.

    Example:
        >>> import torch
        >>> from mghp.matching.losses import affinity_cross_entropy
        >>> affinity, truth = torch.tensor([[0.0, 2.0], [2.0, 0.0]]), torch.tensor([[False, True], [True, False]])
        >>> affinity_cross_entropy(affinity, truth, is_pair=torch.ones_like(truth))
        tensor(0.4100)
    """
    entropy = functional.binary_cross_entropy_with_logits(affinity, truth.to(affinity.dtype), reduction="none")
    return _per_pair(entropy, is_pair)


def structured_hinge(affinity: Tensor, truth: Tensor, is_pair: Tensor) -> Tensor:
    """Return the margin-rescaled hinge (Tsochantaridis et al. 2005), max_Y <A, Y> + |Y - Y*|_1 - <A, Y*>.

    Args:
        affinity: A, (..., source, destination), 0 outside real candidates.
        truth: Y*, bool, the same shape.
        is_pair: bool, the same shape.

    Returns:
        The mean over problems that have a pair; at least 0.

    Example:
        >>> import torch
        >>> from mghp.matching.losses import structured_hinge
        >>> affinity, truth = torch.tensor([[[3.0, 2.0], [2.0, 0.0]]]), torch.tensor([[[False, True], [True, False]]])
        >>> structured_hinge(affinity, truth, is_pair=torch.ones_like(truth))
        tensor(3.)
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
    """Return the mean of a problem's positives plus that of its negatives, divided by the number of kinds it has."""
    positive, negative = truth & is_pair, ~truth & is_pair
    number = torch.stack([positive.sum((-2, -1)), negative.sum((-2, -1))]).to(values.dtype)
    sums = torch.stack([(values * positive).sum((-2, -1)), (values * negative).sum((-2, -1))])
    means = sums / number.clamp(min=1)
    return means.sum(0) / (number > 0).sum(0).clamp(min=1)


def _per_pair(values: Tensor, is_pair: Tensor) -> Tensor:
    """Return the mean over problems of the mean over each problem's pairs."""
    sums = (values * is_pair).sum((-2, -1))
    return _mean_over_problems(sums / is_pair.sum((-2, -1)).clamp(min=1), is_pair)


def _mean_over_problems(values: Tensor, is_pair: Tensor) -> Tensor:
    has_pair = is_pair.flatten(-2).any(-1)
    return (values * has_pair).sum() / has_pair.sum().clamp(min=1)
