"""A padded batch cut in two by the size of its problems, since a round costs as much as its padding."""

import torch
from torch import Tensor

_WORTH = 4096
"""Entries that a cut must save: less is not worth the operations that it doubles."""


def size_groups(source_mask: Tensor, destination_mask: Tensor) -> list[tuple[Tensor, int, int]]:
    """Separate small problems from large ones where the two blocks together have the fewest entries.

    Args:
        source_mask: True where a source is real, shape (batch, source).
        destination_mask: True where a destination is real, shape (batch, destination).

    Returns:
        Of each group the positions in the batch, and how many sources and destinations hold all its real ones. One
        group where a second would save little.
    """
    sources, destinations = _extent(source_mask), _extent(destination_mask)
    order = torch.maximum(sources, destinations).argsort()
    rows, columns = (extent[order].cummax(0).values for extent in (sources, destinations))
    source, destination = int(rows[-1]), int(columns[-1])
    number = torch.arange(1, len(order) + 1, device=order.device)
    entries = number * rows * columns + (len(order) - number) * source * destination
    cut = int(entries.argmin()) + 1
    if len(order) * source * destination - int(entries[cut - 1]) < _WORTH:
        return [(order, source, destination)]
    small = order[:cut], int(rows[cut - 1]), int(columns[cut - 1])
    return [small, (order[cut:], source, destination)]


def _extent(mask: Tensor) -> Tensor:
    """Return one more than the last real index of each problem, and 1 at least: (batch,)."""
    return (mask * torch.arange(1, mask.shape[-1] + 1, device=mask.device)).amax(-1).clamp(min=1)
