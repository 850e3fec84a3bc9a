r"""The constraint sets of the matching problem, and Dykstra's cycles over them in two vectors.

The supplement's Eq. (2) asks an assignment Y of n sources to m destinations to lie in C1 n C2 n C3 with

    C1: every row sums to at most 1,    C2: every column sums to at most 1,    C3: Y >= 0,

and projects with Dykstra's algorithm (Eq. 5; Boyle and Dykstra, 1986). The projection onto C1 takes the same amount
from every entry of a row, the one onto C2 the same from every entry of a column. So the corrections u1 and u2 are
constant along rows and columns: u1 = r 1^T, u2 = 1 c^T, and because X + u1 + u2 + u3 stays equal to the starting
point Z0, one cycle over the three sets is

    r' = relu(r + (rowsum(X) - 1) / m)
    c' = relu(c + (colsum(X) + sum(r - r') - 1) / n)
    X' = relu(Z0 - r' - c').

The supplement prints the projections onto C1 and C2 with one case distinction for the whole matrix: once any row
exceeds its bound, all rows are set to sum to exactly 1. That is no projection; it is kept as `as_printed`. The two
vectors describe it too, with "relu of each" replaced by "all of them if any is positive, else 0".
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Corrections(NamedTuple):
    """Dykstra's corrections of C1 and C2 as vectors: r (batch, source, 1) and c (batch, 1, destination)."""

    r: Tensor
    c: Tensor


class Sizes(NamedTuple):
    """The real candidates of a padded batch.

    `sources` (n) and `destinations` (m) are numbers where nothing is masked, else shape (batch, 1, 1), at least 1.
    The masks have shapes (batch, source, 1) and (batch, 1, destination), or are None where nothing is masked.
    """

    sources: Tensor | int
    destinations: Tensor | int
    source_mask: Tensor | None = None
    destination_mask: Tensor | None = None


Keep = Callable[[Tensor, int, Tensor | None], Tensor]
"""Which entries of r (or c) stay, given their values, the axis they run along and which are real."""


def keep_positive(values: Tensor, axis: int, mask: Tensor | None) -> Tensor:
    """Keep a correction where it is positive, row by row (the projection onto halfspaces)."""
    return values > 0


def keep_all_or_none(values: Tensor, axis: int, mask: Tensor | None) -> Tensor:
    """Keep all corrections of a matrix if one is positive, else set all to 0 (as printed)."""
    positive = values > 0 if mask is None else (values > 0) & mask
    kept = positive.any(dim=axis, keepdim=True).expand_as(values)
    return kept if mask is None else kept & mask


KEEP: dict[str, Keep] = {"halfspace": keep_positive, "as_printed": keep_all_or_none}


def cap_rows(x: Tensor, corrections: Corrections, sizes: Sizes, keep: Keep) -> tuple[Tensor, Tensor]:
    """Project onto C1: return the new r, and which of its entries are kept."""
    values = corrections.r + (x.sum(-1, keepdim=True) - 1) / sizes.destinations
    kept = keep(values, -2, sizes.source_mask)
    return torch.where(kept, values, 0), kept


def cap_columns(x: Tensor, corrections: Corrections, new_r: Tensor, sizes: Sizes, keep: Keep) -> tuple[Tensor, Tensor]:
    """Project onto C2, after C1 has moved r to `new_r`: return the new c, and which of its entries are kept."""
    moved = (corrections.r - new_r).sum(-2, keepdim=True)
    values = corrections.c + (x.sum(-2, keepdim=True) + moved - 1) / sizes.sources
    kept = keep(values, -1, sizes.destination_mask)
    return torch.where(kept, values, 0), kept


def clip(start: Tensor, corrections: Corrections, sizes: Sizes, keep: Keep) -> Tensor:
    """Project onto C3: return X = relu(Z0 - r - c), 0 outside the masks."""
    x = torch.relu(start - corrections.r - corrections.c)
    # r and c are never negative for halfspaces, and Z0 is 0 outside the masks: X is 0 there by itself.
    if keep is keep_positive or sizes.source_mask is None or sizes.destination_mask is None:
        return x
    return torch.where(sizes.source_mask & sizes.destination_mask, x, 0)
