r"""Problems whose affinities are far from 1, as problems with the same solutions whose affinities are not.

Let u, v >= 0 be the prices that the linear program of Eq. (1)-(2) has as its dual: u_i + v_j >= A_ij, equal on a best
matching, 0 for who is left over. Taking from every row and column what its price exceeds a margin K by,

    A'_ij = A_ij - max(u_i - K, 0) - max(v_j - K, 0) = min(u_i, K) + min(v_j, K) - (u_i + v_j - A_ij),

leaves the program with min(u, K) and min(v, K) as prices: positive where they were, so that the same assignments are
optimal. No A' is above 2 K, and what is below -2 K, out of everybody's reach, may count as -2 K.

So a solver that approaches the program's optimum has the same limit for any K > 0. Of one Euclidean projection more is
true. The corrections r and c of P_C(A + Y), Y in C, are prices of a program whose affinities differ from A by 1 at
most, of which some lie within 2 (n + m) of u and v: with K no smaller, P_C(A' + Y) = P_C(A + Y).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.matching.matcher import has_values


def with_near_affinities(
    affinity: Tensor,
    source_mask: Tensor | None,
    destination_mask: Tensor | None,
    *,
    scale: float,
    reach: float,
    margin: float,
    least: float = 0.0,
) -> Tensor:
    """Move the problems of a batch whose largest scale * A is out of reach; the others, and gradients, stay.

    Args:
        affinity: A, 0 outside the masks, shape (batch, source, destination).
        source_mask: True where a source is real, shape (batch, source).
        destination_mask: True where a destination is real, shape (batch, destination).
        scale: what the solver multiplies A by.
        reach: largest scale * A that it takes as it is.
        margin: K, in units of scale * A.
        least: what an affinity must exceed for its pair to be worth matching.

    Returns:
        Affinities of the same shape, at most 2 K / scale (and `least`) in the problems that were moved. What
        torch.compile, export or torch.func record is not looked at, and returned as it is.
    """
    if not has_values(affinity):
        return affinity
    values = affinity.detach()
    is_far = values.amax((-2, -1)) > reach / scale
    if not bool(is_far.any()):
        return affinity
    moved = values.clone()
    for problem in is_far.nonzero().flatten().tolist():
        rows = torch.ones_like(values[problem, :, 0], dtype=torch.bool) if source_mask is None else source_mask[problem]
        columns = torch.ones_like(values[problem, 0], dtype=torch.bool)
        columns = columns if destination_mask is None else destination_mask[problem]
        real = rows[:, None] & columns
        far = values[problem][real].double().cpu().numpy().reshape(int(rows.sum()), int(columns.sum()))
        moved[problem][real] = torch.from_numpy(_near(far - least, margin / scale).ravel() + least).to(values)
    return moved + (affinity - values)  # which is 0 with the gradient of the affinity


def _near(affinity: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    """Return A' of one problem; where no pair is worth matching, all prices are 0."""
    if affinity.max() <= 0:
        return np.maximum(affinity, -2 * margin)
    unit = 2.0 ** np.floor(np.log2(affinity.max()))  # in it nothing overflows, and dividing by it rounds nothing
    rows, columns = best_pairs(affinity / unit)
    u, v = prices(affinity / unit, rows, columns)
    slack = np.maximum(u[:, None] + v - affinity / unit, 0)
    slack[rows, columns] = 0
    capped = np.minimum(u, margin / unit)[:, None] + np.minimum(v, margin / unit)
    near: NDArray[np.float64] = np.maximum(capped - slack, -2 * margin / unit) * unit
    return near


def best_pairs(affinity: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the best matching of positive affinities."""
    from scipy.optimize import linear_sum_assignment  # slow to import, and not always needed

    rows, columns = linear_sum_assignment(affinity.clip(min=0), maximize=True)
    is_pair = affinity[rows, columns] > 0
    return rows[is_pair], columns[is_pair]


def prices(
    affinity: NDArray[np.float64], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the prices of a best matching, lowest for rows: u_i + v_j >= A_ij, equal on it, 0 for unmatched ones."""
    u, v = np.zeros(len(affinity)), np.zeros(affinity.shape[1])
    left = np.delete(affinity, columns, axis=1)
    u[rows] = left[rows].max(axis=1, initial=0)
    gains = affinity[np.ix_(rows, columns)] - affinity[rows, columns]  # of row i in the place of row k
    for _ in rows:  # the longest chain of them takes as many rounds as there are rows
        u[rows] = np.maximum(u[rows], (u[rows] + gains).max(axis=1))
    v[columns] = affinity[rows, columns] - u[rows]
    return u, v.clip(min=0)
