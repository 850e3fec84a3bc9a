"""From a soft assignment to pairs."""

import torch
from torch import Tensor

from mghp.matching.choices import ROUNDINGS, RoundingName


def round_assignment(
    soft: Tensor,
    affinity: Tensor | None = None,
    min_affinity: float = 0.0,
    by: RoundingName = "hungarian",
) -> Tensor:
    """Keep at most one destination a source and one source a destination.

    Args:
        soft: soft assignment, shape (..., source, destination), 0 outside the masks. Entries at or below 0 are
            never kept.
        affinity: A, same shape. Where given, a kept pair whose affinity is under `min_affinity` is dropped.
        min_affinity: the threshold; on the soft assignment itself where no affinity is given.
        by: "hungarian" keeps the matching of largest sum, "mutual" the entries that are the largest of their row and
            of their column (the first of equals), "greedy" the largest entry, then the largest of those left. Others
            may be registered in `ROUNDINGS`.

    Returns:
        Kept pairs, bool, same shape. Pairs are dropped after the matching, not before it, so that lowering the
        threshold only adds pairs.

    Raises:
        ValueError: if no such rounding is registered, or the shapes differ.

    Example:
        >>> import torch
        >>> from mghp.matching import round_assignment
        >>> soft = torch.tensor([[0.6, 0.4], [0.5, 0.0]])
        >>> round_assignment(soft)
        tensor([[False,  True],
                [ True, False]])
        >>> round_assignment(soft, by="greedy")
        tensor([[ True, False],
                [False, False]])
    """
    if affinity is not None and affinity.shape != soft.shape:
        raise ValueError(f"affinity must have the shape of soft {tuple(soft.shape)}, got {tuple(affinity.shape)}")
    matching = ROUNDINGS[by].load()
    if soft.numel() == 0:
        return torch.zeros_like(soft, dtype=torch.bool)
    batch = soft.detach().reshape(-1, *soft.shape[-2:])
    kept: Tensor = matching(batch).reshape(soft.shape)
    return kept & ((soft if affinity is None else affinity) >= min_affinity)


def mutual_matching(scores: Tensor) -> Tensor:
    """Return the positive scores that are the largest of their row and of their column (the first of equals).

    Shape (batch, source, destination), bool.
    """
    rows = torch.zeros_like(scores, dtype=torch.bool).scatter_(-1, scores.argmax(-1, keepdim=True), True)
    columns = torch.zeros_like(scores, dtype=torch.bool).scatter_(-2, scores.argmax(-2, keepdim=True), True)
    return rows & columns & (scores > 0)
