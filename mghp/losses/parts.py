"""Part segmentation: cross-entropy, and by option the Lovasz-softmax surrogate of the mean IoU."""

import torch
from torch import Tensor
from torch.nn import functional

from mghp.losses.masked_mean import masked_mean
from mghp.people.parts import IGNORE


def parts_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Mean cross-entropy over the pixels whose part is known, at the labels' resolution.

    Args:
        logits: (batch, label, height_parts, width_parts); brought to the labels' size bilinearly.
        parts: (batch, height, width), 255 where not known.
    """
    logits = at_label_size(logits, parts)
    labels = parts.long()
    per_pixel = functional.cross_entropy(logits, labels, ignore_index=IGNORE, reduction="none")
    return masked_mean(per_pixel, labels != IGNORE)


def lovasz_softmax(logits: Tensor, parts: Tensor, max_pixels: int = 16384) -> Tensor:
    """Lovasz-softmax (Berman, Triki, Blaschko 2018, Algorithm 1), mean over the labels present in the batch.

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
    present = labels.unique()
    is_label = (labels[:, None] == present).to(probabilities.dtype)
    errors, order = (is_label - probabilities[:, present]).abs().sort(0, descending=True)
    is_label = is_label.gather(0, order)
    remaining = is_label.sum(0) - is_label.cumsum(0)
    union = is_label.sum(0) + (1 - is_label).cumsum(0)
    jaccard = 1 - remaining / union
    growth = torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])
    return (errors * growth).sum(0).mean()


def at_label_size(logits: Tensor, parts: Tensor) -> Tensor:
    """Logits brought to the labels' size; cells and pixels keep their centres."""
    if logits.shape[-2:] == parts.shape[-2:]:
        return logits
    return functional.interpolate(logits, size=parts.shape[-2:], mode="bilinear", align_corners=False)
