"""Affinities of candidate limbs: line integrals over the limb fields, or offsets, and how sure both ends are."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from mghp.parsing.assembly.interpolation import interpolate
from mghp.parsing.assembly.landings import Landings
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.fields import Fields
from mghp.problems.matching_batch import MatchingBatch

Evidence = Literal["fields", "offsets", "both"]
"""What tells which candidates a limb joins; `both`: the mean of what either tells."""

_MARGIN = 1e-4
"""Confidences are kept this far from 0 and 1 under the logit."""


class Affinity(nn.Module):
    """A = kappa (evidence - tau) + lambda (logit h_source + logit h_destination) / 2.

    Evidence is the mean over samples of field . direction, the paper's, or of how near limb offsets land, or both's.
    kappa, tau and lambda are learned, one for all limbs; tau is the price of leaving a candidate unmatched, the same in
    training and at test. Scores stay signed. h is read from the heatmap at the candidate, differentiably.

    Args:
        limbs: source and destination keypoint types.
        num_samples: points along a segment.
        detach_positions: whether gradients stay out of the candidates' positions.
        scale: kappa at the start. T alpha max A must be able to reach 1, or nothing is decided.
        price: tau at the start.
        confidence_weight: lambda at the start.
        evidence: see `Evidence`.
        limb_ratios: of each limb, its mean length relative to the person's size; needed for offsets.
    """

    source: Tensor
    destination: Tensor

    def __init__(
        self,
        limbs: Sequence[tuple[int, int]],
        num_samples: int = 10,
        detach_positions: bool = True,
        scale: float = 4.0,
        price: float = 0.25,
        confidence_weight: float = 0.1,
        evidence: Evidence = "fields",
        limb_ratios: Sequence[float] = (),
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
        self.reads_fields = evidence != "offsets"
        self.landings = None if evidence == "fields" else Landings(limbs, limb_ratios)

    def forward(self, fields: Fields, candidates: Candidates) -> MatchingBatch:
        """Return the matching problems of a batch's pictures, whose two first axes are picture and limb.

        Every pair of candidates of every limb is scored; padding is not looked at.
        """
        positions = candidates.positions_input
        if self.detach_positions:
            positions = positions.detach()
        source_mask = candidates.is_candidate[:, self.source]
        destination_mask = candidates.is_candidate[:, self.destination]
        pairs = source_mask[..., None] & destination_mask[..., None, :]
        picture, limb, source, destination = pairs.nonzero(as_tuple=True)
        ends = (picture, self.source[limb], source), (picture, self.destination[limb], destination)
        told: list[Tensor] = []
        if self.reads_fields:
            told.append(
                line_integrals(
                    fields.limb_fields.flatten(0, 1),
                    picture * len(self.source) + limb,
                    positions[ends[0]],
                    positions[ends[1]],
                    fields.limb_stride,
                    self.num_samples,
                )
            )
        if self.landings is not None:
            told.append(self.landings(fields, positions)[picture, limb, source, destination])
        evidence = sum(told) / len(told)
        logits = read_heatmaps(fields.heatmaps, positions, fields.keypoint_stride).clamp(_MARGIN, 1 - _MARGIN).logit()
        sureness = (logits[ends[0]] + logits[ends[1]]) / 2
        scores = self.log_scale.exp() * (evidence - self.price) + self.log_confidence_weight.exp() * sureness
        affinity = scores.new_zeros(pairs.shape).index_put((picture, limb, source, destination), scores)
        return MatchingBatch(affinity, source_mask, destination_mask)


def line_integrals(
    fields: Tensor, plane: Tensor, source: Tensor, destination: Tensor, stride: int, num_samples: int = 10
) -> Tensor:
    """Return the mean of field . direction over points of each segment, by bilinear interpolation (differentiable).

    Args:
        fields: (plane, 2, height, width).
        plane: which field each segment is read from, (segments,).
        source: where segments begin, (segments, 2), pixels of the input.
        destination: where they end, (segments, 2), pixels of the input.
        stride: pixels a cell.
        num_samples: points, evenly from end to end.

    Returns:
        (segments,); 0 for a segment of length 0. Outside the picture the field is 0.
    """
    vector = destination - source
    length = vector.norm(dim=-1, keepdim=True)
    direction = torch.where(length > 0, vector / length.clamp(min=1e-6), 0)
    points = _points(fields, source, vector, num_samples)
    return (interpolate(fields, plane, points, stride) * direction).sum(-1)


def field_samples(
    fields: Tensor, plane: Tensor, source: Tensor, destination: Tensor, stride: int, num_samples: int = 10
) -> Tensor:
    """Return the field at each of the points of which `line_integrals` takes the mean, (segments, num_samples, 2)."""
    points = _points(fields, source, destination - source, num_samples)
    planes = plane.repeat_interleave(num_samples)
    return interpolate(fields, planes, points.reshape(-1, 1, 2), stride).view(points.shape)


def _points(fields: Tensor, source: Tensor, vector: Tensor, num_samples: int) -> Tensor:
    """Return points on segments, evenly from end to end, (segments, num_samples, 2)."""
    shares = (torch.arange(num_samples, device=fields.device, dtype=fields.dtype) + 0.5) / num_samples
    return source[:, None] + shares[:, None] * vector[:, None]


def read_heatmaps(heatmaps: Tensor, positions: Tensor, stride: int) -> Tensor:
    """Return the confidence at positions, by bilinear interpolation (differentiable).

    Args:
        heatmaps: (batch, keypoint, height, width).
        positions: (batch, keypoint, candidate, 2), pixels of the input.
        stride: pixels a cell.

    Returns:
        (batch, keypoint, candidate).
    """
    shape = positions.shape[:3]
    plane = torch.arange(shape[0] * shape[1], device=positions.device).repeat_interleave(shape[2])
    planes = heatmaps.flatten(0, 1)[:, None]
    return interpolate(planes, plane, positions.reshape(-1, 1, 2), stride).view(shape)
