"""Part segmentation: cross-entropy, and by option the Lovasz-softmax surrogate of the mean IoU."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.anatomy.parts import IGNORE
from mghp.parsing.fields import at_pixels
from mghp.parsing.losses.masked_mean import masked_mean


def cell_cross_entropy(logits: Tensor, parts: Tensor, stride: int) -> Tensor:
    """Return the mean cross-entropy over pixels whose part is known, each under the logits of its cell.

    A cell learns the shares of the parts of its pixels. At stride 2 this costs a quarter of `pixel_cross_entropy`.

    Args:
        logits: (batch, label, ceil(height / stride), ceil(width / stride)).
        parts: (batch, height, width), 255 where not known.
        stride: pixels a cell.
    """
    rows, columns = logits.shape[-2:]
    beyond = (0, columns * stride - parts.shape[-1], 0, rows * stride - parts.shape[-2])
    padded = functional.pad(parts, beyond, value=IGNORE)
    labels = functional.pixel_unshuffle(padded[:, None], stride).long()
    known = labels != IGNORE
    log_shares = logits.log_softmax(1).gather(1, labels.masked_fill(~known, 0))
    return masked_mean(-log_shares, known)


def pixel_cross_entropy(logits: Tensor, parts: Tensor, stride: int) -> Tensor:
    """Return the mean cross-entropy over the pixels whose part is known, at the labels' resolution.

    Args:
        logits: (batch, label, ceil(height / stride), ceil(width / stride)); brought to the labels' size bilinearly.
        parts: (batch, height, width), 255 where not known.
        stride: pixels a cell.
    """
    logits = at_pixels(logits, stride, parts.shape[-2:])
    labels = parts.long()
    per_pixel = functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")
    return masked_mean(per_pixel, labels != IGNORE)


def lovasz_softmax(logits: Tensor, parts: Tensor, max_pixels: int = 16384) -> Tensor:
    """Return Lovasz-softmax (Berman, Triki, Blaschko 2018, Algorithm 1), averaged over the labels in the batch.

    Args:
        logits: (batch, label, height_parts, width_parts); the labels are read at the cells' centres.
        parts: (batch, height, width), 255 where not known.
        max_pixels: the labels are sorted by error, one by one; of more pixels than this only every n-th is taken.
    """
    stride = parts.shape[-2] / logits.shape[-2]
    rows = (stride * (torch.arange(logits.shape[-2], device=parts.device) + 0.5)).long().clamp(max=parts.shape[-2] - 1)
    columns = (stride * (torch.arange(logits.shape[-1], device=parts.device) + 0.5)).long()
    labels = parts[:, rows][:, :, columns.clamp(max=parts.shape[-1] - 1)].long().flatten()
    known = (labels != IGNORE).nonzero().squeeze(1)
    # A step with no common factor with the rows' length, so that all columns are seen.
    known = known[:: max(1, -(-len(known) // max_pixels)) | 1] if len(known) > max_pixels else known
    if len(known) == 0:
        return logits.sum() * 0
    probabilities = logits.movedim(1, -1).flatten(0, 2)[known].softmax(1)
    labels = labels[known]
    present = torch.unique(labels)
    is_label = (labels[:, None] == present).to(probabilities.dtype)
    errors, order = (is_label - probabilities[:, present]).abs().sort(0, descending=True)
    is_label = is_label.gather(0, order)
    remaining = is_label.sum(0) - is_label.cumsum(0)
    union = is_label.sum(0) + (1 - is_label).cumsum(0)
    jaccard = 1 - remaining / union
    growth = torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])
    loss: Tensor = (errors * growth).sum(0).mean()
    return loss
