"""Logits of parts, evened out: rare labels lose to frequent ones wherever a network is not sure."""

from dataclasses import replace

import torch
import torch.distributed
from torch import Tensor, nn

from mghp.parsing.fields import Fields

_VALUES = 256


class LabelBalance(nn.Module):
    """Takes a share of the logarithm of the labels' frequencies off their logits (Menon et al. 2021, equation 9).

    Where the network hesitates between a thin lower arm and the background, the background is right more often, and the
    arm is never found. Frequencies are those seen in training, and lie in the checkpoint; before any are seen, and with
    a share of 0, nothing is changed.

    Args:
        num_labels: background included.
        share: 0 for the likeliest label, 1 for the label with the best chance relative to its frequency.
    """

    pixels: Tensor

    def __init__(self, num_labels: int, share: float) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.share = share
        self.register_buffer("pixels", torch.zeros(num_labels, dtype=torch.float64))

    @torch.no_grad()
    def observe(self, parts: Tensor) -> None:
        """Count the labels of pixels, (...) uint8; those beyond the labels, as 255 for not known, do not count.

        Of several processes that train together, each counts the pixels of all.
        """
        pixels = torch.bincount(parts.flatten(), minlength=_VALUES)[: self.num_labels]
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.all_reduce(pixels)
        self.pixels += pixels

    def forward(self, fields: Fields) -> Fields:
        """Return the fields with part logits evened out."""
        if not self.share:
            return fields
        # A label that was never seen counts as one pixel: its logarithm is finite.
        seen = self.pixels.clamp(min=1)
        logarithm = (seen / seen.sum()).log().to(fields.part_logits.dtype)
        # Without a branch on what was counted, so that torch.export takes it.
        taken = torch.where(self.pixels.any(), self.share * logarithm, 0)
        return replace(fields, part_logits=fields.part_logits - taken[:, None, None])
