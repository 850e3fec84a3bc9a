"""Part logits -> the part of each pixel."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.parsing.fields import Fields, at_pixels

_CLEAR = 1e-3
"""A lead of the background's logit that no rounding of probabilities closes."""

_VECTOR = 64
"""Softmax computes what goes beyond whole vectors by another exponential: pixels are filled up to a multiple of this,
so that a pixel's probability does not depend on which others are human."""


def pixel_parts(fields: Fields, picture: int) -> tuple[Tensor, Tensor]:
    """Return the likeliest label of each pixel of one picture, and its probability.

    They are the largest of the softmax and its index, the first of equals. Where the background clearly leads, which
    is in most of a picture, no probability is computed.

    Returns:
        Probability (height, width), 0 where the background clearly leads, and labels (height, width) int64.
    """
    logits = part_logits(fields, picture)
    flat = logits.flatten(1)
    if len(flat) == 1:  # no part is labelled: all is background
        nothing = torch.zeros_like(logits[0])
        return nothing, nothing.long()
    lead = flat[0] - flat[1:].amax(0)
    in_doubt = (~(lead > _CLEAR)).nonzero()[:, 0]  # what is not a number is in doubt
    whole = functional.pad(in_doubt, (0, -len(in_doubt) % _VECTOR))
    probability, parts = torch.zeros_like(lead), torch.zeros_like(lead, dtype=torch.long)
    probability[in_doubt], parts[in_doubt] = _largest(flat[:, whole].softmax(0)[:, : len(in_doubt)])
    return probability.view(logits.shape[1:]), parts.view(logits.shape[1:])


def part_logits(fields: Fields, picture: int) -> Tensor:
    """Return the logit of each label at each pixel of one picture: (label, height, width)."""
    return at_pixels(fields.part_logits[picture : picture + 1], fields.part_stride, fields.image_size)[0]


def _largest(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Return `max(0)` of (label, pixel), at a third of its cost: reductions without an index are vectorised."""
    largest = probabilities.amax(0)
    labels = torch.arange(len(probabilities), dtype=torch.uint8, device=largest.device)[:, None]
    smaller = (probabilities < largest) * labels.new_tensor(255)
    return largest, torch.maximum(smaller, labels).amin(0).long()
