"""The linear program that all matchers solve, and how far an assignment is from its solution.

Supplement, Eq. (1)-(2): for a limb with n source and m destination candidates and affinities A (n, m),

    max_Y <A, Y>   subject to   Y 1 <= 1,   Y^T 1 <= 1,   Y >= 0.

Its vertices are matchings (Birkhoff and von Neumann), so its optimum is the Hungarian algorithm's.
"""

import numpy as np
import torch
from torch import Tensor


def objective(affinity: Tensor, assignment: Tensor) -> Tensor:
    """Return <A, Y>, Eq. (1) with its sign turned. Shapes (..., source, destination) -> (...).

    Example:
        >>> import torch
        >>> from mghp.matching import Greedy, objective, optimum
        >>> affinity = torch.tensor([[3.0, 2.0], [2.0, 0.0]])
        >>> objective(affinity, Greedy()(affinity)), optimum(affinity)
        (tensor(3.), tensor(4.))
    """
    return (affinity * assignment).sum((-2, -1))


def violation(assignment: Tensor) -> Tensor:
    """Return how far Y leaves Eq. (2): the largest excess of a row or column sum over 1, or of 0 over an entry.

    Shape (..., source, destination) -> (...). 0 for a feasible assignment.
    """
    if assignment.shape[-1] == 0 or assignment.shape[-2] == 0:
        return assignment.new_zeros(assignment.shape[:-2])
    rows = assignment.sum(-1).amax(-1) - 1
    columns = assignment.sum(-2).amax(-1) - 1
    negative = -assignment.amin((-2, -1))
    return torch.stack([rows, columns, negative]).amax(0).clamp(min=0).abs()  # abs: -0.0 prints badly


def repair(assignment: Tensor) -> Tensor:
    """Return the feasible assignment Y_ij / max(1, rowsum_i, colsum_j), for Y >= 0. Same shape."""
    rows = assignment.sum(-1, keepdim=True)
    columns = assignment.sum(-2, keepdim=True)
    return assignment / torch.maximum(rows, columns).clamp(min=1)


def best_matching(affinity: Tensor) -> Tensor:
    """Return the best matching of each problem by SciPy's Hungarian algorithm, bool, same shape as the affinity.

    Assigns on max(A, 0) and drops pairs with A <= 0, which is the optimum of Eq. (1)-(2); on signed A a row would be
    forced into a bad pair. Entries outside a mask must be 0 or less. torch.func and torch.compile take it as it is.

    Example:
        >>> import torch
        >>> from mghp.matching.problem import best_matching
        >>> best_matching(torch.tensor([[3.0, 2.0], [2.0, 0.0]]))
        tensor([[False,  True],
                [ True, False]])
    """
    matching: Tensor = _best_matching(affinity.detach())
    return matching


@torch.library.custom_op("mghp::best_matching", mutates_args=())
def _best_matching(affinity: Tensor) -> Tensor:
    from scipy.optimize import linear_sum_assignment  # as slow to import as half of torch, and not always needed

    scores = affinity.clamp(min=0).double().cpu().numpy()
    matching = np.zeros(scores.shape, dtype=bool)
    for index in np.ndindex(scores.shape[:-2]):
        rows, columns = linear_sum_assignment(scores[index], maximize=True)
        matching[index][rows, columns] = scores[index][rows, columns] > 0
    return torch.from_numpy(matching).to(affinity.device)


@_best_matching.register_fake
def _(affinity: Tensor) -> Tensor:
    return affinity.new_empty(affinity.shape, dtype=torch.bool)


@_best_matching.register_vmap
def _(info: object, axes: tuple[int], affinity: Tensor) -> tuple[Tensor, int]:
    return _best_matching(affinity.movedim(axes[0], 0)), 0


def optimum(affinity: Tensor) -> Tensor:
    """Return the largest <A, Y> of Eq. (1)-(2), exact. Shape (..., source, destination) -> (...)."""
    return objective(affinity.detach(), best_matching(affinity).to(affinity.dtype))


def optimality_gap(affinity: Tensor, assignment: Tensor, best: Tensor | None = None) -> Tensor:
    """Return (optimum - <A, repair(Y)>) / max(optimum, 1e-12), never negative: what feasibility leaves to gain.

    Args:
        affinity: A, 0 outside the masks, shape (..., source, destination).
        assignment: Y >= 0, same shape.
        best: `optimum(affinity)`, if at hand. Shape (...).

    Returns:
        Shape (...). 0 is optimal; a problem with no positive affinity has gap 0 when Y is 0 where A is negative.
    """
    best = optimum(affinity) if best is None else best
    return ((best - objective(affinity, repair(assignment))) / best.clamp(min=1e-12)).clamp(min=0)


def raw_signed_gap(affinity: Tensor, assignment: Tensor, best: Tensor | None = None) -> Tensor:
    """Return (optimum - <A, Y>) / max(optimum, 1e-12) of Y as it is: negative where Y gains by leaving Eq. (2)."""
    best = optimum(affinity) if best is None else best
    return (best - objective(affinity, assignment)) / best.clamp(min=1e-12)


def integrality(assignment: Tensor) -> Tensor:
    """Return the sum of Y (1 - Y): 0 for a hard assignment. Shape (..., source, destination) -> (...)."""
    return (assignment * (1 - assignment)).sum((-2, -1))


def tight_rows(assignment: Tensor, source_mask: Tensor | None = None, tolerance: float = 1e-3) -> Tensor:
    """Return the share of real rows whose sum reaches 1 within `tolerance`; 0 without rows.

    Shape (..., source, destination) -> (...).
    """
    real = torch.ones_like(assignment.sum(-1), dtype=torch.bool) if source_mask is None else source_mask
    tight = (assignment.sum(-1) >= 1 - tolerance) & real
    return tight.sum(-1).to(assignment.dtype) / real.sum(-1).clamp(min=1)
