"""Affinities of candidate limbs: line integrals over the limb fields, and how sure both ends are."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mghp.assembly.peaks import Candidates
from mghp.fields import Fields

_MARGIN = 1e-4
"""Confidences are kept this far from 0 and 1 under the logit."""


@dataclass
class ScoredLimbs:
    """Matching problems of a batch: one a limb type and picture.

    Attributes:
        affinity: (batch, limb, source, destination).
        source_mask: (batch, limb, source) bool.
        destination_mask: (batch, limb, destination) bool.
    """

    affinity: Tensor
    source_mask: Tensor
    destination_mask: Tensor


class Affinity(nn.Module):
    """A = kappa (mean over samples of field . direction - tau) + lambda (logit h_source + logit h_destination) / 2.

    kappa, tau and lambda are learned, one for all limbs; tau is the price of leaving a candidate unmatched, the same in
    training and at test. Scores stay signed. h is read from the heatmap at the candidate, differentiably.

    Args:
        limbs: source and destination keypoint types.
        num_samples: points along a segment.
        detach_positions: whether gradients stay out of the candidates' positions.
        scale: kappa at the start. T alpha max A must be able to reach 1, or nothing is decided.
        price: tau at the start.
        confidence_weight: lambda at the start.
    """

    def __init__(
        self,
        limbs: Sequence[tuple[int, int]],
        num_samples: int = 10,
        detach_positions: bool = True,
        scale: float = 4.0,
        price: float = 0.25,
        confidence_weight: float = 0.1,
    ) -> None:
        super().__init__()
        source, destination = zip(*limbs, strict=True)
        self.register_buffer("source", torch.tensor(source), persistent=False)
        self.register_buffer("destination", torch.tensor(destination), persistent=False)
        self.num_samples = num_samples
        self.detach_positions = detach_positions
        self.log_scale = nn.Parameter(torch.tensor(scale).log())
        self.price = nn.Parameter(torch.tensor(price))
        self.log_confidence_weight = nn.Parameter(torch.tensor(confidence_weight).log())

    def forward(self, fields: Fields, candidates: Candidates) -> ScoredLimbs:
        """Score every pair of candidates of every limb."""
        positions = candidates.positions_input
        if self.detach_positions:
            positions = positions.detach()
        on_field = positions[:, self.source], positions[:, self.destination]
        integrals = line_integrals(fields.limb_fields, *on_field, fields.limb_stride, self.num_samples)
        confidence = read_heatmaps(fields.heatmaps, positions, fields.keypoint_stride)
        logits = confidence.clamp(_MARGIN, 1 - _MARGIN).logit()
        ends = (logits[:, self.source, :, None] + logits[:, self.destination, None, :]) / 2
        affinity = self.log_scale.exp() * (integrals - self.price) + self.log_confidence_weight.exp() * ends
        source_mask = candidates.is_candidate[:, self.source]
        destination_mask = candidates.is_candidate[:, self.destination]
        is_pair = source_mask[..., None] & destination_mask[..., None, :]
        return ScoredLimbs(affinity.masked_fill(~is_pair, 0.0), source_mask, destination_mask)


def line_integrals(fields: Tensor, source: Tensor, destination: Tensor, stride: int, num_samples: int = 10) -> Tensor:
    """Mean over points of the segment of field . direction, by bilinear interpolation (differentiable).

    Args:
        fields: (batch, limb, 2, height, width).
        source: (batch, limb, source, 2), pixels of the input.
        destination: (batch, limb, destination, 2), pixels of the input.
        stride: pixels a cell.
        num_samples: points, evenly from end to end.

    Returns:
        (batch, limb, source, destination); 0 for a segment of length 0. Outside the picture the field is 0.
    """
    batch, limbs, _, height, width = fields.shape
    vector = destination[:, :, None] - source[:, :, :, None]
    length = vector.norm(dim=-1, keepdim=True)
    direction = torch.where(length > 0, vector / length.clamp(min=1e-6), 0)
    shares = (torch.arange(num_samples, device=fields.device, dtype=fields.dtype) + 0.5) / num_samples
    points = source[:, :, :, None, None] + shares[:, None] * vector[:, :, :, :, None]
    values = _sampled(fields.flatten(0, 1), points.flatten(0, 1).flatten(1, 2), stride)
    mean = values.mean(-1).view(batch, limbs, 2, *vector.shape[2:4])
    return (mean * direction.movedim(-1, 2)).sum(2)


def read_heatmaps(heatmaps: Tensor, positions: Tensor, stride: int) -> Tensor:
    """Confidence at positions, by bilinear interpolation (differentiable).

    Args:
        heatmaps: (batch, keypoint, height, width).
        positions: (batch, keypoint, candidate, 2), pixels of the input.
        stride: pixels a cell.

    Returns:
        (batch, keypoint, candidate).
    """
    values = _sampled(heatmaps.flatten(0, 1)[:, None], positions.flatten(0, 1)[:, :, None], stride)
    return values[:, 0, :, 0].view(positions.shape[:3])


def _sampled(planes: Tensor, points: Tensor, stride: int) -> Tensor:
    """(planes, channels, height, width) at (planes, rows, columns, 2) in pixels -> (planes, channels, rows, columns)."""
    size = stride * torch.tensor([planes.shape[-1], planes.shape[-2]], device=planes.device, dtype=planes.dtype)
    # align_corners=False: -1 and 1 are the picture's borders, which is our convention of pixel centres.
    return functional.grid_sample(planes, (2 * points / size - 1).to(planes.dtype), align_corners=False)
